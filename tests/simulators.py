"""The `simulators` fixture: every provider on this machine, fresh for each test.

One process is started for each pytest worker and reset before each test. `simulators.address("vercel")` is a
base address for a connection, `simulators.describe()["vercel"]` has settings and credentials for it; `fault`,
`settings`, `advance`, `do`, `journal` and `effects` steer and read the outside world (see
`apps.providers.simulation.running`).
"""

from collections.abc import Iterator

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
