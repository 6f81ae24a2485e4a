"""What the tests of GitHub share: the adapter, Motion Mavericks' repository, a raw server in GitHub's place."""

from typing import Any

import pytest

from apps.providers.base import Access, Call, Finding, Outcome, OutcomeKind, Provider, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect

PORTAL = "motion-mavericks/portal"
LIVE, BEFORE = "9c41e7d", "4be02aa"
RESET = Call("reset_branch", {"commit": "v2.30.4"})
REVERT = Call("revert_pull_request", {"pull_request": 47})
RELEASE = Call("dispatch_workflow", {"workflow": "release.yml", "inputs": {"version": "v2.30.4"}})


@pytest.fixture
def hub() -> Provider:
    """The adapter."""
    return provider("github")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("github")


def stand(simulators: Simulators) -> dict[str, Any]:
    """Return Motion Mavericks' repository as the simulator keeps it."""
    found: dict[str, Any] = simulators.state("github")["repositories"][PORTAL]
    return found


def done(hub: Provider, access: Access, call: Call, sending: Sending) -> Outcome:
    """Apply a call that has to succeed."""
    outcome = hub.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    return outcome


def reach(server: Any, **settings: str) -> Access:
    """Return the access to a raw server."""
    return Access(server.url, {"repository": "acme/portal", "branch": "main", **settings}, {"token": "ghp_123456"})


def levels(found: list[Finding], code: str) -> set[str]:
    return {one.level for one in found if one.code == code}
