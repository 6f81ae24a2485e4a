"""Orders to the zygote: fork a worker, a web process, beat or a call, and hear when one has ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rollback_portal.instance.places import ROOT
from rollback_portal.instance.processes import dying_with_us

START_SECONDS = 60.0


@dataclass
class Child:
    """One forked process. `ended` is set once the zygote has collected it; then `code` says how it ended."""

    name: str
    pid: int
    ended: threading.Event = field(default_factory=threading.Event)
    code: int | None = None

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return not self.ended.is_set()

    def signal(self, what: signal.Signals) -> None:
        """Send a signal, unless it is gone."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, what)

    def kill(self, within: float = 10.0) -> None:
        """End it at once and wait until it is collected."""
        self.signal(signal.SIGKILL)
        self.ended.wait(within)


class Zygote:
    """The process that forks. Use it as a context."""

    def __init__(self, env: Mapping[str, str], logs: Path) -> None:
        self.env, self.logs = dict(env), logs
        self.children: dict[int, Child] = {}
        self._answers: queue.Queue[int] = queue.Queue()
        self._ready = threading.Event()
        self._asking = threading.Lock()

    def __enter__(self) -> Zygote:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.logs / "zygote.log").open("ab"),
            start_new_session=True,
            preexec_fn=dying_with_us(signal.SIGKILL),
        )
        self._listener = threading.Thread(target=self._listen, name="zygote", daemon=True)
        self._listener.start()
        return self

    def wait_until_ready(self) -> None:
        """Wait until everything is imported. Raises RuntimeError with the log's end when it is not."""
        if not self._ready.wait(START_SECONDS):
            raise RuntimeError(f"The zygote did not get ready:\n{(self.logs / 'zygote.log').read_text()[-3000:]}")

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def fork(self, role: str, name: str, *, env: Mapping[str, str] | None = None, **aspects: Any) -> Child:
        """Fork a process; its output goes to `<name>.log`. Returns it at once, before it is ready for anything."""
        self.wait_until_ready()
        order = {
            "fork": role,
            "log": str(self.logs / f"{name}.log"),
            "env": dict(env or {}),
            "aspects": {"name": name, **aspects},
        }
        assert self._process.stdin is not None
        with self._asking:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            pid = self._answers.get(timeout=30)
            child = self.children.setdefault(pid, Child(name, pid))
            child.name = name
        return child

    def call(self, function: str, result: Path, *, within: float = 120.0, **arguments: Any) -> Any:
        """Call `module:function` in a fork and return what it returned. Raises RuntimeError with its log."""
        name = f"call-{function.rpartition(':')[2]}"
        child = self.fork("call", name, function=function, arguments=arguments, result=str(result))
        if not child.ended.wait(within) or child.code != 0:
            child.kill()
            raise RuntimeError(f"{function} failed:\n{(self.logs / f'{name}.log').read_text()[-4000:]}")
        found = json.loads(result.read_text())
        result.unlink()
        return found

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "ready" in said:
                self._ready.set()
            elif "pid" in said:
                self.children[said["pid"]] = Child("", said["pid"])  # before its end can be heard of
                self._answers.put(said["pid"])
            else:
                child = self.children.pop(said["ended"])
                child.code = said["code"]
                child.ended.set()
        for child in list(self.children.values()):
            child.ended.set()
