"""Writes anchors of the record to a file outside the database, so that not even who owns the database can rewrite it.

A superuser of Postgres can rewrite a chain so that it recomputes. What they did is found as far as the chain was
anchored, and the record is anchored at least once a minute: the window of exposure is 60 seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.timeline import anchors
from apps.timeline.anchors import Anchor
from apps.timeline.clock import database_now
from apps.timeline.models import Event, Head
from apps.timeline.reading import moment
from apps.timeline.signing import Key, KeyUnusable, newest_key

logger = logging.getLogger(__name__)

TICK_SECONDS = 5
AFTER_SECONDS = 60 - TICK_SECONDS  # with the tick, nothing waits longer than a minute


@dataclass
class Newest:
    """The newest anchor of each organisation in a file that was read up to `offset`; `place` says which file."""

    place: tuple[int, int]
    offset: int = 0
    of: dict[str, Anchor] = field(default_factory=dict)


_newest: dict[Path, Newest] = {}
_told: set[tuple[str, int, int]] = set()


def anchor_due(at_once: Collection[str] = ()) -> int:
    """Anchor every chain that has moved and was not anchored for a minute, or has news of a kind in `at_once`.

    Returns how many anchors were written: none while another worker is at it. Every worker may call it at any time.
    """
    path = settings.ANCHOR_FILE
    try:
        key = newest_key()
        with _held(path) as file:
            if file is None:
                return 0
            found, now = _read_on(path, file), database_now()
            lines = [line for head in _heads() if (line := _due(head, found, now, key, at_once))]
            _append(path, file, lines)
            return len(lines)
    except (OSError, KeyUnusable) as trouble:
        logger.error("The record could not be anchored: %s. It is tried again in %s s.", trouble, TICK_SECONDS)
        return 0


def _heads() -> list[dict[str, Any]]:
    found: Any = Head.objects.filter(seq__gt=0).order_by("organisation_id")
    return list(found.values("organisation_id", "organisation__slug", "seq", "hash"))


def _due(head: dict[str, Any], found: Newest, now: datetime, key: Key, at_once: Collection[str]) -> bytes | None:
    """Return the line for a head, or None when it need not be anchored now."""
    before = found.of.get(str(head["organisation_id"]))
    link = bytes(head["hash"]).hex()
    if before:
        if (head["seq"], link) == (before.seq, before.hash) or not _waited(before, now, at_once):
            return None
        _look_back(head, before)
        if head["seq"] <= before.seq:
            return None
    said = {
        "organisation": str(head["organisation_id"]),
        "slug": head["organisation__slug"],
        "seq": head["seq"],
        "hash": link,
        "at": moment(now),
        "previous": before.digest if before else None,
    }
    return anchors.written(said, key)


def _waited(before: Anchor, now: datetime, at_once: Collection[str]) -> bool:
    if abs((now - datetime.fromisoformat(before.at)).total_seconds()) >= AFTER_SECONDS:
        return True
    news = Event.objects.filter(organisation_id=before.organisation, seq__gt=before.seq)
    return news.filter(kind__in=at_once).exists()


def _look_back(head: dict[str, Any], before: Anchor) -> None:
    """Say aloud, once, when the chain no longer holds what was anchored last; the evidence stays in the file."""
    seen = (before.organisation, before.seq, head["seq"])
    if lies_on_chain(before) or seen in _told:
        return
    _told.add(seen)
    logger.error(
        "The record of %s does not hold number %s as it was anchored at %s: it was rewritten, or restored from an "
        "older copy. Run bin/portal audit verify.",
        *(before.slug, before.seq, before.at),
    )


def newest_anchors() -> dict[str, Anchor]:
    """Return the newest readable anchor of each organisation by its id; none while there is no file."""
    found: dict[str, Anchor] = {}
    with contextlib.suppress(FileNotFoundError), settings.ANCHOR_FILE.open("rb") as file:
        for line in file:
            with contextlib.suppress(ValueError):  # `audit verify` names it
                anchor = anchors.understood(line.removesuffix(b"\n"))
                found[anchor.organisation] = anchor
    return found


def waiting_since() -> datetime | None:
    """Return when the oldest event was recorded that no anchor covers yet, None when all are."""
    newest = newest_anchors()
    oldest = None
    for organisation_id, seq in Head.objects.values_list("organisation_id", "seq"):
        before = newest.get(str(organisation_id))
        anchored = before.seq if before else 0
        if anchored < seq:
            event = Event.objects.filter(organisation_id=organisation_id).after(anchored)[:1].get()
            oldest = min(filter(None, (oldest, event.recorded_at)))
    return oldest


def lies_on_chain(anchor: Anchor) -> bool:
    """Say whether the record holds the anchored number with the anchored hash."""
    links = Event.objects.filter(organisation_id=anchor.organisation, seq=anchor.seq).values_list("hash", flat=True)
    return any(bytes(link or b"").hex() == anchor.hash for link in links)


@contextlib.contextmanager
def _held(path: Path) -> Iterator[int | None]:
    """Open the file for appending and hold it alone; None when another worker holds it."""
    if path.parent == settings.ANCHOR_FOLDER:
        path.parent.mkdir(parents=True, exist_ok=True)  # a mount of the operator's is never made up
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        yield file if _locked(file) else None
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_on(path: Path, file: int) -> Newest:
    """Return the newest anchors, reading only what was added since this process looked last."""
    status = os.fstat(file)
    place = (status.st_dev, status.st_ino)
    found = _newest.get(path)
    if found is None or found.place != place or status.st_size < found.offset:
        found = _newest[path] = Newest(place)
    while part := _lines_at(file, found.offset):
        for line in part.splitlines(keepends=True):
            found.offset += len(line)
            with contextlib.suppress(ValueError):  # `audit verify` names it
                anchor = anchors.understood(line.removesuffix(b"\n"))
                found.of[anchor.organisation] = anchor
    if os.fstat(file).st_size > found.offset:
        _mend(file, found)
    return found


def _lines_at(file: int, offset: int, size: int = 1 << 20) -> bytes:
    """Return the whole lines that begin at `offset`, about `size` bytes of them, or nothing."""
    part = os.pread(file, size, offset)
    if b"\n" not in part and len(part) == size:
        return _lines_at(file, offset, size * 8)
    return part[: part.rfind(b"\n") + 1]


def _mend(file: int, found: Newest) -> None:
    """Take away the beginning of a line that a full disk or a power cut left behind; nobody was told of it."""
    try:
        os.ftruncate(file, found.offset)
    except PermissionError:  # the file may only grow: the fragment stays, as a line of its own
        os.write(file, b"\n")
        found.offset = os.fstat(file).st_size


def _append(path: Path, file: int, lines: list[bytes]) -> None:
    if not lines:
        return
    first = os.fstat(file).st_size == 0
    text = b"".join(line + b"\n" for line in lines)
    if os.write(file, text) != len(text):
        raise OSError("the disk took only a part of it")
    os.fsync(file)
    if first:
        _keep_name(path)


def _keep_name(path: Path) -> None:
    """Make sure that a new file is found again after a power cut."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
