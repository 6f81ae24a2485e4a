"""The Clerk simulator answers as Clerk's description of its Backend API says."""

from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

Get = Any


@pytest.fixture
def get(simulators: Simulators) -> Get:
    """Ask as Motion Mavericks."""
    described = simulators.describe()["clerk"]

    def asked(path: str, key: str = described["credentials"]["secret_key"]) -> Answer:
        return ask(f"{simulators.address('clerk')}/v1{path}", headers={"Authorization": f"Bearer {key}"})

    return asked


def test_users_are_counted_and_listed_as_a_bare_array(get: Get) -> None:
    assert get("/users/count").json() == {"object": "total_count", "total_count": 40}
    first, rest = get("/users").json(), get("/users?limit=500&offset=10").json()
    assert (len(first), len(rest)) == (10, 30)
    assert {"id", "object", "email_addresses", "created_at"} <= set(first[0])
    assert get(f"/users/{first[0]['id']}").json() == first[0]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/users?limit=501", 422, "form_param_value_invalid"),
        ("/users/user_nobody", 404, "resource_not_found"),
        ("/nothing", 404, "resource_not_found"),
    ],
)
def test_refusals_have_clerks_shape(path: str, status: int, code: str, get: Get) -> None:
    refused = get(path)
    assert (refused.status, refused.json()["errors"][0]["code"]) == (status, code)
    assert refused.json()["clerk_trace_id"]


def test_an_unknown_key_is_401(get: Get) -> None:
    assert get("/users/count", key="sk_live_nobody").status == 401


def test_a_rate_limit_says_when_to_come_back(get: Get, simulators: Simulators) -> None:
    simulators.fault("status", slug="clerk", status=429, reads=True)
    assert get("/users/count").headers["retry-after"] == "10"


def test_signing_keys_are_public_keys(get: Get) -> None:
    (key,) = get("/jwks").json()["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
