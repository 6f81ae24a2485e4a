"""Keeps children running: starts them, starts them again when they die, ends them in order."""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from types import FrameType

from rollback_portal.instance import children, processes
from rollback_portal.instance.children import Child
from rollback_portal.instance.logs import Log
from rollback_portal.instance.places import ROOT, Places
from rollback_portal.instance.speaking import Stopped, Trouble, say

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_WITHIN = 4.6  # seconds for everything, of the five that are promised
PATIENCE = (3.5, 1.0, 0.7)  # seconds that each stage gets at most; the last one gets what is left
IMPATIENT = 0.3  # seconds per stage once Ctrl-C was pressed again
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds before a dead child is started again; doubled each time
SETTLED = 30.0  # seconds of life after which an earlier death is forgotten


class Running:
    """One child and its present process."""

    def __init__(self, child: Child, log: Log) -> None:
        self.child, self.log = child, log
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.pause = FIRST_PAUSE
        self.again_at: float | None = None

    @property
    def alive(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Use it as a context: leaving it ends whatever was started, however it is left."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._running: dict[str, Running] = {}
        self._asked_to_stop = 0
        self._interruptible = False
        self._old: dict[int, object] = {}

    def __enter__(self) -> "Supervisor":
        self._ear, self._bell = socket.socketpair()
        for end in (self._ear, self._bell):
            end.setblocking(False)
        self._bell_before = signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        for number in STOPPING:
            # nohup ignores SIGHUP for us, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._old[number] = signal.signal(number, self._stop_is_asked)
        self._old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)  # only to ring the bell
        return self

    def __exit__(self, *_: object) -> None:
        self._interruptible = False
        self._end_all()
        for number, handler in self._old.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._bell_before)
        self._ear.close()
        self._bell.close()

    def _stop_is_asked(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop += 1
        if self._interruptible:
            raise Stopped

    # --- starting and waiting ---------------------------------------------------------------

    def start(self, child: Child) -> None:
        """Start a child and keep it running from now on."""
        self._running[child.name] = running = Running(child, Log(self._places.log, child.name))
        self._spawn(running)

    def _spawn(self, running: Running) -> None:
        child = running.child
        with running.log.open() as log, self._stdout(child) as output:
            running.process = subprocess.Popen(
                child.command,
                cwd="/" if child.runner.uid is not None else ROOT,
                env=dict(child.env),
                stdin=subprocess.DEVNULL,
                stdout=output or log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us alone: the order of stopping is ours
                preexec_fn=processes.dying_with_us(child.with_us),
                **child.runner.popen(),
            )
        running.started_at, running.again_at = time.monotonic(), None
        processes.remember(self._places.run, child.name, running.process.pid, child.ways_to_end)

    @contextlib.contextmanager
    def _stdout(self, child: Child) -> Iterator[int | None]:
        if child.output is None:
            yield None
            return
        file = os.open(child.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            yield file
        finally:
            os.close(file)

    def run_once(self, child: Child) -> None:
        """Start a child and wait until it has ended well; else raise Trouble with what it said."""
        self.start(child)
        self.finish(child)

    def finish(self, child: Child) -> None:
        """Wait until a started child has ended well; else raise Trouble with what it said."""
        running = self._running[child.name]
        while running.alive:
            self._listen(1.0)
        del self._running[child.name]
        processes.forget(self._places.run, child.name)
        if running.process and running.process.returncode:
            raise Trouble(self._obituary(running))

    def wait_for(self, what: str, ready: Callable[[], bool], *, within: float, needs: tuple[str, ...]) -> None:
        """Wait until `ready()`. Raises Trouble if a child in `needs` ends, or after `within` seconds."""
        give_up_at = time.monotonic() + within
        while True:
            if self._ready(ready):
                return
            for name in needs:
                if not self._running[name].alive:
                    raise Trouble(self._obituary(self._running[name]))
            if time.monotonic() > give_up_at:
                tails = "\n".join(self._running[name].log.tail() for name in needs)
                raise Trouble(f"{what} did not get ready within {within:.0f} s. Everything was stopped.\n{tails}")
            self._listen(0.03)

    def _ready(self, ready: Callable[[], bool]) -> bool:
        """Ask, and let a wish to stop break into a question that takes long."""
        if self._asked_to_stop:
            raise Stopped
        self._interruptible = True
        try:
            return ready()
        finally:
            self._interruptible = False

    def _listen(self, at_most: float) -> None:
        """Wait for a signal (a child's end is one), at most so many seconds. Raises Stopped if asked to."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ear, selectors.EVENT_READ)
            if selector.select(max(at_most, 0.0)):
                self._ear.recv(4096)
        if self._asked_to_stop:
            raise Stopped

    # --- watching ---------------------------------------------------------------------------

    def watch(self) -> None:
        """Keep every child running until somebody asks us to stop."""
        with contextlib.suppress(Stopped):
            while True:
                self._revive()
                due = [running.again_at for running in self._running.values() if running.again_at is not None]
                self._listen(min(due) - time.monotonic() if due else 3600.0)

    def _revive(self) -> None:
        now = time.monotonic()
        for running in self._running.values():
            if running.alive:
                continue
            if running.again_at is None:
                if now - running.started_at > SETTLED:
                    running.pause = FIRST_PAUSE
                running.again_at = now + running.pause
                running.pause = min(running.pause * 2, LONGEST_PAUSE)
                say(f"{running.child.name} {_ending(running)}; it is started again. See {running.log.path}")
            elif running.again_at <= now:
                self._spawn(running)

    def _obituary(self, running: Running) -> str:
        what, log = f"{running.child.name} {_ending(running)}", running.log
        return f"{what}. Everything was stopped. The end of {log.path}:\n{log.tail()}"

    # --- ending -----------------------------------------------------------------------------

    def _end_all(self) -> None:
        """End the children stage by stage; who does not listen is killed."""
        end_at = time.monotonic() + STOP_WITHIN
        for number in range(len(children.STAGES)):
            members = [one for one in self._running.values() if one.alive and _stage(one) == number]
            rest = end_at - time.monotonic()
            self._end(members, min(PATIENCE[number], rest) if number < len(PATIENCE) else max(rest, 0.3))
        for name in self._running:
            processes.forget(self._places.run, name)

    def _end(self, members: list[Running], within: float) -> None:
        ways = max((len(one.child.ways_to_end) for one in members), default=0)
        for turn in range(ways):
            for one in members:
                way = one.child.ways_to_end[min(turn, len(one.child.ways_to_end) - 1)]
                if one.alive and one.process:
                    processes.send(one.process.pid, way)
            self._wait_for_the_end_of(members, within if turn == 0 else 1.0)

    def _wait_for_the_end_of(self, members: list[Running], within: float) -> None:
        started = time.monotonic()
        while any(one.alive for one in members):
            patience = min(within, IMPATIENT) if self._asked_to_stop > 1 else within
            rest = started + patience - time.monotonic()
            if rest <= 0:
                return
            with contextlib.suppress(Stopped):
                self._listen(rest)


def _stage(running: Running) -> int:
    return children.stage(running.child.name)


def _ending(running: Running) -> str:
    code = running.process.returncode if running.process else None
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
