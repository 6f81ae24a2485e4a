"""The Upstash databases at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import MOTION_MAVERICKS, ORGANISATIONS, Organisation
from ...simulation.world import State, habits

SHARE_LINKS = 1284
DIRTY_PERCENT = 12  # of the cached share pages hold a signature that only the broken release understands


def token(organisation: Organisation) -> str:
    """The standard token of an organisation's database."""
    return f"upstash-simulated-{organisation.slug}"


def account(organisation: Organisation) -> str:
    """E-mail and key of an organisation's account, for its developer API."""
    return f"operations@{organisation.slug}.example:management-simulated-{organisation.slug}"


def start(epoch: float) -> State:
    """A database with keys for every organisation; the portal's holds its cached share pages."""
    databases = {o.slug: _filled(o) for o in ORGANISATIONS}
    return {
        "simulation": habits(
            batch=500,
            empty_every=3,
            duplicates=True,
            read_only=False,
            exhausted=False,
            backup_seconds=20,
            maintenance=False,
        ),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "read_only_tokens": {f"{token(o)}-read-only": o.slug for o in ORGANISATIONS},
        "databases": databases,
        "accounts": {account(o): o.slug for o in ORGANISATIONS},
        "backups": {o.slug: [] for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {}
    for organisation in ORGANISATIONS:
        keys = state["databases"][organisation.slug]
        counts: dict[str, int] = {}
        for key in keys:
            prefix = key.partition(":")[0] + ":"
            counts[prefix] = counts.get(prefix, 0) + 1
        each[organisation.slug] = {
            "settings": {},
            "credentials": {"rest_token": token(organisation)},
            "objects": {
                "keys": len(keys),
                "prefixes": counts,
                "database_id": f"db-{organisation.slug}",
                "management": dict(zip(("email", "key"), account(organisation).split(":"), strict=True)),
            },
        }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def _filled(organisation: Organisation) -> dict[str, str]:
    keys = {f"session:{organisation.slug}:{n:04d}": "signed-in" for n in range(214)}
    keys.update({f"rate:{organisation.slug}:{n:03d}": str(n % 60) for n in range(96)})
    if organisation is MOTION_MAVERICKS:
        keys.update({f"share:{n:05d}": _cached_page(n) for n in range(SHARE_LINKS)})
        keys.update({f"milestone:{n:03d}": "cached" for n in range(41)})
    else:
        keys.update({f"page:{n:03d}": "cached" for n in range(130)})
    return keys


def _cached_page(number: int) -> str:
    return "signed-with-key-2" if number * 37 % 100 < DIRTY_PERCENT else "signed-with-key-1"
