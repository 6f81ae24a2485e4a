"""Makes .venv complete, then hands over to the command. Runs by path, before anything is installed."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
RECORD = ENVIRONMENT / "installed.json"  # which lock files this environment is known to satisfy
UNFINISHED = ENVIRONMENT / "unfinished"  # there while pip works: a killed pip may leave half a package
RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
LOCK_OF = {"demo": RUNTIME, "up": RUNTIME, "portal": RUNTIME, "test": DEVELOPMENT}
PIP = ("-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input", "--disable-pip-version-check")
ARRIVING = "(?:Collecting|Processing)"  # pip's words for a package from an index, and for one from a folder
SAY_AGAIN_AFTER = 5.0  # seconds between two lines of progress where lines cannot be rewritten


class Trouble(Exception):
    """The text is one sentence for the person who typed the command."""


def main(command: str, arguments: list[str]) -> None:
    """Install what `command` needs and become it. Exits 1 with one sentence when that cannot be done."""
    try:
        complete(LOCK_OF[command])
    except Trouble as trouble:
        sys.exit(f"bin/{command}: {trouble}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted while installing. The next start installs anew.")
    python = str(ENVIRONMENT / "bin" / "python")
    called_from = _here()
    os.chdir(ROOT)
    surroundings = {**os.environ, "PORTAL_CALLED_FROM": called_from}
    os.execve(python, [python, "-m", f"rollback_portal.instance.{command}", *arguments], surroundings)  # noqa: S606


def complete(lock: str) -> None:
    """Make .venv satisfy the lock file `lock`, unless it is known to. Two starts wait for each other."""
    if satisfied(lock):
        return
    with _alone() as right:
        if satisfied(lock):
            return
        if UNFINISHED.exists() or not _usable():
            _make_environment()
        RECORD.unlink(missing_ok=True)
        UNFINISHED.touch()
        _install(lock, right)
        UNFINISHED.unlink()
        _remember(lock)


def satisfied(lock: str) -> bool:
    """Return whether .venv holds what `lock` names. The development lock is a superset of the other."""
    try:
        known = json.loads(RECORD.read_text())
    except (OSError, ValueError):
        return False
    return any(known.get(name) == _digest(name) for name in {lock, DEVELOPMENT}) and _usable()


def _digest(lock: str) -> str:
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def _remember(lock: str) -> None:
    draft = RECORD.with_suffix(".new")
    draft.write_text(json.dumps({lock: _digest(lock)}) + "\n")
    draft.replace(RECORD)


def _usable() -> bool:
    """Return whether .venv has a Python that runs and is recent enough (a removed base leaves a dead one)."""
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return True
    question = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return not subprocess.run(
            [ENVIRONMENT / "bin" / "python", "-c", question], env=_clean(), capture_output=True
        ).returncode
    except OSError:
        return False


@contextlib.contextmanager
def _alone() -> Iterator[int]:
    """Hold the one right to install into this folder; gives the file descriptor that the right hangs on.

    The folder itself is locked, so no file is left behind. pip gets the descriptor too: should we be killed,
    the right stays taken until pip has ended.
    """
    if not os.access(ROOT, os.W_OK):
        raise Trouble(f"{ROOT} is not writable, so .venv cannot be made in it. Nothing was changed.")
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another start is installing into .venv; waiting for it …", file=sys.stderr, flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)


def _make_environment() -> None:
    print(f"Making .venv with Python {sys.version.split()[0]} …", file=sys.stderr, flush=True)
    base = getattr(sys, "_base_executable", sys.executable)  # not the one in .venv: it is about to go
    made = subprocess.run(
        [base, "-m", "venv", "--clear", str(ENVIRONMENT)],
        env=_clean(),
        capture_output=True,
        text=True,
    )
    if made.returncode:
        last = (made.stdout + made.stderr).strip().splitlines()[-1:] or ["no reason was given"]
        raise Trouble(f"a virtual environment could not be made in {ENVIRONMENT}: {last[0]}")


def _install(lock: str, right: int) -> None:
    command = [str(ENVIRONMENT / "bin" / "python"), *PIP, "--progress-bar", "off", "-r", str(ROOT / lock)]
    log_path = ENVIRONMENT / "install.log"
    started, progress = time.monotonic(), Progress(_entries(lock))
    with log_path.open("w+") as log:
        pip = subprocess.Popen(command, env=_clean(), stdout=log, stderr=subprocess.STDOUT, pass_fds=(right,))
        try:
            while pip.poll() is None:
                progress.show(log_path.read_text(errors="replace"), _placed())
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pip.wait(0.5)
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
    progress.end()
    if pip.returncode:
        UNFINISHED.unlink()  # pip itself has taken back what it had begun
        raise Trouble(_why(log_path.read_text(errors="replace"), log_path))
    print(f"Installed in {time.monotonic() - started:.0f} s.", file=sys.stderr, flush=True)


def _entries(lock: str) -> int:
    return len(re.findall(r"^[\w.-]+==", (ROOT / lock).read_text(), re.MULTILINE))


def _placed() -> int:
    return sum(1 for _ in ENVIRONMENT.glob("lib/python*/site-packages/*.dist-info"))


def _why(log: str, path: Path) -> str:
    errors = [line for line in log.splitlines() if line.startswith("ERROR")] or log.strip().splitlines()[-3:]
    told = " ".join(errors)[:600] or "pip gave no reason"
    return f"the packages could not be installed; all pip said is in {path}. The next start tries again.\n{told}"


def _clean() -> dict[str, str]:
    """The caller's environment (pip's own configuration included) without what would point pip elsewhere."""
    unwanted = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "PIP_USER": "0", "PYTHONUNBUFFERED": "1"}


class Progress:
    """Says how far pip is: rewriting one line on a terminal, a new line every few seconds elsewhere."""

    def __init__(self, total: int, now: Callable[[], float] = time.monotonic) -> None:
        self._total, self._now = total, now
        self._started = self._said_at = now()
        self._before = _placed()
        print(f"Installing what is missing into .venv ({total} packages) …", file=sys.stderr, flush=True)

    def show(self, log: str, placed: int) -> None:
        """Say what pip's output `log` and the number of packages `placed` in .venv tell."""
        words = rf"^(?:{ARRIVING}|Requirement already satisfied:) (.+?)(?: \(from .*)?$"
        seen = re.findall(words, log, re.MULTILINE)
        total = self._total - len(re.findall(r"^Ignoring ", log, re.MULTILINE))
        if "Installing collected packages" in log:
            arriving = len(re.findall(rf"^{ARRIVING} ", log, re.MULTILINE))
            self._say(f"unpacking {min(max(placed - self._before, 0), arriving)} of {arriving}")
        elif seen:
            self._say(f"fetching {len(seen)} of {total} ({Path(seen[-1]).name})")

    def _say(self, what: str) -> None:
        line = f"  {what}, {self._now() - self._started:.0f} s"
        if sys.stderr.isatty():
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif self._now() - self._said_at >= SAY_AGAIN_AFTER:
            self._said_at = self._now()
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the line that was rewritten."""
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return str(ROOT)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
