"""Say each state as shape, word and colour: one table of marks for everything that has a state."""

from dataclasses import dataclass

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Mark:
    """How one state looks: `shape` is a symbol of the sprite, `tone` a colour name, `word` what people read."""

    shape: str
    tone: str
    word: str


WAITING = Mark("waiting", "quiet", "Waiting")
RUNNING = Mark("running", "moving", "Running")
DONE = Mark("done", "proven", "Done")
FAILED = Mark("failed", "broken", "Failed")
UNKNOWN = Mark("unknown", "person", "Unknown")
SKIPPED = Mark("skipped", "quiet", "Skipped")
LOOK = Mark("person", "person", "Look")
CANCELLED = Mark("cancel", "ink", "Cancelled")

MARKS: dict[str, dict[str, Mark]] = {
    "rollback": {
        "awaiting_approval": Mark("person", "person", "Waiting for approval"),
        "queued": Mark("waiting", "quiet", "Queued"),
        "running": RUNNING,
        "paused": Mark("paused", "ink", "Paused"),
        "cancelling": Mark("cancel", "moving", "Cancelling"),
        "cancelled": CANCELLED,
        "needs_operator": Mark("person", "person", "Needs a person"),
        "succeeded": Mark("done", "proven", "Succeeded"),
        "failed": FAILED,
        "rejected": Mark("failed", "broken", "Rejected"),
        "expired": Mark("expired", "ink", "Expired"),
    },
    "step": {
        "pending": WAITING,
        "running": RUNNING,
        "verifying": Mark("verifying", "moving", "Verifying"),
        "succeeded": DONE,
        "failed": FAILED,
        "skipped": SKIPPED,
        "unknown": UNKNOWN,
    },
    "attempt": {
        "in_flight": Mark("running", "moving", "In flight"),
        "succeeded": DONE,
        "rejected": Mark("failed", "broken", "Refused"),
        "not_sent": Mark("skipped", "quiet", "Not sent"),
        "ambiguous": UNKNOWN,
        "reconciled_applied": Mark("done", "proven", "Found applied"),
        "reconciled_not_applied": Mark("skipped", "quiet", "Found not applied"),
        "conflict": Mark("unknown", "person", "Conflict"),
    },
    "vote": {
        "approved": Mark("done", "proven", "Approved"),
        "approve": Mark("done", "proven", "Approved"),
        "rejected": Mark("failed", "broken", "Rejected"),
        "reject": Mark("failed", "broken", "Rejected"),
        "waiting": Mark("waiting", "quiet", "Not answered"),
        "waiting_for_you": Mark("person", "person", "Waiting for you"),
        "cannot": Mark("skipped", "quiet", "Cannot vote"),
        "withdrawn": Mark("cancel", "ink", "Withdrawn"),
    },
    "finding": {
        "stop": Mark("failed", "broken", "Stops it"),
        "warn": LOOK,
        "unknown": UNKNOWN,
        "ok": Mark("done", "proven", "Holds"),
    },
    "question": {
        "open": Mark("person", "person", "Waiting for approval"),
        "approved": Mark("done", "proven", "Approved"),
        "rejected": Mark("failed", "broken", "Rejected"),
        "expired": Mark("expired", "ink", "Expired"),
        "withdrawn": Mark("cancel", "ink", "Withdrawn"),
        "consumed": Mark("done", "proven", "Used"),
    },
    "incident": {
        "open": Mark("person", "person", "Open"),
        "declared": Mark("person", "person", "Open"),
        "investigating": Mark("person", "person", "Investigating"),
        "identified": Mark("person", "person", "Identified"),
        "rolling_back": Mark("running", "moving", "Rolling back"),
        "monitoring": Mark("verifying", "moving", "Monitoring"),
        "resolved": Mark("done", "proven", "Resolved"),
        "closed": Mark("done", "proven", "Closed"),
    },
    "item": {
        "open": Mark("waiting", "quiet", "Open"),
        "undone": Mark("waiting", "quiet", "Open"),
        "overdue": Mark("person", "person", "Overdue"),
        "done": DONE,
        "not_applicable": Mark("none", "quiet", "Not needed"),
    },
    "target": {
        "usable": Mark("done", "proven", "Usable"),
        "unchecked": Mark("person", "person", "Not checked lately"),
        "unusable": Mark("failed", "broken", "Unusable"),
        "unknown": UNKNOWN,
    },
    "check": {
        "passed": Mark("done", "proven", "Passed"),
        "failed": FAILED,
        "running": Mark("verifying", "moving", "Checking"),
        "pending": WAITING,
        "unknown": UNKNOWN,
    },
    "component": {
        "working": Mark("done", "proven", "Working"),
        "recovering": Mark("person", "person", "Recovering"),
        "degraded": Mark("person", "person", "Slow or partly failing"),
        "delayed": Mark("person", "person", "Delayed"),
        "failing": Mark("failed", "broken", "Failing"),
    },
    "phase": {
        "past": DONE,
        "current": Mark("running", "moving", "Now"),
        "next": WAITING,
    },
    "lamp": {
        "lit": DONE,
        "under_way": Mark("verifying", "moving", "Under way"),
        "cannot_tell": UNKNOWN,
        "disproved": Mark("failed", "broken", "Disproved"),
        "not_yet": Mark("waiting", "quiet", "Not yet"),
    },
    "connection": {
        "works": Mark("done", "proven", "Works"),
        "refused": Mark("failed", "broken", "Refused"),
        "unchecked": Mark("waiting", "quiet", "Not checked"),
        "unknown": UNKNOWN,
    },
    "revision": {
        "draft": Mark("waiting", "quiet", "Draft"),
        "in_review": Mark("person", "person", "Waiting for review"),
        "published": Mark("done", "proven", "Published"),
        "superseded": Mark("none", "quiet", "Superseded"),
        "retired": Mark("none", "quiet", "Retired"),
    },
}


def mark_for(state: object, of: str) -> Mark:
    """The mark of a state. A state the table does not know is shown as unknown, under its own name."""
    name = str(getattr(state, "value", state))
    return MARKS[of].get(name) or Mark("unknown", "person", name.replace("_", " ").capitalize() or "Unknown")


def icon(name: str, size: int = 16) -> SafeString:
    """A line icon of the sprite, `size` pixels wide; it decorates, so screen readers skip it."""
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true" focusable="false"><use href="{1}#{2}"/></svg>',
        size,
        static("icons/sprite.svg"),
        name,
    )


def mark(state: object, of: str = "rollback", word: str = "", size: int = 16, bare: bool = False) -> SafeString:
    """State mark followed by its word; `bare` keeps the word for screen readers only."""
    looks = mark_for(state, of)
    return format_html(
        '<span class="mark" data-tone="{}" data-mark="{}">{}<span class="{}">{}</span></span>',
        looks.tone,
        looks.shape,
        icon(f"mark-{looks.shape}", size),
        "visually-hidden" if bare else "mark-word",
        word or looks.word,
    )


def severity(name: object) -> SafeString:
    """The severity of an incident as a solid tag."""
    value = str(getattr(name, "value", name))
    return format_html(
        '<span class="severity" data-severity="{0}"><span class="visually-hidden">Severity </span>{0}</span>', value
    )
