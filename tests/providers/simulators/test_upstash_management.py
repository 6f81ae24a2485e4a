"""Upstash's developer API in the simulator: "OK" without an id, backups that take their time, tokens that end."""

import base64
from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

DATABASE = "db-derrimut"


@pytest.fixture
def account(simulators: Simulators) -> dict[str, str]:
    about = simulators.describe()["upstash"]["organisations"]["derrimut"]["objects"]["management"]
    pair = base64.b64encode(f"{about['email']}:{about['key']}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def api(simulators: Simulators, account: dict[str, str], path: str, data: Any = None, method: str = "") -> Answer:
    verb = method or ("GET" if data is None else "POST")
    return ask(f"{simulators.address('upstash')}/v2/redis/{path}", verb, headers=account, data=data)


def command(simulators: Simulators, token: str, *words: str) -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    return ask(simulators.address("upstash"), "POST", headers=headers, data=list(words))


def test_an_account_sees_its_own_databases_alone(simulators: Simulators, account: dict[str, str]) -> None:
    (database,) = api(simulators, account, "databases").json()
    assert (database["database_id"], database["state"], database["modifying_state"]) == (DATABASE, "active", "")
    assert "rest_token" in database
    assert "rest_token" not in api(simulators, account, f"database/{DATABASE}?credentials=hide").json()
    assert api(simulators, account, "database/db-pulse").status == 404
    assert api(simulators, {"Authorization": "Basic bm86bm8="}, "databases").status == 401


def test_a_backup_is_made_listed_restored_and_deleted(simulators: Simulators, account: dict[str, str]) -> None:
    token = api(simulators, account, "databases").json()[0]["rest_token"]
    before = command(simulators, token, "DBSIZE").json()["result"]
    assert api(simulators, account, f"create-backup/{DATABASE}", {"name": "pre-INC-42"}).json() == "OK"
    (pending,) = api(simulators, account, f"list-backup/{DATABASE}").json()
    assert (pending["name"], pending["state"]) == ("pre-INC-42", "pending")
    simulators.advance(30)
    (made,) = api(simulators, account, f"list-backup/{DATABASE}").json()
    assert made["state"] == "completed"
    command(simulators, token, "FLUSHDB")
    command(simulators, token, "SET", "written", "since")
    assert api(simulators, account, f"restore-backup/{DATABASE}", {"backup_id": made["backup_id"]}).json() == "OK"
    assert command(simulators, token, "DBSIZE").json()["result"] == before
    assert command(simulators, token, "GET", "written").json()["result"] is None
    gone = api(simulators, account, f"delete-backup/{DATABASE}/{made['backup_id']}", method="DELETE")
    assert gone.json() == "OK"
    assert api(simulators, account, f"list-backup/{DATABASE}").json() == []


def test_after_a_reset_the_old_tokens_open_nothing(simulators: Simulators, account: dict[str, str]) -> None:
    old = api(simulators, account, "databases").json()[0]["rest_token"]
    new = api(simulators, account, f"reset-password/{DATABASE}", {}).json()["rest_token"]
    assert command(simulators, old, "PING").status == 401
    assert command(simulators, new, "DBSIZE").status == 200
