"""What the person at the terminal is told: a sentence for trouble, a line for each step."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import NoReturn


class Trouble(Exception):
    """Something the person can act on. The text is the whole message; no traceback is shown."""


class Stopped(Exception):
    """Somebody asked us to stop while we were starting."""


def give_up(command: str, trouble: Trouble) -> NoReturn:
    """Say what is wrong and end with exit code 1."""
    say(f"bin/{command}: {trouble}")
    raise SystemExit(1)


def say(text: str = "") -> None:
    """Say a line. Prose goes to stderr: stdout belongs to what programs read."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, then how many seconds it took."""
    started = time.monotonic()
    print(f"  {text} …", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        say()
        raise
    say(f" {time.monotonic() - started:.1f} s")
