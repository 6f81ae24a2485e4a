"""The product as a black box: started by `bin/up`, set up by `bin/portal`, seen only from outside."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from rollback_portal.instance.processes import dying_with_us
from rollback_portal.instance.test import NOT_OURS
from tests.acceptance.client import Api

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN = 120.0  # seconds; a busy machine that runs other tests too
STOP_WITHIN = 30.0


class Product:
    """One running instance. `lines` are free ports that are ours and that it may call."""

    def __init__(self, folder: Path, ports: int) -> None:
        self.data, self.port = folder / "data", _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines: queue.Queue[socket.socket] = queue.Queue()
        lines = [own_line() for _ in range(ports)]
        for line in lines:
            self.lines.put(line)
        hosts = itertools.cycle(("127.0.0.1", "localhost"))  # both spell the same address
        allowed = ",".join(f"{host}:{line.getsockname()[1]}" for host, line in zip(hosts, lines, strict=False))
        kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.env = {**kept, "OUTBOUND_ALLOW": allowed, "PORTAL_DATA_DIR": str(self.data)}
        self.told = folder / "told.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        command = [str(ROOT / "bin" / "up"), "--port", str(self.port), "--data-dir", str(self.data)]
        with self.told.open("w") as told:
            self.process = subprocess.Popen(
                command,
                env=self.env,
                stdout=told,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                preexec_fn=dying_with_us(signal.SIGTERM),  # tests that are killed leave nothing running
            )
        self.wait_until_ready(START_WITHIN)

    def wait_until_ready(self, within: float) -> float:
        """Wait for `/readyz` 200. Returns how long it took, in seconds."""
        began = time.monotonic()
        while time.monotonic() - began < within:
            assert self.process is not None
            assert self.process.poll() is None, self.told.read_text()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError(f"It did not get ready:\n{self.told.read_text()}\n{self.log('web')}")

    def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOP_WITHIN)

    def portal(self, *arguments: str, said: str = "") -> str:
        """Run `bin/portal` and return its stdout. Raises AssertionError with what it said when it fails."""
        done = subprocess.run(
            [str(ROOT / "bin" / "portal"), *arguments],
            env=self.env,
            input=said,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"bin/portal {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def tokens(self, wanted: Sequence[tuple[str, str, Sequence[str]]]) -> list[Api]:
        """Return an Api for each (e-mail, organisation, scopes)."""
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda one: self.token(*one), wanted))

    def token(self, email: str, organisation: str, scopes: Sequence[str]) -> Api:
        """Return an Api that acts as a person."""
        chosen = [word for scope in scopes for word in ("--scope", scope)]
        said = self.portal(
            "token", "create", "--user", email, "--name", "acceptance", "--organisation", organisation, *chosen
        )
        assert len(said.split()) == 1, f"Only the token belongs on stdout: {said!r}"
        return Api(self.url, said.strip(), email)

    def process_of(self, name: str) -> int:
        """Return the process id that the instance has written down for one of its children."""
        return int(json.loads((self.data / "run" / f"{name}.pid").read_text())["pid"])

    def signal(self, name: str, what: signal.Signals) -> None:
        """Send a signal to one of its children."""
        os.kill(self.process_of(name), what)

    def log(self, name: str) -> str:
        """Return what one of its children has logged."""
        found = sorted((self.data / "log").glob(f"{name}*"))
        return "\n".join(path.read_text(errors="replace") for path in found)


@contextlib.contextmanager
def running(ports: int) -> Iterator[Product]:
    """Give a running product that may call `ports` ports of ours, and remove every trace of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="portal acceptance "))
    folder.chmod(0o711)  # as root, the database's own user passes through
    product = Product(folder, ports)
    try:
        product.start()
        yield product
    finally:
        product.stop()
        while not product.lines.empty():
            product.lines.get().close()
        shutil.rmtree(folder, ignore_errors=True)


def own_line(port: int = 0) -> socket.socket:
    """Return a port that is ours and refuses every call until somebody listens."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.bind(("127.0.0.1", port))
    return line


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])
