"""What can be said of a question and its votes."""

from apps.timeline.kinds import kind

ASKED = kind("question.asked", "{actor} asked: {title} {who}.", fine=True)
ASKED_AGAIN = kind("question.asked_again", "{actor} asked {missing} again: {title}")
APPROVED = kind("question.approved", "{actor} approved as {role}{note}")
REJECTED = kind("question.rejected", "{actor} rejected as {role}{note}")
WITHDRAWN = kind("question.vote_withdrawn", "{actor} took their vote as {role} back: {title}")
GRANTED = kind("question.granted", "Everybody needed has agreed: {title}", fine=True)
OVERDUE = kind("question.overdue", "Nobody has decided in time: {title} ({missing} still to answer)")
EXPIRED = kind("question.expired", "The question ended unanswered: {title}")
VOIDED = kind("question.voided", "{actor} withdrew the question: {title} ({reason})")
OWED = kind("debt.owed", "{names} must be told: {title}")
RULE_MADE = kind("rule.made", "{actor} made the rule “{name}”. {says}")
RULE_CHANGED = kind("rule.changed", "{actor} changed the rule “{name}”. Before: {before} Now: {says}")
RULE_RETIRED = kind("rule.retired", "{actor} retired the rule “{name}”. It said: {says}")
RULE_SHIPPED = kind("rule.shipped", "The rule “{name}” came with the product. {says}")
