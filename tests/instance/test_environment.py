"""The environment that the product's processes are given."""

from pathlib import Path

import dj_database_url
import pytest
import redis

from rollback_portal.instance import children, environment
from rollback_portal.instance.environment import Door
from rollback_portal.instance.keys import MAKERS
from rollback_portal.instance.places import Places

SOCKETS = Path("/tmp/portal-x y")
SECRETS = {name: make() for name, make in MAKERS.items()}
DOOR = Door("127.0.0.1", 8123, "demo")


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "ALLOWED_HOSTS", "BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_both_database_addresses_are_ones_that_the_settings_understand() -> None:
    found = environment.database_addresses(SOCKETS, SECRETS)
    app, owner = (dj_database_url.parse(found[name]) for name in ("DATABASE_URL", "DATABASE_OWNER_URL"))
    assert (app["USER"], owner["USER"]) == ("portal", "portal_owner")
    assert app["NAME"] == owner["NAME"] == "portal"
    assert app["OPTIONS"]["host"] == owner["OPTIONS"]["host"] == str(SOCKETS)
    assert app["PASSWORD"] == SECRETS["DATABASE_PASSWORD"] != owner["PASSWORD"]


def test_the_brokers_address_is_one_that_redis_understands() -> None:
    client = redis.Redis.from_url(environment.valkey_address(SOCKETS)["REDIS_URL"])
    assert client.connection_pool.connection_kwargs["path"] == f"{SOCKETS}/valkey.sock"


def test_what_serves_requests_is_not_told_how_to_change_tables(places: Places) -> None:
    env = {
        **environment.surroundings(places, DOOR, SECRETS),
        **environment.database_addresses(SOCKETS, SECRETS),
    }
    for child in (children.web(DOOR, env), children.worker(1, env), children.beat(places, env)):
        assert "DATABASE_URL" in child.env
        assert "DATABASE_OWNER_URL" not in child.env
    assert "DATABASE_OWNER_URL" in children.prepare(env, demo=True).env


def test_given_secrets_and_names_win(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "mine")
    monkeypatch.setenv("BASE_URL", "https://portal.example")
    found = environment.surroundings(places, DOOR, SECRETS)
    assert (found["SECRET_KEY"], found["BASE_URL"]) == ("mine", "https://portal.example")
    assert found["ENCRYPTION_KEYS"] == SECRETS["ENCRYPTION_KEYS"]


def test_an_instance_that_listens_everywhere_answers_to_its_machines_names(places: Places) -> None:
    found = environment.surroundings(places, Door("0.0.0.0", 8123, "up"), SECRETS)
    hosts = found["ALLOWED_HOSTS"].split(",")
    assert "0.0.0.0" not in hosts
    assert "*" not in hosts
    assert {"localhost", "127.0.0.1"} < set(hosts)


def test_what_is_kept_for_bin_portal_is_read_back_and_private(places: Places) -> None:
    env = {
        **environment.surroundings(places, DOOR, SECRETS),
        **environment.database_addresses(SOCKETS, SECRETS),
    }
    environment.keep(places.environment, env)
    assert environment.kept(places.environment) == env
    assert places.environment.stat().st_mode & 0o777 == 0o600


def test_where_an_instance_listened_is_remembered(places: Places) -> None:
    assert environment.kept_door(places.door).port == 8000
    environment.keep_door(places.door, DOOR)
    assert environment.kept_door(places.door) == DOOR


def test_every_child_has_a_turn_when_everything_stops(places: Places) -> None:
    assert children.stage("worker-2") == children.stage("worker") == children.stage("web") == 0
    assert children.stage("simulators") < children.stage("valkey") < children.stage("postgres")
