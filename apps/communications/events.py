"""What can be said of communication. An update is seen by the audience it was written for."""

from apps.timeline.kinds import kind

POSTED = kind("update.posted", "{actor} told {whom}: {text}")
PROPOSED = kind("update.proposed", "{actor} wants to tell {whom}, and others must agree first: {text}")
OVERDUE = kind("update.overdue", "The update promised for {promised} is overdue")
DELIVERED = kind("notice.delivered", "{channel} was told: {message}")
SENT_BLINDLY = kind(
    "notice.sent_blindly",
    "{channel} is told, perhaps a second time, because nobody could read whether an earlier try had arrived: {message}",
)
GIVEN_UP = kind("notice.given_up", "{channel} could not be told: {message}. {why}")
