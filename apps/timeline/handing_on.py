"""Hands every anchor on to the configured webhooks: in order, at least once, and again after a failure.

How far each one is stands in a file beside the anchors, so that nothing is lost with a worker. Who posts is not known
here: the one HTTP module lives above the timeline.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from apps.timeline.reading import moment

logger = logging.getLogger(__name__)

AT_ONE_TICK = 200  # anchors; the rest goes at the next
Post = Callable[[str, bytes], None]


class NotTaken(Exception):
    """A webhook did not take an anchor; the text is a sentence."""


@dataclass
class Standing:
    """How far a webhook is: everything before `offset` was taken, `digest` is of the last line that was."""

    host: str
    offset: int = 0
    digest: str = ""
    taken_at: str = ""
    trouble: str = ""
    since: str = ""


def hand_on(post: Post) -> int:
    """Send what each webhook has not taken yet, line by line; `post(url, line)` raises NotTaken.

    Returns how many lines were taken. A webhook that another worker serves now is left to that one.
    """
    return sum(_serve(url, post) for url in settings.ANCHOR_WEBHOOKS)


def standing_of(url: str) -> Standing:
    """Return how far a webhook is."""
    fresh = Standing(urlsplit(url).hostname or "?")
    try:
        return Standing(**{**asdict(fresh), **json.loads(_place(url).read_text())})
    except (FileNotFoundError, ValueError, TypeError):
        return fresh


def waiting_for(url: str) -> int:
    """Return how many bytes of anchors a webhook has not taken yet."""
    try:
        return max(0, settings.ANCHOR_FILE.stat().st_size - standing_of(url).offset)
    except FileNotFoundError:
        return 0


def _place(url: str) -> Path:
    """The name says nothing of the address, which may hold a secret."""
    return settings.ANCHOR_FOLDER / f"webhook-{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"


def _serve(url: str, post: Post) -> int:
    if not settings.ANCHOR_FILE.exists():
        return 0
    settings.ANCHOR_FOLDER.mkdir(parents=True, exist_ok=True)
    with _place(url).with_suffix(".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        return _send(url, standing_of(url), post)


def _send(url: str, standing: Standing, post: Post) -> int:
    """Post line after line; what was taken is written down before the next is sent."""
    taken = 0
    for line in _lines(standing):
        try:
            post(url, line)
        except NotTaken as refusal:
            _stumble(url, standing, str(refusal))
            return taken
        standing.offset += len(line) + 1
        standing.digest = hashlib.sha256(line).hexdigest()
        standing.taken_at, standing.trouble, standing.since = moment(timezone.now()) or "", "", ""
        _keep(url, standing)
        taken += 1
    return taken


def _stumble(url: str, standing: Standing, sentence: str) -> None:
    if standing.trouble != sentence:
        logger.warning("An anchor could not be handed on. %s It is tried again.", sentence)
    standing.trouble, standing.since = sentence, standing.since or moment(timezone.now()) or ""
    _keep(url, standing)


def _lines(standing: Standing) -> list[bytes]:
    """Return what comes next; from the beginning when the file is another one than before."""
    with settings.ANCHOR_FILE.open("rb") as file:
        if standing.offset and not _is_where_it_was(file, standing):
            standing.offset = 0
        file.seek(standing.offset)
        found = [file.readline() for _ in range(AT_ONE_TICK)]
    return [line[:-1] for line in found if line.endswith(b"\n")]


def _is_where_it_was(file: Any, standing: Standing) -> bool:
    start = max(0, standing.offset - 65536)
    file.seek(start)
    before = file.read(standing.offset - start)
    last = before.removesuffix(b"\n").rpartition(b"\n")[2]
    return before.endswith(b"\n") and hashlib.sha256(last).hexdigest() == standing.digest


def _keep(url: str, standing: Standing) -> None:
    draft = _place(url).with_suffix(".part")
    with draft.open("w") as file:
        json.dump(asdict(standing), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(_place(url))
