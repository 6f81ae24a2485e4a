"""What can be said on the command lines of bin/demo and bin/up."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from rollback_portal.instance.places import ROOT


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    mode: str
    host: str
    port: int
    data: Path
    workers: int
    fresh: bool


def parse(mode: str, arguments: list[str]) -> Options:
    """Return the options of `bin/<mode>`. Ends with a sentence on what is not understood."""
    about = {
        "demo": "Start a demonstration: four organisations, simulated providers and a bad release.",
        "up": "Start the product, empty. The first start prints a set-up link for the first administrator.",
    }
    parser = argparse.ArgumentParser(prog=f"bin/{mode}", description=about[mode], epilog="Ctrl-C stops it.")
    parser.add_argument("--port", type=_port, default=8000, help="where the pages are (8000)")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets other machines in (127.0.0.1)")
    parser.add_argument("--data-dir", type=Path, help="where everything is kept (.data, or PORTAL_DATA_DIR)")
    parser.add_argument("--workers", type=_count, default=1, help="worker processes (1)")
    if mode == "demo":
        parser.add_argument("--fresh", action="store_true", help="delete the data directory's contents first")
    found = parser.parse_args(arguments)
    data = data_directory(found.data_dir)
    return Options(mode, found.host, found.port, data, found.workers, getattr(found, "fresh", False))


def data_directory(given: Path | None) -> Path:
    """Return the data directory; what is relative is so to where the command was typed."""
    said = given or (Path(os.environ["PORTAL_DATA_DIR"]) if os.environ.get("PORTAL_DATA_DIR") else None)
    if said is None:
        return ROOT / ".data"
    return (Path(os.environ.get("PORTAL_CALLED_FROM", ".")) / said.expanduser()).resolve()


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not a number of workers: give 1 to 64")
    return int(text)
