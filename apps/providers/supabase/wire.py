"""How Supabase's Management API is spoken. Source: its OpenAPI description, v1, and its own command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, credential
from apps.providers.declaring import moment
from apps.providers.endings import dig
from apps.providers.http import Answer

SUPPORT = "https://supabase.com/dashboard/support/new"
STARTED = "select extract(epoch from pg_postmaster_start_time())::bigint as started"

API = Api(
    "Supabase",
    "https://api.supabase.com",
    lambda access: {"Authorization": f"Bearer {credential(access, 'access_token', 'Supabase')}"},
)
Record = dict[str, Any]


@dataclass(frozen=True)
class Backup:
    """One daily backup as Supabase lists it."""

    number: int | None
    made: datetime | None
    status: str
    physical: bool


@dataclass(frozen=True)
class Backups:
    """What can be restored: single backups, the newest first, and the window for a point in time."""

    pitr: bool
    earliest: datetime | None
    latest: datetime | None
    listed: tuple[Backup, ...]


@dataclass(frozen=True)
class Point:
    """A restore point. `made` is None where Supabase does not tell when it was completed."""

    name: str
    status: str
    made: datetime | None


def project_path(access: Access) -> str:
    """Return the path of the connection's project. Raises ProviderError."""
    ref = str(access.settings.get("project_ref") or "").strip()
    if not re.fullmatch("[a-z]{20}", ref):
        raise ProviderError("The project reference must be twenty lower-case letters, as in the project's address.")
    return f"/v1/projects/{ref}"


def backups_path(access: Access) -> str:
    """Return the path of the project's backups. Raises ProviderError."""
    return f"{project_path(access)}/database/backups"


def project(access: Access) -> Record:
    """Return the project with its `status`. Raises ProviderError."""
    found = get(access, project_path(access), "The project")
    if not isinstance(found, dict) or not isinstance(found.get("status"), str):
        raise ProviderError("Supabase answered with something that is not a project with its status.")
    return found


def backups(access: Access) -> Backups:
    """Return what can be restored. Raises ProviderError."""
    body = get(access, backups_path(access), "The list of backups")
    items = dig(body, "backups")
    if not isinstance(items, list):
        raise ProviderError("Supabase answered with something that is not a list of backups.")
    data = dig(body, "physical_backup_data")
    found = [
        Backup(_number(dig(one, "id")), _moment(dig(one, "inserted_at")), str(dig(one, "status")), _physical(one))
        for one in items
    ]
    found.sort(key=lambda one: one.made or datetime.min.replace(tzinfo=UTC), reverse=True)
    earliest, latest = (_unix(dig(data, f"{word}_physical_backup_date_unix")) for word in ("earliest", "latest"))
    return Backups(bool(dig(body, "pitr_enabled")), earliest, latest, tuple(found))


def point(access: Access, name: str) -> Point | None:
    """Return the restore point with that name, or None. Raises ProviderError."""
    answer = API.read(access, f"{backups_path(access)}/restore-point", {"name": name})
    if answer.status == 404 and isinstance(answer.json(), dict):
        return None  # said by the API itself, not by something in between
    if not answer.ok:
        raise API.unreadable(access, answer, f"The restore point {name}")
    body = answer.json()
    listed = body if isinstance(body, list) else [body]
    found = next((one for one in listed if dig(one, "name") == name), None)
    if found is None and (listed == [] or listed == [None]):
        return None
    if not isinstance(dig(found, "status"), str):
        raise ProviderError(f"Supabase answered with something that is not the restore point {name}.")
    return Point(name, str(dig(found, "status")), _moment(dig(found, "completed_on")))


def services(access: Access, names: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Return the status and the error text of each asked service. Raises ProviderError."""
    query = "&".join(f"services={name}" for name in names)
    body = get(access, f"{project_path(access)}/health?{query}", "The health of the project")
    if not isinstance(body, list):
        raise ProviderError("Supabase answered with something that is not the health of services.")
    found = {str(dig(one, "name")): (_status(one), str(dig(one, "error") or "")) for one in body}
    if missing := [name for name in names if name not in found]:
        raise ProviderError(f"Supabase did not tell how these services are: {', '.join(missing)}.")
    return {name: found[name] for name in names}


def started(access: Access) -> datetime | None:
    """Return when Postgres was started, or None where the token may not ask or the answer does not tell."""
    path = f"{project_path(access)}/database/query/read-only"
    try:
        answer = API.read(access, path, method="POST", body={"query": STARTED})
        return _unix(dig(answer.json(), 0, "started")) if answer.ok else None
    except ProviderError:
        return None  # it only adds to what the status says


def get(access: Access, path: str, what: str, query: Query | None = None) -> Any:
    """Return the parsed answer to a read. Raises ProviderError; `what` begins its sentence."""
    answer: Answer = API.read(access, path, query)
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    return answer.json()


def _status(service: Any) -> str:
    told = dig(service, "status")
    return str(told) if told else ("ACTIVE_HEALTHY" if dig(service, "healthy") is True else "UNHEALTHY")


def _physical(item: Any) -> bool:
    return dig(item, "is_physical_backup") is not False


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(text: Any) -> datetime | None:
    found = moment(text) if isinstance(text, str) else None
    if found is None and isinstance(text, str) and text and not text.endswith("Z"):
        found = moment(f"{text}Z")  # some of its times leave the zone away and are UTC
    return found.astimezone(UTC) if found else None


def _unix(value: Any) -> datetime | None:
    """Return the moment of a number of seconds, also where it comes as a text; a big integer of SQL does."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
