"""Read what was written down while a campaign ran; a last line that was cut off by a kill is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.evidence import Anchor, Operation, Shown, Sighting, Viewing


def read_history(path: Path) -> Iterator[Operation]:
    """Read one writer's JSONL."""
    for said in _lines(path):
        said["op"] = str(said.pop("op", said.pop("op_id", "")))
        yield Operation(**{name: said[name] for name in Operation.__dataclass_fields__})


def read_anchors(path: Path) -> Iterator[Anchor]:
    """Read the lines {organisation, seq, hash} of an anchor file, or of the witness."""
    for said in _lines(path):
        yield Anchor(str(said["organisation"]), int(said["seq"]), str(said["hash"]), path.name)


def read_sightings(path: Path) -> Iterator[Sighting]:
    """Read how the witness saw the runs."""
    for said in _lines(path):
        yield Sighting(**said)


def read_viewings(path: Path) -> Iterator[Viewing]:
    """Read what the viewers were shown; one that has not left by itself is left out."""
    shown: dict[str, list[Shown]] = {}
    for said in _lines(path):
        if "left" in said:
            yield Viewing(said["viewer"], said["incident"], said["left"], tuple(shown.get(said["viewer"], ())))
        else:
            event = Shown(said["connection"], said["seq"], said["kind"], said["subject"])
            shown.setdefault(said["viewer"], []).append(event)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            yield json.loads(line)
        except ValueError:
            continue
