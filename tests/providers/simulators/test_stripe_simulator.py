"""The Stripe simulator answers like Stripe: shapes, both ways to sign in, refusals."""

import base64

from apps.providers.simulation import Simulators
from tests.simulators import ask

KEY = "rk_live_simulated_motion_mavericks"


def bearer(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_balance_looks_like_stripes(simulators: Simulators) -> None:
    given = ask(f"{simulators.address('stripe')}/v1/balance", headers=bearer())
    body = given.json()
    assert (given.status, body["object"], body["livemode"]) == (200, "balance", True)
    assert set(body) == {"object", "available", "pending", "connect_reserved", "livemode"}
    assert set(body["available"][0]) == {"amount", "currency", "source_types"}
    assert given.headers["request-id"].startswith("req_")


def test_the_key_may_be_the_user_of_basic_sign_in(simulators: Simulators) -> None:
    word = base64.b64encode(f"{KEY}:".encode()).decode()
    url = f"{simulators.address('stripe')}/v1/balance"
    assert ask(url, headers={"Authorization": f"Basic {word}"}).status == 200
    assert ask(url, headers={"Authorization": "Basic ???"}).status == 401


def test_refusals_have_stripes_shape(simulators: Simulators) -> None:
    url = f"{simulators.address('stripe')}/v1/balance"
    assert ask(url).json()["error"]["type"] == "invalid_request_error"
    unknown = ask(url, headers=bearer("rk_live_nobody_knows_this"))
    assert (unknown.status, unknown.json()["error"]["message"]) == (
        401,
        "Invalid API Key provided: rk_live_************this",
    )
    simulators.settings("stripe", balance_right=False)
    missing = ask(url, headers=bearer())
    assert (missing.status, missing.json()["error"]["code"]) == (403, "more_permissions_required")
    assert ask(f"{simulators.address('stripe')}/v1/nothing", headers=bearer()).status == 404


def test_over_the_limit_is_429_with_its_own_code(simulators: Simulators) -> None:
    simulators.fault("status", slug="stripe", status=429, reads=True)
    given = ask(f"{simulators.address('stripe')}/v1/balance", headers=bearer())
    assert (given.status, given.json()["error"]["code"]) == (429, "rate_limit")
