"""Which ports an instance takes, and what it says of a taken one."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_portal.instance import ports
from rollback_portal.instance.speaking import Trouble


def a_free_port() -> int:
    """Return a port that nobody has at this moment."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@pytest.fixture
def taken() -> Iterator[int]:
    line = socket.socket()
    line.bind(("127.0.0.1", 0))
    line.listen()
    yield line.getsockname()[1]
    line.close()


def test_a_taken_port_is_told_in_one_sentence_with_the_way_out(taken: int) -> None:
    with pytest.raises(Trouble) as told:
        ports.check_free("127.0.0.1", taken)
    assert str(told.value) == (
        f"port {taken} on 127.0.0.1 is taken by another program. Nothing was started; choose another with --port."
    )


def test_a_free_port_is_no_trouble() -> None:
    ports.check_free("127.0.0.1", a_free_port())


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Trouble, match=r"cannot be had|not an address"):
        ports.check_free("192.0.2.7", 8000)


def test_the_simulators_keep_their_port_because_connections_point_at_it(tmp_path: Path) -> None:
    first = ports.for_simulators(tmp_path / "port", 8000)
    assert ports.for_simulators(tmp_path / "port", 9999) == first


def test_two_instances_side_by_side_have_simulators_apart(tmp_path: Path) -> None:
    one = ports.for_simulators(tmp_path / "one", 8000)
    two = ports.for_simulators(tmp_path / "two", 8001)
    assert abs(one - two) >= ports.ROOM


def test_a_kept_port_that_somebody_took_is_given_up(tmp_path: Path, taken: int) -> None:
    (tmp_path / "port").write_text(f"{taken}\n")
    assert ports.for_simulators(tmp_path / "port", 8000) != taken
