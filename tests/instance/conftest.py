"""A data directory for each test, with a space in its name, that root's database user gets to."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_portal.instance import servers
from rollback_portal.instance.places import ROOT, Places
from rollback_portal.instance.test import NOT_OURS


@contextlib.contextmanager
def data_directory() -> Iterator[Path]:
    """Give a path for a data directory; it is made by whoever uses it, and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="portal test "))
    folder.chmod(0o711)
    yield folder / "data"
    if (folder / "data").is_dir():
        servers.remove_sockets(Places(folder / "data"))
        Places(folder / "data").empty()
    shutil.rmtree(folder)


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory of this test's own."""
    with data_directory() as path:
        yield path


@pytest.fixture
def places(data: Path) -> Places:
    """A data directory, made."""
    made = Places(data)
    made.make()
    return made


@pytest.fixture(scope="session")
def plain_environment() -> dict[str, str]:
    """The environment of a shell that knows of no instance."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return {**kept, "PYTHONPATH": str(ROOT)}
