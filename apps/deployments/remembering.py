"""Keep with which settings each deployment was built, by fingerprint, and from two of them what a release changed.

The host is asked ahead of need, never by a page and never in a transaction. Values are not kept: a fingerprint says
only whether two are the same, under a key that is the portal's and the organisation's own.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.deployments.hosted import host_of
from apps.deployments.models import Deployment, Environment
from apps.providers import opening, sealing
from apps.providers.base import Access, ProviderError
from apps.providers.calling import Denied
from apps.providers.registry import provider
from apps.providers.variables import Change, Variable, Variables, changes

logger = logging.getLogger(__name__)

AT_ONCE = 3  # deployments per look: each one costs the host some requests
NEWEST = 20


def remember_variables(environment: Environment) -> int:
    """Ask the host about the newest deployments that were not asked about yet; returns how many were. Repeatable.

    What can never be read (a removed deployment, a missing right) is kept as such; what failed is tried the next time.
    """
    connection = host_of(environment)
    host = provider(connection.provider) if connection else None
    if connection is None or not isinstance(host, Variables):
        return 0
    newest = list(environment.deployments.order_by("-deployed_at", "-pk")[:NEWEST])
    mark = _mark_of(fingerprint_key(environment))
    waiting = [row for row in newest if (row.variables or {}).get("key") != mark][:AT_ONCE]
    if not waiting:
        return 0
    asked = 0
    try:
        access = opening.access(connection)
        for row in waiting:
            _ask(host, access, row)
            asked += 1
    except (ProviderError, sealing.SealBroken, sealing.KeysMissing) as error:
        logger.warning("the variables of %s could not be read: %s", environment, error)
    _tell_changes(newest)
    return asked


def fingerprint_key(environment: Environment) -> bytes:
    """Return the secret that keys the fingerprints of one organisation."""
    return hmac.new(
        settings.SECRET_KEY.encode(), f"variables:{environment.organisation_id}".encode(), "sha256"
    ).digest()


def _mark_of(key: bytes) -> str:
    """Return by which a key is known again: after SECRET_KEY was changed, everything is asked anew."""
    return hashlib.sha256(key).hexdigest()[:8]


def _ask(host: Variables, access: Access, row: Deployment) -> None:
    key = fingerprint_key(row.environment)
    kept: dict[str, Any] = {"at": timezone.now().isoformat(), "key": _mark_of(key)}
    try:
        kept["seen"] = [_written(one) for one in host.variables(access, key, row.reference)]
    except Denied as error:
        kept["problem"] = str(error)[:300]
    row.variables = kept
    row.save(update_fields=["variables"])


def _tell_changes(newest: list[Deployment]) -> None:
    """Fill in what each release changed against the one before it, where nobody has told it."""
    for row, before in pairwise(newest):
        if row.env_changes or not _comparable(row, before):
            continue
        found = changes(_read(before), _read(row))
        if found:
            row.env_changes = [_told(change) for change in found]
            row.save(update_fields=["env_changes"])


def _comparable(row: Deployment, before: Deployment) -> bool:
    """Say whether both were read, and fingerprinted with the same key."""
    one, other = row.variables or {}, before.variables or {}
    return "seen" in one and "seen" in other and one["key"] == other["key"]


def _told(change: Change) -> dict[str, str]:
    told = {"name": change.name, "change": change.kind, "before": change.before, "after": change.after}
    return {name: text for name, text in told.items() if text}


def _written(variable: Variable) -> dict[str, str]:
    changed = variable.changed_at.isoformat() if variable.changed_at else ""
    return {"name": variable.name, "fingerprint": variable.fingerprint, "changed_at": changed}


def _read(row: Deployment) -> list[Variable]:
    return [_variable(one) for one in (row.variables or {}).get("seen", [])]


def _variable(kept: Mapping[str, str]) -> Variable:
    changed = datetime.fromisoformat(kept["changed_at"]) if kept["changed_at"] else None
    return Variable(kept["name"], kept["fingerprint"], changed)
