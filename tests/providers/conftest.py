"""What the adapters' tests stand on: the simulators, raw servers, and secrets that must never be seen."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import stamina

from apps.providers import http
from apps.providers.base import Access, Sending
from apps.providers.calling import READ_TRIES
from apps.providers.simulation import Simulators
from tests.providers.raw import RawServer, Respond

CANARY = "canary-Zx81/Qp+77~never-shown"
Serve = Callable[[Respond], RawServer]
Connect = Callable[..., Access]


@pytest.fixture
def this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow connections to this machine, where the servers of the tests are."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")


@pytest.fixture
def serve(this_machine: None) -> Iterator[Serve]:
    """Start raw servers that are closed after the test."""
    servers: list[RawServer] = []

    def start(respond: Respond) -> RawServer:
        servers.append(RawServer(respond))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def connect(simulators: Simulators, this_machine: None) -> Connect:
    """Return the access to a simulator, with settings or credentials of one's own where given."""
    world = simulators.describe()

    def access(slug: str, **changes: dict[str, str]) -> Access:
        about = world[slug]
        settings = {**about["settings"], **changes.get("settings", {})}
        credentials = {**about["credentials"], **changes.get("credentials", {})}
        return Access(simulators.address(slug), settings, credentials)

    return access


@pytest.fixture
def impatient() -> Iterator[None]:
    """Read as often as ever, without the pauses between the tries."""
    with stamina.set_testing(True, attempts=READ_TRIES, cap=True):
        yield


@pytest.fixture
def sending() -> Sending:
    """Return what identifies one attempt."""
    return Sending("idem-1", "attempt-1", "rp-marker-1", "Rolling back because of INC-1", deadline_seconds=5.0)


@pytest.fixture
def again(sending: Sending) -> Sending:
    """Return a second attempt of the same step."""
    return replace(sending, attempt_id="attempt-2")


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Collect the log lines of every exchange of the test."""
    lines: list[str] = []
    with http.listening(lines.append):
        yield lines
