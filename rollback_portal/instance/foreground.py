"""Runs one command in the terminal of whoever called us, and leaves Ctrl-C to it."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType

from rollback_portal.instance import processes
from rollback_portal.instance.places import ROOT

PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


def foreground(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run the command to its end; returns its exit code (128 + the signal's number when one ended it)."""
    process = subprocess.Popen(command, cwd=ROOT, env=dict(env), preexec_fn=processes.dying_with_us(signal.SIGTERM))

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    # The terminal sends Ctrl-C to the command as well: what it means there is the command's to say.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
    before |= {number: signal.signal(number, pass_on) for number in PASSED_ON}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
