"""What can be said of playbooks."""

from apps.timeline.kinds import kind

DRAFTED = kind("playbook.drafted", "{actor} drafted revision {revision} of {playbook}.")
REVISED = kind("playbook.draft_changed", "{actor} changed the draft of revision {revision} of {playbook}.")
DISCARDED = kind("playbook.draft_discarded", "{actor} discarded the draft of revision {revision} of {playbook}.")
PUBLISHED = kind("playbook.published", "{actor} published revision {revision} of {playbook}: {comment}")
RESTORED = kind(
    "playbook.revision_restored",
    "{actor} took revision {restored} of {playbook} up again as draft {revision}.",
)
SHIPPED = kind("playbook.shipped", "{playbook} came with the product and was published as revision {revision}.")
