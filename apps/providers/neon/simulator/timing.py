"""Moments as Neon writes them: RFC 3339 to the second, and the log sequence numbers that stand for them."""

import re
from datetime import UTC, datetime

from .account import refused


def iso(at_ms: int) -> str:
    """A moment to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ms_of(text: str) -> int:
    """The moment an RFC 3339 text names; raises a 400."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise refused(400, f"invalid timestamp: {text}") from None
    if at.tzinfo is None:
        raise refused(400, f"invalid timestamp: {text}")
    return int(at.timestamp() * 1000)


def lsn_of(since_ms: int, at_ms: int) -> str:
    """The log sequence number at a moment: one is written for each second since the project began."""
    seconds = (at_ms - since_ms) // 1000
    return f"{seconds >> 24:X}/{(seconds & 0xFFFFFF) << 8:X}"


def ms_of_lsn(since_ms: int, lsn: str) -> int:
    """The moment of a log sequence number; raises a 400."""
    if not re.fullmatch(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}", lsn):
        raise refused(400, f"invalid LSN: {lsn}")
    high, low = (int(part, 16) for part in lsn.split("/"))
    return since_ms + ((high << 24) + (low >> 8)) * 1000
