"""The folder of a campaign: what killed ones have left behind is removed, and evidence is kept on demand."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from pathlib import Path

PREFIX = "rollback-portal-faults-"
LOCK, SOCKETS = "lock", "sockets"
EVIDENCE = ("log", "history", "witness", "simulators", "data/anchors")


def remove_left_overs() -> None:
    """Remove what killed campaigns have left: the kernel has ended their processes and dropped their locks."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / LOCK).open("r+") as lock:  # else it is at work, or not ours
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            note = folder / SOCKETS
            if note.exists():
                shutil.rmtree(note.read_text(), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


def keep_evidence(folder: Path, keep: Path) -> None:
    """Copy the evidence in a campaign's folder to another one."""
    keep.mkdir(parents=True, exist_ok=True)
    for name in EVIDENCE:
        if (folder / name).exists():
            shutil.copytree(folder / name, keep / name, dirs_exist_ok=True)
