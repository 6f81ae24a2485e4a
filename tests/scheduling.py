"""Which tests stay together where they run in several processes: those that share what is slow to start."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/acceptance/",
    "tests/stories/",
    "tests/faults/test_tier0.py",
    "tests/instance/test_record_rights.py",
    "tests/providers/simulators/test_vercel_command_line.py",
)


class ByFolder(LoadScopeScheduling):
    """Gives each of these folders to one process, the largest first, and every other test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> ByFolder:
    """Use this instead of what --dist says."""
    return ByFolder(config, log)
