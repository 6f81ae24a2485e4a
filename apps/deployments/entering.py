"""Judge what people and pipelines say about services, environments and deployments. Changes nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.deployments.roles import ROLES
from apps.providers import outbound
from apps.providers.models import Connection
from apps.providers.registry import provider
from apps.timeline.answers import Unacceptable

RESERVED = {"new"}  # they would hide pages
PUBLIC_PORTS = frozenset({443})  # checks ask this address, under the same limits; OUTBOUND_ALLOW opens others
MOST_ITEMS = 200
LATEST = timedelta(minutes=10)  # how far a pipeline's clock may be ahead
MIGRATION_KINDS = ("additive", "destructive")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")  # RFC 9110 token
# What makes a name look like another one: marks that turn the direction of text, and those without any width.
HIDING = frozenset("\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")


def text(value: str, field: str, *, limit: int, required: bool = True) -> str:
    """Return a line of text without blanks around it. Raises Unacceptable when it cannot be kept."""
    value = value.strip()
    if required and not value:
        raise Unacceptable(f"“{field}” is empty.", field=field)
    if len(value) > limit:
        raise Unacceptable(f"“{field}” has more than {limit} characters.", field=field)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value if character not in "\n\t"):
        raise Unacceptable(f"“{field}” holds a control character, which cannot be stored.", field=field)
    return value


def name(value: str, field: str, *, limit: int) -> str:
    """Return what people tell things apart by: a text in which no letter is turned or hidden. Raises Unacceptable."""
    value = text(value, field, limit=limit)
    if not HIDING.isdisjoint(value):
        raise Unacceptable(f"“{field}” holds a character that turns or hides text, so it is refused.", field=field)
    return value


def slug(value: str, field: str, *, limit: int = 60) -> str:
    """Return a name that can stand in an address. Raises Unacceptable."""
    value = text(value, field, limit=limit)
    if not _SLUG.match(value) or value in RESERVED:
        raise Unacceptable(
            f"“{field}” may hold small letters, digits, “-” and “_”, and begins with a letter or digit.",
            field=field,
        )
    return value


def public_url(value: str) -> str:
    """Return the public address of an environment, or an empty text. Raises Unacceptable."""
    value = text(value, "public_url", limit=500, required=False).rstrip("/")
    if value:
        try:
            outbound.check_address(value, public_ports=PUBLIC_PORTS)
        except outbound.AddressRefused as refused:
            raise Unacceptable(str(refused), code="address_not_allowed", field="public_url")
    return value


def serving(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Return how to see which version answers: a path, and a header or a JSON place. Raises Unacceptable."""
    if not given:
        return {}
    for name, value in given.items():
        if name not in ("path", "header", "json"):
            raise Unacceptable(f"“serving” knows path, header and json, not “{name}”.", field=f"serving.{name}")
        if value is not None and not isinstance(value, str):
            raise Unacceptable(f"“serving.{name}” must be a text.", field=f"serving.{name}")
    path, header, json = (
        text(given.get(name) or "", f"serving.{name}", limit=300, required=False) for name in ("path", "header", "json")
    )
    if not path.startswith("/"):
        raise Unacceptable("“serving.path” must begin with “/”.", field="serving.path")
    if bool(header) == bool(json):
        raise Unacceptable("“serving” needs a header or a place in the JSON, and only one of them.", field="serving")
    if header and not _HEADER.match(header):
        raise Unacceptable("“serving.header” is not the name of a header.", field="serving.header")
    return {"path": path, "header": header} if header else {"path": path, "json": json}


def role_of(role: str, connection: Connection) -> str:
    """Return the role when the connection's provider can fill it. Raises Unacceptable."""
    if role not in ROLES:
        raise Unacceptable(f"“{role}” is not a role. Roles are {', '.join(ROLES)}.", field=f"connections.{role}")
    can = provider(connection.provider).roles
    if can and role not in can:
        raise Unacceptable(
            f"“{connection.name}” ({connection.provider}) cannot be the {role} connection, only {' or '.join(can)}.",
            field=f"connections.{role}",
        )
    return role


def moment(value: datetime | None, field: str) -> datetime:
    """Return a time with its zone that is not in the future; now when none is given. Raises Unacceptable."""
    now = timezone.now()
    if value is None:
        return now
    if timezone.is_naive(value):
        raise Unacceptable(f"“{field}” needs a time zone, for example 2026-08-18T14:02:00Z.", field=field)
    if value > now + LATEST:
        raise Unacceptable(f"“{field}” lies in the future.", field=field)
    if value.year < 2000:
        raise Unacceptable(f"“{field}” lies too far in the past.", field=field)
    return value


def words(values: Sequence[str], field: str) -> list[str]:
    """Return a list of short texts without repeats, in their order. Raises Unacceptable."""
    _not_too_many(values, field)
    return list(dict.fromkeys(text(value, field, limit=100) for value in values))


def migrations(values: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what each migration is and whether it can go back. Raises Unacceptable."""
    _not_too_many(values, "migrations")
    return [_migration(value, f"migrations.{index}") for index, value in enumerate(values)]


def env_changes(values: Sequence[Any]) -> list[Any]:
    """Return the changed environment variables: names, or objects with a name; never their values."""
    _not_too_many(values, "env_changes")
    return [_env_change(value, f"env_changes.{index}") for index, value in enumerate(values)]


def _not_too_many(values: Sequence[Any], field: str) -> None:
    if len(values) > MOST_ITEMS:
        raise Unacceptable(f"“{field}” has more than {MOST_ITEMS} items.", field=field)


def _migration(value: Mapping[str, Any], field: str) -> dict[str, Any]:
    kind = value.get("kind")
    if kind not in MIGRATION_KINDS:
        raise Unacceptable("A migration is additive or destructive.", field=f"{field}.kind")
    if not isinstance(value.get("reversible"), bool):
        raise Unacceptable("Say whether the migration is reversible: true or false.", field=f"{field}.reversible")
    return {
        "id": text(str(value.get("id") or ""), f"{field}.id", limit=200),
        "kind": kind,
        "reversible": value["reversible"],
        "down": text(str(value.get("down") or ""), f"{field}.down", limit=2000, required=False),
    }


def _env_change(value: Any, field: str) -> Any:
    if isinstance(value, str):
        return text(value, field, limit=200)
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise Unacceptable("Give the name of the variable, or an object with a name.", field=field)
    if "value" in value:
        raise Unacceptable("Values of variables are not kept here: leave out “value”.", field=f"{field}.value")
    return {text(str(name), field, limit=60): text(str(item), field, limit=300, required=False)
            for name, item in value.items()}  # fmt: skip
