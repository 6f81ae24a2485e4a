"""The Stripe accounts at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits


def key(organisation: Organisation, kind: str = "rk") -> str:
    """A key of an organisation: `rk` is restricted to the balance, `sk` may do everything."""
    return f"{kind}_live_simulated_{organisation.slug.replace('-', '_')}"


def start(epoch: float) -> State:
    """An account with a balance for every organisation."""
    return {
        "simulation": habits(livemode=True, balance_right=True),
        "keys": {key(o, kind): o.slug for o in ORGANISATIONS for kind in ("rk", "sk")},
        "accounts": {o.slug: _account(o, number) for number, o in enumerate(ORGANISATIONS, start=1)},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"mode": "live"},
            "credentials": {"api_key": key(o)},
            "objects": {"account": state["accounts"][o.slug]["id"]},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def _account(organisation: Organisation, number: int) -> dict[str, Any]:
    return {
        "id": f"acct_{organisation.key[:10]}{number}",
        "available": [{"amount": 184_250 * number, "currency": "eur"}],
        "pending": [{"amount": 21_900 * number, "currency": "eur"}],
    }
