"""Say what a restore takes away before it is approved, how far Supabase can go back, and which copy is kept."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.providers.base import Access, Airlock, Call, ProviderError
from apps.providers.supabase import limits, wire

OUTSIDE = (
    "The project cannot be reached while it is restored. Files in Storage, secrets, Edge Functions and the passwords "
    "of roles made by hand are not part of it."
)


def airlock(access: Access, call: Call) -> Airlock:
    """Return what is lost between the wanted moment and now. Raises ProviderError."""
    now = datetime.now(UTC)
    begins = limits.lost_from(access, call)
    refused = [*limits.refusals(access, call), *_state(access)]
    return Airlock(
        loses=f"{_loses(begins, now)} {_window(access)}{OUTSIDE}",
        safety_copy=_copy(access, call),
        lost_from=begins,
        lost_until=now if begins else None,
        refusals=tuple(refused),
    )


def _loses(begins: datetime | None, now: datetime) -> str:
    what = "Everything that was written to the project's database"
    if begins is None:
        return f"{what} after the chosen moment; Supabase does not tell when that was."
    length = limits.span((now - begins).total_seconds())
    return f"{what} since {limits.shown(begins)}: {length} up to now, and what is written until the restore begins."


def _window(access: Access) -> str:
    found = wire.backups(access)
    if not (found.pitr and found.earliest and found.latest):
        return ""
    return f"Supabase can go back to any moment from {limits.shown(found.earliest)} to {limits.shown(found.latest)}. "


def _copy(access: Access, call: Call) -> str:
    name = call.parameters.get("restore_point")
    if not name:
        return "None by the portal: a person says that a dump was made by hand (supabase db dump) before this step."
    try:
        point = wire.point(access, str(name))
    except ProviderError as error:
        return f"The restore point {name}, without which nothing is sent. {error}"
    now = f"it is {point.status} now" if point else "an earlier step must make it"
    return (
        f"The restore point {name} at Supabase: {now}, and without it nothing is sent. Supabase does not say whether "
        "it can still be reached after a restore to an earlier time: make a dump as well where the data counts."
    )


def _state(access: Access) -> list[str]:
    status = str(wire.project(access)["status"])
    if status.startswith("ACTIVE"):
        return []
    return [f"The project is {status}; a restore begins only on a project that is up."]
