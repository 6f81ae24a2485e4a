"""Servers that the caller names."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_portal.instance import given
from rollback_portal.instance.speaking import Trouble
from tests.instance.test_ports import a_free_port


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "s").mkdir()
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(tmp_path / "s" / ".s.PGSQL.5432"))
        line.listen()
        yield tmp_path / "s"


def test_a_server_that_is_not_there_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    port = a_free_port()
    monkeypatch.setenv("DATABASE_URL", f"postgresql://portal:secret@127.0.0.1:{port}/portal")
    with pytest.raises(Trouble) as told:
        given.check("DATABASE_URL")
    assert f"the server that DATABASE_URL names does not answer at 127.0.0.1:{port}" in str(told.value)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("spelled", ["postgresql://u:p@/db?host={}", "postgresql://u:p@{}/db"])
def test_a_socket_is_found_however_it_is_spelled(
    listening: Path, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", spelled.format(str(listening).replace("/", "%2F")))
    given.check("DATABASE_URL")
    monkeypatch.setenv("REDIS_URL", f"unix://{listening}/.s.PGSQL.5432?db=0")
    given.check("REDIS_URL")


def test_what_is_no_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost:many/0")
    with pytest.raises(Trouble, match="REDIS_URL is not an address"):
        given.check("REDIS_URL")
