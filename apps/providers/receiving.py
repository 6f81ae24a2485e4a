"""Take in what providers send by themselves: signed, kept as bytes before it is read, and counted once.

A delivery is taken in two transactions. The first keeps its bytes, the second reads them, writes down that this
delivery was taken, and does everything that follows. After a crash in between the provider sends it again.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache as remembered
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connection as database
from django.db import transaction
from django.dispatch import Signal
from django.urls import reverse

from apps.accounts import programs
from apps.accounts.programs import TooOften
from apps.providers import events, opening, registry, sealing
from apps.providers.hooks import WEBHOOK_SECRET, Hook
from apps.providers.models import Connection, Receipt
from apps.timeline.ids import new_id
from apps.timeline.log import SYSTEM, record

logger = logging.getLogger(__name__)

# connection=…, delivery=… (its id), event=… (its kind), told=… (what it says, an object): sent in the transaction that
# takes the delivery, once for each. Whoever receives it must be quick: some senders wait for three seconds only.
hook_received = Signal()
WINDOW_SECONDS = 60
DELIVERIES_PER_WINDOW = 18_000  # 300 each second, half as many again as must always be taken
LONGEST_TEXT = 200  # characters of an id or a kind of event
NOBODYS = Hook("X-Signature", "sha256", (), ())  # what an unknown provider is measured by
TAKE = """
INSERT INTO providers_delivery (id, organisation_id, connection_id, delivery_id, event, taken_at)
VALUES (%s, %s, %s, %s, %s, clock_timestamp())
ON CONFLICT (organisation_id, connection_id, delivery_id) DO NOTHING
"""


class Unsigned(Exception):
    """Nobody we know has signed this; whether there is such an address at all is not said."""


class Unreadable(Exception):
    """It is signed, and it is not an object."""


@dataclass(frozen=True)
class Taken:
    """How a delivery was taken in: whether it is a new one, and what its sender wants back (None: it does not mind)."""

    new: bool
    reply: str | None = None


def receive(slug: str, source: str, headers: Mapping[str, str], body: bytes) -> Taken:
    """Take in one delivery of the provider `slug` for the connection `source`.

    Raises Unsigned and TooOften before anything is kept, Unreadable after the bytes were.
    """
    if (hook := _hook_of(slug)) and hook.is_courtesy(body):
        return Taken(new=False, reply="")
    connection, hook = _signer(slug, source, headers, body)
    _count(connection)
    keep(connection, body)
    told = _read(hook, headers, body)
    return Taken(_take(connection, hook, headers, body, told), hook.reply(told))


def receive_over_line(connection: Connection, body: bytes) -> Taken:
    """Take in one delivery that came over a line which we opened ourselves, so that it needs no signature.

    Raises TooOften and Unreadable as `receive` does. A delivery that came signed as well counts once.
    """
    hook = _hook_of(connection.provider) or NOBODYS
    _count(connection)
    keep(connection, body)
    told = _read(hook, {}, body)
    return Taken(_take(connection, hook, {}, body, told), hook.reply(told))


def _count(connection: Connection) -> None:
    """Count one delivery of this minute, in Postgres; one connection that floods us holds up no other."""
    now = time.time()
    key = f"deliveries:{connection.pk}:{int(now // WINDOW_SECONDS)}"
    cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
    try:
        deliveries = cache.incr(key)
    except ValueError:  # cleared in between
        return
    if deliveries > DELIVERIES_PER_WINDOW:
        wait = WINDOW_SECONDS - int(now) % WINDOW_SECONDS
        raise TooOften(
            f"More than {DELIVERIES_PER_WINDOW} deliveries in a minute. Send again in {wait} s.", retry_after=wait
        )


def keep(connection: Connection, body: bytes) -> None:
    """Keep the bytes of a signed delivery; the same bytes are kept once."""
    kept = Receipt(
        organisation_id=connection.organisation_id, connection=connection, fingerprint=_fingerprint(body), body=body
    )
    Receipt.objects.bulk_create([kept], ignore_conflicts=True)


def address_of(connection: Connection) -> str:
    """Return where the provider of this connection can send to, or an empty text when it sends nothing by itself."""
    if _hook_of(connection.provider) is None:
        return ""
    return settings.BASE_URL + reverse("providers:hook", args=[connection.provider, connection.pk])


def _signer(slug: str, source: str, headers: Mapping[str, str], body: bytes) -> tuple[Connection, Hook]:
    """Return whose delivery it is. Whatever is wrong, the same is done and the same is raised."""
    hook, connection = _hook_of(slug), _connection(slug, source)
    known = hook or NOBODYS
    signed = known.accepts(headers, body, _secret(connection, known.secret), time.time())
    if not signed or hook is None or connection is None:
        raise Unsigned
    return connection, hook


def _hook_of(slug: str) -> Hook | None:
    try:
        return registry.provider(slug).hook
    except registry.UnknownProvider:
        return None


def _connection(slug: str, source: str) -> Connection | None:
    try:
        return Connection.objects.filter(pk=UUID(source), provider=slug).first()
    except ValueError:
        return None


def _secret(connection: Connection | None, name: str) -> str:
    """Return the secret of the connection's webhook; one that nobody knows where there is none."""
    try:
        opened = opening.access(connection).credentials if connection else sealing.open_sealed(_decoy(), "decoy")
    except (sealing.SealBroken, sealing.KeysMissing) as broken:
        logger.warning("A webhook could not be verified: %s", broken)
        opened = {}
    return opened.get(name) or secrets.token_hex(32)


@remembered
def _decoy() -> str:
    """Seal a secret that nobody knows, so that an unknown address takes as long as a wrong signature."""
    return sealing.seal({WEBHOOK_SECRET.name: secrets.token_hex(32)}, "decoy")


@transaction.atomic
def _take(connection: Connection, hook: Hook, headers: Mapping[str, str], body: bytes, told: dict[str, Any]) -> bool:
    delivery = _text(hook.identity_of(headers, told)) or f"sha256:{_fingerprint(body)}"
    event = _text(hook.event_of(headers, told)) or "something"
    with database.cursor() as cursor:
        cursor.execute(TAKE, [new_id(), connection.organisation_id, connection.pk, delivery, event])
        if cursor.rowcount == 0:
            return False
    provider = registry.provider(connection.provider).name
    record(
        events.RECEIVED, connection, by=SYSTEM, name=connection.name, provider=provider, event=event, delivery=delivery
    )
    hook_received.send(Connection, connection=connection, delivery=delivery, event=event, told=told)
    return True


def _read(hook: Hook, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    try:
        told = hook.read(headers, body)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(told, dict) or programs.is_overgrown(told):
        raise Unreadable
    return told


def _text(told: Any) -> str:
    """Return it as it is, or an empty text for anything that is no plain text of a sensible length."""
    plain = isinstance(told, str) and told.isprintable() and len(told) <= LONGEST_TEXT
    return told.strip() if plain else ""


def _fingerprint(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
