"""What can be restored at all: the window of the project's backups, and the copy that must be there before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.providers.base import Access, Call, ProviderError
from apps.providers.declaring import moment
from apps.providers.supabase import wire
from apps.providers.supabase.wire import Backups

FRESH = timedelta(hours=24)  # an older restore point of the same name belongs to another incident
LONGEST_NAME = 20  # of a restore point, says the API's description
STUCK_MINUTES = 30  # from when on Supabase's own pages offer their support for a project that is being restored
ASK = f"If it stays so for more than {STUCK_MINUTES} minutes, ask Supabase ({wire.SUPPORT})."


def shown(at: datetime) -> str:
    """Return a moment as people read it."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    left = max(int(seconds), 0)
    parts = [(left // 86400, "d"), (left // 3600 % 24, "h"), (left // 60 % 60, "min"), (left % 60, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number) or "0 s"


def wanted_time(parameters: Mapping[str, Any]) -> datetime:
    """Return the wanted time in UTC, to the second, as Supabase takes it."""
    found = moment(str(parameters["time"]))
    assert found is not None  # the parameter's kind has been checked
    return found.astimezone(UTC).replace(microsecond=0)


def of_time(found: Backups, wanted: datetime) -> list[str]:
    """Return why the project cannot be restored to a time."""
    if not found.pitr:
        return [
            "Point-in-time recovery is not on for this project: it is an add-on of the paid plans. Restore one of "
            "the daily backups with “restore_backup” instead."
        ]
    if found.earliest is None or found.latest is None:
        return ["Supabase does not tell from when to when this project can be restored; ask it before you go on."]
    if found.earliest <= wanted <= found.latest:
        return []
    return [
        f"{shown(wanted)} is outside of what Supabase can restore just now: from {shown(found.earliest)} to "
        f"{shown(found.latest)}."
    ]


def of_backup(found: Backups, number: Any) -> list[str]:
    """Return why the project cannot be restored to one backup."""
    backup = next((one for one in found.listed if one.number == number), None)
    if backup is None:
        known = ", ".join(str(one.number) for one in found.listed if one.number is not None)
        return [f"Supabase lists no backup {number}. " + (f"It lists: {known}." if known else "It lists none.")]
    if backup.status != "COMPLETED":
        return [f"The backup {number} is {backup.status}, not COMPLETED."]
    return [] if backup.physical else [f"The backup {number} is no physical one; restore it in Supabase's own pages."]


def refusals(access: Access, call: Call) -> list[str]:
    """Return why what is to be restored cannot be. Raises ProviderError."""
    if call.action == "restore_to_point":
        point = wire.point(access, call.parameters["name"])
        if point is None:
            return [f"Supabase knows no restore point “{call.parameters['name']}” of this project."]
        return [] if point.status == "AVAILABLE" else [f"The restore point {point.name} is {point.status}."]
    found = wire.backups(access)
    if call.action == "restore_backup":
        return of_backup(found, call.parameters["backup"])
    return of_time(found, wanted_time(call.parameters))


def copy_problem(parameters: Mapping[str, Any]) -> str:
    """Return why the parameters do not say which copy is kept first, or an empty text."""
    name = str(parameters.get("restore_point") or "").strip()
    if bool(name) is bool(parameters.get("copy_made_by_hand")):
        return (
            "Say which copy is kept first: the name of a “restore_point” that an earlier step makes, or "
            "“copy_made_by_hand”: true where a person has made a dump."
        )
    return name_problem(name) if name else ""


def name_problem(name: str) -> str:
    """Return why a restore point cannot have that name, or an empty text."""
    if name != name.strip() or not name or len(name) > LONGEST_NAME or not name.isprintable():
        return f"“{name[:60]}” cannot name a restore point: give 1 to {LONGEST_NAME} characters."
    return ""


def missing_copy(access: Access, parameters: Mapping[str, Any]) -> str:
    """Return why the copy that must be there before a restore is not, or an empty text. Raises ProviderError."""
    name = str(parameters.get("restore_point") or "")
    if not name:
        return ""
    point = wire.point(access, name)
    if point is None:
        return f"The restore point {name} is not there. Make it first with “create_restore_point”."
    if point.status != "AVAILABLE":
        return f"The restore point {name} is {point.status}, not AVAILABLE."
    return stale(point)


def stale(point: wire.Point) -> str:
    """Return why a restore point is of another incident, or an empty text."""
    if point.made and datetime.now(UTC) - point.made > FRESH:
        return f"The restore point {point.name} is from {shown(point.made)}; make one with another name."
    return ""


def lost_from(access: Access, call: Call) -> datetime | None:
    """Return the moment after which everything is lost, or None where Supabase does not tell. Raises ProviderError."""
    if call.action == "restore_to_time":
        return wanted_time(call.parameters)
    if call.action == "restore_to_point":
        point = wire.point(access, call.parameters["name"])
        return point.made if point else None
    listed = wire.backups(access).listed
    return next((one.made for one in listed if one.number == call.parameters["backup"]), None)


def not_before(access: Access, call: Call) -> datetime | None:
    """Return a moment that Postgres must have been started after, if the restore has been done; None where unknown."""
    try:
        name = str(call.parameters.get("restore_point") or "")
        point = wire.point(access, name) if name else None
        known = [point.made if point else None, lost_from(access, call)]
    except ProviderError:
        return None  # it only adds to what the status says
    return max((at for at in known if at), default=None)
