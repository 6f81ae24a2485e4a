"""Anchors as lines of a file outside the database: how one is written, read, and found wanting.

An anchor says "at this time the chain of this organisation had this hash at this number". A line is JSON with sorted
keys and no blanks; the signature is over the same line without it, `previous` is the SHA-256 of the line by which the
same organisation was anchored before.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from apps.timeline.signing import Key

PATIENCE_SECONDS = 2.0
FIELDS = {"at": str, "hash": str, "key": str, "organisation": str, "seq": int, "signature": str, "slug": str}


@dataclass(frozen=True)
class Anchor:
    """One line of the file. `hash`, `digest` and `previous` are hexadecimal; `at` is RFC 3339 in UTC."""

    organisation: str
    slug: str
    seq: int
    hash: str
    at: str
    previous: str | None
    key: str
    signature: str
    digest: str
    signed_text: bytes
    line: int = 0


@dataclass
class Anchors:
    """A file of anchors: by organisation in their order, and a sentence for each line that cannot be relied on."""

    path: Path
    found: bool
    of: dict[str, list[Anchor]] = field(default_factory=lambda: defaultdict(list))
    flaws: list[str] = field(default_factory=list)
    lines: int = 0


def written(said: dict[str, object], key: Key) -> bytes:
    """Return the line for what is said, signed, without its end."""
    text = {**said, "key": key.name}
    return _canonical({**text, "signature": key.sign(_canonical(text))})


def understood(line: bytes, number: int = 0) -> Anchor:
    """Return the anchor of a line. Raises ValueError for a line that is none."""
    said = json.loads(line)
    if not isinstance(said, dict) or set(said) != {*FIELDS, "previous"}:
        raise ValueError("not an anchor")
    if any(type(said[name]) is not kind for name, kind in FIELDS.items()):
        raise ValueError("not an anchor")
    text = _canonical({name: value for name, value in said.items() if name != "signature"})
    return Anchor(**said, digest=hashlib.sha256(line).hexdigest(), signed_text=text, line=number)


def read(path: Path, keys: list[Key]) -> Anchors:
    """Return every anchor of a file, each line checked against the one before it and against the keys."""
    try:
        with path.open("rb") as file:
            _let_finish(file)
            found = Anchors(path, found=True)
            for number, line in enumerate(file, 1):
                _take(found, line, number, {key.name: key for key in keys})
            return found
    except FileNotFoundError:
        return Anchors(path, found=False)
    except OSError as error:
        return Anchors(path, found=True, flaws=[f"The anchors in {path} cannot be read ({error.strerror})."])


def _let_finish(file: IO[bytes]) -> None:
    """Wait while a line is being written; a worker that was frozen over it is not waited for."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)  # flock has no waiting with a limit
        else:
            return


def _take(found: Anchors, line: bytes, number: int, keys: dict[str, Key]) -> None:
    found.lines = number
    try:
        anchor = understood(line.removesuffix(b"\n"), number)
    except (ValueError, RecursionError):
        found.flaws.append(f"Line {number} of the anchors in {found.path} cannot be read as an anchor.")
        return
    before = found.of[anchor.organisation]
    if flaw := _flaw(anchor, before[-1] if before else None, keys):
        found.flaws.append(f"Line {number} of the anchors in {found.path} {flaw}")
    before.append(anchor)


def _flaw(anchor: Anchor, before: Anchor | None, keys: dict[str, Key]) -> str:
    if anchor.key not in keys:
        return f"is signed by a key that is not here ({anchor.key}); give it in ANCHOR_KEYS after the newest."
    if not keys[anchor.key].signed(anchor.signed_text, anchor.signature):
        return "has a signature that does not fit: it was changed, or written by somebody without the key."
    if anchor.previous != (before.digest if before else None):
        return f"does not follow the line before it of {anchor.slug}: lines between them are missing or were changed."
    if before and anchor.seq <= before.seq:
        return f"names number {anchor.seq}, which is not beyond the {before.seq} of the line before it."
    return ""


def _canonical(said: dict[str, object]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
