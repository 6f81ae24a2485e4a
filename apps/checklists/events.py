"""What can be said of checklists: who ticked what."""

from apps.timeline.kinds import kind

OPENED = kind("checklist.opened", "A checklist is open: {title} ({count})")
DONE = kind("checklist.item_done", "{actor} ticked: {text}{note}")
NOT_APPLICABLE = kind("checklist.item_ruled_out", "{actor} ruled out as not applicable: {text}{note}")
UNDONE = kind("checklist.item_undone", "{actor} took back the tick: {text}{note}")
