"""The `simulators` fixture: every provider on this machine, fresh for each test.

One process is started for each pytest worker and reset before each test. `simulators.address("vercel")` is a
base address for a connection, `simulators.describe()["vercel"]` has settings and credentials for it; `fault`,
`settings`, `advance`, `do`, `journal` and `effects` steer and read the outside world (see
`apps.providers.simulation.running`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from apps.providers.simulation import Simulators, run


@pytest.fixture(scope="session")
def simulators_process() -> Iterator[Simulators]:
    """The process behind `simulators`; take it directly only where a reset would spoil other tests' state."""
    with run() as running:
        yield running


@pytest.fixture
def simulators(simulators_process: Simulators) -> Simulators:
    """The simulators as at their first start: first states, empty journal, no faults."""
    simulators_process.reset()
    return simulators_process


@dataclass(frozen=True)
class Answer:
    """What came back, as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(
    url: str,
    method: str = "GET",
    *,
    headers: dict[str, str] | None = None,
    data: Any = None,
    body: bytes | None = None,
    timeout: float = 10,
) -> Answer:
    """One plain request without retries, redirects or niceties; `data` is sent as JSON. Times in seconds."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
    sent = dict(headers or {})
    if data is not None:
        body = json.dumps(data).encode()
        sent.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, sent)
        answer = connection.getresponse()
        content = answer.read()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
    finally:
        connection.close()
