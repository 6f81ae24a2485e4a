"""What a provider that keeps settings for releases can also tell: their names, when they changed, never their values.

A value is told only as a keyed fingerprint, so that two looks can be compared and nobody can guess a short secret from
what is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from apps.providers.base import Access

FINGERPRINT_DIGITS = 16
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class Variable:
    """One setting as it is, or as a deployment was built with it.

    `fingerprint` is empty where the provider does not tell the value. `changed_at` is its last change; None where that
    is not known, or where it was changed after the deployment was built.
    """

    name: str
    fingerprint: str = ""
    changed_at: datetime | None = None

    @property
    def readable(self) -> bool:
        """Whether the provider tells the value, so that it can be put back."""
        return bool(self.fingerprint)


@dataclass(frozen=True)
class Change:
    """How one setting differs between two looks: `kind` is added, removed or changed."""

    name: str
    kind: str
    before: str = ""  # fingerprints; empty where there is none
    after: str = ""
    changed_at: datetime | None = None


@runtime_checkable
class Variables(Protocol):
    """Optional ability; ask with `isinstance(provider, Variables)`. Only reads; raises ProviderError."""

    def variables(self, access: Access, key: bytes, deployment: str = "") -> Sequence[Variable]:
        """Return production's settings now, or those that `deployment` was built with, in the order of their names.

        `key` keys the fingerprints: only looks with the same key can be compared.
        """


def fingerprint(key: bytes, name: str, value: str) -> str:
    """Return a short keyed digest of a value, 16 lowercase hex digits; the same value elsewhere gives another one."""
    told = f"{len(name)}:{name}:{value}".encode("utf-8", "surrogatepass")
    return hmac.new(key, told, hashlib.sha256).hexdigest()[:FINGERPRINT_DIGITS]


def changes(before: Sequence[Variable], after: Sequence[Variable]) -> list[Change]:
    """Return what differs between two looks, by name. Where a value cannot be read, the times of change decide."""
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    found = []
    for name in sorted(old | new):
        was, now = old.get(name), new.get(name)
        if was is None and now is not None:
            found.append(Change(name, ADDED, "", now.fingerprint, now.changed_at))
        elif now is None and was is not None:
            found.append(Change(name, REMOVED, was.fingerprint, ""))
        elif was and now and _differ(was, now):
            found.append(Change(name, CHANGED, was.fingerprint, now.fingerprint, now.changed_at))
    return found


def _differ(was: Variable, now: Variable) -> bool:
    if was.readable and now.readable:
        return was.fingerprint != now.fingerprint
    return was.changed_at is None or was.changed_at != now.changed_at
