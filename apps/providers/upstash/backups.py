"""Backups of the database over Upstash's developer API, for accounts that have one: databases that came through a
marketplace (Vercel, Fly) cannot be reached by it.

Source: Upstash documentation, "Developer API"; a new backup is answered with "OK" and no id: it is found by its name.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from apps.providers.base import Access, Observation, Outcome, OutcomeKind, ProviderError, Seen, Sending
from apps.providers.calling import Api, credential, segment
from apps.providers.endings import dig, later, outcome_of, quoted, unknown

OWN = "https://api.upstash.com"
COPY_AGE = timedelta(minutes=60)  # how old the copy may be that a flush insists on
_NAME = re.compile(r"[A-Za-z0-9._-]{1,60}\Z")


def _account(access: Access) -> Mapping[str, str]:
    pair = ":".join(credential(access, name, "Upstash") for name in ("management_email", "management_key"))
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


API = Api("Upstash", OWN, _account)


def _home(access: Access) -> Access:
    """Return the access to the API: at its own host, or below the address that replaces all of Upstash's hosts."""
    host = (urlsplit(access.base_url).hostname or "").lower()
    return replace(access, base_url="") if host.endswith(".upstash.io") else access


def can_be_made(access: Access) -> bool:
    """Say whether the connection has an account that can make backups."""
    return bool(access.credentials.get("management_email") and access.credentials.get("management_key"))


def name_problem(name: str) -> str:
    """Return why a text cannot name a backup, or an empty text."""
    return "" if _NAME.match(name) else f"“{quoted(name)}” cannot name a backup: use letters, digits, “.”, “_” and “-”."


def observed(access: Access, name: str) -> Observation:
    """Say whether the backup of that name is there. Raises ProviderError."""
    state = next((dig(one, "state") for one in _listed(access) if dig(one, "name") == name), "none")
    if state == "completed":
        return Observation(Seen.DESIRED, f"The backup “{name}” is there.", {"backup": state})
    text = f"The backup “{name}” is {quoted(state)}." if state != "none" else f"There is no backup “{name}” yet."
    return Observation(Seen.OTHER, text, {"backup": state}, under_way=state == "pending")


def make(access: Access, sending: Sending, name: str) -> Outcome:
    """Ask for the backup. Raises NotSent, Lost or ProviderError."""
    path = f"/v2/redis/create-backup/{database(access)}"
    answer = API.change(_home(access), sending, "POST", path, body={"name": name})
    if not answer.ok:
        said = API.said(access, answer)
        if "maintenance mode" in said.lower():
            return later(f"Upstash says “{said}”. Nothing was changed; it is tried again.", answer, 30.0)
        return outcome_of(answer, "make a backup", said)
    if answer.json() != "OK":
        return unknown(f"Upstash answered {answer.status}, but did not confirm the backup.", answer)
    return Outcome(OutcomeKind.SUCCEEDED, f"Upstash makes the backup “{name}”.", status=answer.status)


def newest(access: Access) -> tuple[str, datetime] | None:
    """Return name and time of the newest completed backup, or None. Raises ProviderError."""
    made = [
        (str(dig(one, "name") or dig(one, "backup_id")), datetime.fromtimestamp(float(dig(one, "creation_time")), UTC))
        for one in _listed(access)
        if dig(one, "state") == "completed" and isinstance(dig(one, "creation_time"), int | float)
    ]
    return max(made, key=lambda one: one[1], default=None)


def lacking(access: Access) -> str:
    """Return why there is no backup to come back to, or an empty text. Raises ProviderError."""
    found = newest(access)
    if found and datetime.now(UTC) - found[1] <= COPY_AGE:
        return ""
    minutes = COPY_AGE.total_seconds() / 60
    return f"There is no backup of the last {minutes:g} minutes to come back to; let “backup” make one first."


def told(access: Access) -> str:
    """Return what people read about the copy before a flush. Raises ProviderError."""
    if not can_be_made(access):
        return (
            "None: the REST interface keeps no copy, and the connection has no management key. "
            "Make a backup in the Upstash console first if it is needed."
        )
    found = newest(access)
    newest_one = (
        f"the newest is “{quoted(found[0])}” of {found[1]:%Y-%m-%d %H:%M} UTC" if found else "there is none yet"
    )
    return f"A backup made by an earlier step, at most an hour old ({newest_one}); nothing is flushed without it."


def database(access: Access) -> str:
    """Return the database's id: the one in the settings, or of the database with our token. Raises ProviderError."""
    if given := access.settings.get("database_id", ""):
        return segment(given, "a database")
    host, token = (urlsplit(access.base_url).hostname or "").lower(), access.credentials.get("rest_token")
    for one in _read(access, "/v2/redis/databases", "The databases"):
        names = {str(dig(one, "endpoint") or ""), f"{dig(one, 'endpoint')}.upstash.io"}
        if (token and dig(one, "rest_token") == token) or host in names:
            return segment(dig(one, "database_id"), "a database")
    raise ProviderError("The account has no database with this address: enter its id in the connection.")


def about(access: Access) -> dict[str, Any]:
    """Return what Upstash tells of the database, without its credentials. Raises ProviderError."""
    path = f"/v2/redis/database/{database(access)}"
    answer = API.read(_home(access), path, {"credentials": "hide"})
    if not answer.ok or not isinstance(found := answer.json(), dict):
        raise API.unreadable(access, answer, "The database")
    return found


def _listed(access: Access) -> list[Any]:
    return _read(access, f"/v2/redis/list-backup/{database(access)}", "The backups")


def _read(access: Access, path: str, what: str) -> list[Any]:
    answer = API.read(_home(access), path)
    if not answer.ok or not isinstance(found := answer.json(), list):
        raise API.unreadable(access, answer, what)
    return found
