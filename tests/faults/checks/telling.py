"""What was said to others: no secret anywhere, and every message once."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.checks.requests import marker_of
from tests.faults.evidence import Entry, Evidence, Violation


def v12_no_secret_is_told(evidence: Evidence) -> Iterator[Violation]:
    """Hold: a planted secret occurs nowhere: logs, database, pages, streams, record, errors, messages."""
    for where, name in evidence.leaks:
        yield Violation("V12", where, f"It holds the secret “{name}”.")
    for where, text in evidence.texts.items():
        for name, secret in evidence.canaries.items():
            if secret in text:
                yield Violation("V12", where, f"It holds the secret “{name}”.")


def v14_told_once(evidence: Evidence) -> Iterator[Violation]:
    """Hold: a delivered notice was posted, with its marker, at most once more than sends without a clear answer.

    One more is forgiven where the record itself says that it may have been told twice.
    """
    posts: dict[str, list[Entry]] = {}
    for entry in evidence.journal:
        if (marker := marker_of(entry)) in evidence.notices:
            posts.setdefault(marker, []).append(entry)
    for notice in evidence.notices.values():
        sent = posts.get(notice.id, [])
        happened = [entry for entry in sent if entry.effects]
        unclear = [entry for entry in sent if not entry.is_clear]
        if notice.state == "delivered" and not happened:
            yield Violation("V14", notice.id, f"“{notice.reason}” counts as delivered, and nobody received it.")
        admitted = [one for one in evidence.events_of.get(notice.id, []) if one.kind == "notice.sent_blindly"]
        if len(happened) > 1 + len(unclear) + len(admitted):
            yield Violation("V14", notice.id, f"“{notice.reason}” was posted {len(happened)} times.")
        due = evidence.collected_at - (notice.next_attempt_at or evidence.collected_at)
        if notice.state in {"waiting", "sending"} and evidence.healed_at and due > evidence.limits.heal_seconds:
            yield Violation("V14", notice.id, f"“{notice.reason}” has been due for {due:.0f} s.")
