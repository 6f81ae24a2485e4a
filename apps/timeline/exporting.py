"""Writes the record as lines of JSON with exactly what is hashed, for a verifier that trusts no database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from apps.timeline.clock import database_now
from apps.timeline.models import Head
from apps.timeline.reading import moment
from apps.timeline.verifying import Row, genesis, rows

FORMAT = "rollback-portal-record"
VERSION = 1
RECIPE = (
    "hash = SHA-256(previous_hash, seq in 8 bytes, SHA-256(body in UTF-8), actor in UTF-8, recorded_at in 8 bytes); "
    "numbers with the highest byte first; recorded_at in microseconds since 1970-01-01 UTC; previous_hash of number 1 "
    "is SHA-256(organisation in UTF-8)"
)


def lines(organisation: Any) -> Iterator[str]:
    """Yield the export of an organisation line by line, in constant memory: what it is, then one record per line.

    It ends where the chain ended when it was begun; what is recorded meanwhile is left out.
    """
    head = Head.objects.filter(organisation_id=organisation.pk).first() or Head(organisation_id=organisation.pk)
    yield _line(_beginning(organisation, head))
    for row in rows(organisation.pk, head.seq):
        yield _line(_record(row))


def _beginning(organisation: Any, head: Head) -> dict[str, Any]:
    link = bytes(head.hash) if head.seq else genesis(organisation.pk)
    return {
        "format": FORMAT,
        "version": VERSION,
        "organisation": str(organisation.pk),
        "slug": organisation.slug,
        "name": organisation.name,
        "exported_at": moment(database_now()),
        "records": head.seq,
        "hash": link.hex(),
        "recipe": RECIPE,
    }


def _record(row: Row) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "recorded_at": row.at,
        "actor": row.actor,
        "body": row.body,
        "previous_hash": bytes(row.previous or b"").hex(),
        "hash": bytes(row.hash or b"").hex(),
    }


def _line(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"
