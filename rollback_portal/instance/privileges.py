"""Who the databases run as. Postgres refuses root, so root hands them to a user who may do nothing else."""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollback_portal.instance.speaking import Trouble

OUTSIDE = Path("/var/lib/rollback-portal")


@dataclass(frozen=True)
class Runner:
    """The user that the databases run as; without a `uid` it is whoever started us."""

    uid: int | None = None
    gid: int | None = None

    def popen(self) -> dict[str, Any]:
        """Return the arguments by which subprocess becomes this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def owns(self, path: Path) -> None:
        """Give the path to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Return whether this user can pass through every folder down to `path`."""
        if self.uid is None:
            return True
        try:
            asked = subprocess.run(["/bin/sh", "-c", 'test -x "$1/."', "sh", str(path)], cwd="/", **self.popen())
        except (OSError, subprocess.SubprocessError) as error:
            raise Trouble(
                f"root may not change its user here ({error}), and Postgres does not run as root. "
                "Nothing was started. Start as an ordinary user, or give DATABASE_URL and REDIS_URL."
            ) from None
        return asked.returncode == 0


def runner(databases: Path) -> Runner:
    """Return who runs the databases: us; for root their owner so far, at first `nobody`."""
    if os.geteuid() != 0:
        return Runner()
    cluster = databases / "postgres"
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Runner(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Runner(65534, 65534)
    return Runner(nobody.pw_uid, nobody.pw_gid)


def housing(databases: Path, who: Runner) -> Path:
    """Return the folder that the databases live in, made when missing.

    It is `databases` itself, or, where `who` cannot get to it (below /root, say), a folder elsewhere that
    `databases` then links to.
    """
    if databases.exists():
        if who.reaches(databases.resolve()):
            return databases.resolve()
        raise Trouble(
            f"the database's user can no longer pass through to {databases.resolve()}. Nothing was started. "
            "Let others pass through the folders above it (chmod a+x), or move the data directory elsewhere."
        )
    databases.unlink(missing_ok=True)  # a link to a folder that is gone
    if who.reaches(databases.parent):
        databases.mkdir()
        databases.chmod(0o711 if who.uid is not None else 0o700)
        return databases
    try:
        OUTSIDE.mkdir(parents=True, exist_ok=True)
        OUTSIDE.chmod(0o711)
        house = Path(tempfile.mkdtemp(prefix=f"{databases.parent.name.strip('.')}-", dir=OUTSIDE))
    except OSError:
        raise Trouble(
            f"the database's user cannot pass through to {databases}, and nothing can be kept in {OUTSIDE}. "
            "Nothing was started. Give a --data-dir outside of private folders."
        ) from None
    house.chmod(0o711)
    databases.symlink_to(house)
    return house


def room(path: Path, who: Runner) -> None:
    """Make a folder that only `who` may enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    who.owns(path)


def within_reach(program: Path, carried: tuple[Path, ...], shelf: Path, who: Runner) -> Path:
    """Return `program`, or a copy of it on `shelf` when `who` cannot get to the original.

    `carried` are the folders copied: siblings, so that what is linked by relative path is still found.
    """
    if who.reaches(program.parent):
        return program
    for folder in (shelf.parent, shelf):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)
    for original in carried:
        if not (shelf / original.name).exists():
            _copy(original, shelf / original.name)
    return shelf / program.relative_to(carried[0].parent)


def _copy(original: Path, to: Path) -> None:
    draft = to.with_name(to.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(original, draft, ignore=shutil.ignore_patterns("__pycache__", "include", "*.a"))
    draft.replace(to)
