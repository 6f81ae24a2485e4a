"""The Resend teams at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits


def key(organisation: Organisation, *, full: bool = False) -> str:
    """A key of an organisation: one that may only send, or one that may do everything."""
    return f"re_{'full' if full else 'sending'}_simulated_{organisation.slug}"


def domain(organisation: Organisation) -> str:
    """The domain an organisation sends from."""
    return f"mail.{organisation.slug}.example"


def start(epoch: float) -> State:
    """A team with a domain for every organisation."""
    return {
        "simulation": habits(domain_status="verified", limit=5, daily_quota=0, busy=0),
        "keys": {key(o, full=full): [o.slug, full] for o in ORGANISATIONS for full in (True, False)},
        "domains": {o.slug: {"id": f"d91cd9bd-{n:04d}-453e-8fc1-35364d380206", "name": domain(o), "at": epoch}
                    for n, o in enumerate(ORGANISATIONS, start=1)},
        "mails": {},
        "idempotency": {},
    }  # fmt: skip


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"sender": f"{o.name} <status@{domain(o)}>", "reply_to": f"support@{domain(o)}"},
            "credentials": {"api_key": key(o)},
            "objects": {"domain": state["domains"][o.slug]["id"], "full_key": key(o, full=True)},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}
