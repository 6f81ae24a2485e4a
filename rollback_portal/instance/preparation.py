"""Knows whether the database still is as the last preparation left it, without asking Django."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from rollback_portal.instance.places import ROOT

# What a preparation may depend on: more than it reads, so that nothing is forgotten. After a change of the
# code it may be repeated for nothing, which costs two seconds once.
READS = ("apps/**/*.py", "rollback_portal/**/*.py", "playbooks/**/*", "requirements.lock")


def fingerprint(circumstances: Iterable[str], root: Path = ROOT) -> str:
    """Return a digest of everything a preparation depends on; `circumstances` are what is not in files."""
    digest = hashlib.sha256("\0".join(circumstances).encode())
    found = {path for pattern in READS for path in root.glob(pattern) if path.is_file()}
    for path in sorted(path for path in found if "__pycache__" not in path.parts):
        digest.update(f"\0{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_done(record: Path, wanted: str) -> bool:
    """Return whether the last preparation written in `record` is the wanted one."""
    try:
        return bool(json.loads(record.read_text())["fingerprint"] == wanted)
    except (OSError, ValueError, KeyError):
        return False


def remember(record: Path, done: str) -> None:
    """Write down what was prepared."""
    draft = record.with_name(record.name + ".new")
    draft.write_text(json.dumps({"fingerprint": done}) + "\n")
    draft.replace(record)
