"""Hold a line open for every connection that is set up for one, and take in what comes over it."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections

from apps.providers import opening, receiving, registry
from apps.providers.base import ProviderError
from apps.providers.listening import Going, Listening
from apps.providers.models import Connection
from apps.providers.sealing import KeysMissing, SealBroken

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0  # until a new connection, or new credentials of an old one, are noticed
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0


def keep_lines(stop: threading.Event) -> None:
    """Hold the lines until `stop` is set. Several processes may do this: what comes twice counts once."""
    holders: dict[UUID, threading.Thread] = {}
    while not stop.is_set():
        for pk in _candidates():
            if pk not in holders or not holders[pk].is_alive():
                holders[pk] = threading.Thread(target=_hold, args=(pk, stop), daemon=True, name=f"line-{pk}")
                holders[pk].start()
        connections.close_all()
        stop.wait(LOOK_SECONDS)
    for holder in holders.values():
        holder.join()


def _candidates() -> list[UUID]:
    """Return the connections whose line is to be held: set up for one. None while Postgres cannot be asked."""
    slugs = [provider.slug for provider in registry.providers() if isinstance(provider, Listening)]
    try:
        return [each.pk for each in Connection.objects.filter(provider__in=slugs) if _has_line(each)]
    except DatabaseError as away:
        logger.warning("Postgres cannot be asked whose lines are to be held; asking again: %s", away)
        return []


def _has_line(connection: Connection) -> bool:
    provider: Any = registry.provider(connection.provider)
    try:
        return bool(provider.has_line(opening.access(connection)))
    except (SealBroken, KeysMissing) as error:
        logger.warning("Whether the connection %s has a line cannot be told: %s", connection.pk, error)
        return False


def _hold(pk: UUID, stop: threading.Event) -> None:
    """Hold one connection's line until it is not wanted any more; after trouble wait longer each time."""
    wait = FIRST_WAIT_SECONDS
    try:
        while not stop.is_set():
            started = time.monotonic()
            try:
                if not _held_once(pk, stop):
                    return
            except (ProviderError, SealBroken, KeysMissing) as error:
                logger.warning("The line of the connection %s: %s", pk, error)
            if time.monotonic() - started > LONGEST_WAIT_SECONDS:
                wait = FIRST_WAIT_SECONDS
            stop.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
    finally:
        connections.close_all()


def _held_once(pk: UUID, stop: threading.Event) -> bool:
    """Hold the line once, until it ends. False where there is none to hold."""
    connection = Connection.objects.filter(pk=pk).first()
    if connection is None:
        return False
    provider: Any = registry.provider(connection.provider)
    access = opening.access(connection)
    if not provider.has_line(access):
        return False

    def take(body: bytes) -> None:
        try:
            receiving.receive_over_line(connection, body)
        except receiving.Unreadable:
            logger.warning("What came over the line of the connection %s cannot be read; its bytes were kept.", pk)

    provider.listen(access, take, _going(connection, stop))
    return True


def _going(connection: Connection, stop: threading.Event) -> Going:
    """Return whether to go on: nobody has stopped us, and the credentials are still the same ones."""
    looked = time.monotonic()
    same = True

    def going() -> bool:
        nonlocal looked, same
        if time.monotonic() - looked > LOOK_SECONDS:
            looked = time.monotonic()
            same = Connection.objects.filter(pk=connection.pk, version=connection.version).exists()
        return same and not stop.is_set()

    return going
