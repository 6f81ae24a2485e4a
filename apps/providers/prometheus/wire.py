"""How Prometheus is asked: one expression, one number back, or the reason why there is none.

Source: prometheus/prometheus docs/querying/api.md. Values are texts and may be "NaN" or "+Inf"; no result is no 0.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, credential
from apps.providers.endings import dig, quoted
from apps.providers.examining import finite
from apps.providers.redaction import redact, secrets_in


def signed_in(access: Access) -> Mapping[str, str]:
    """Return the headers that a proxy before Prometheus asks for: a bearer token, a name and password, or none."""
    if access.credentials.get("token"):
        return {"Authorization": f"Bearer {credential(access, 'token', 'Prometheus')}"}
    if access.credentials.get("password"):
        text = f"{access.settings.get('username', '')}:{credential(access, 'password', 'Prometheus')}"
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}
    return {}


API = Api("Prometheus", "", signed_in)  # every installation has an address of its own


@dataclass(frozen=True)
class Reading:
    """One number at one moment; None where the expression has no result or none that is a number."""

    value: float | None
    why: str = ""
    as_of: datetime | None = None
    warnings: Sequence[str] = ()


def ask(access: Access, expression: str, what: str) -> Reading:
    """Return the one number that an expression has now, by Prometheus' clock. Raises ProviderError."""
    answer = API.read(access, "/api/v1/query", {"query": expression})
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    body = answer.json()
    if dig(body, "status") != "success":
        said = API.said(access, answer) or "something that is not a result"
        raise ProviderError(f"{what} could not be read: Prometheus answered “{said}”.")
    secrets = secrets_in(access.credentials)
    warnings = [quoted(redact(str(text), secrets)) for name in ("warnings", "infos") for text in dig(body, name) or []]
    return _reading(dig(body, "data", "resultType"), dig(body, "data", "result"), what, warnings)


def _reading(kind: Any, result: Any, what: str, warnings: Sequence[str]) -> Reading:
    if kind not in ("vector", "scalar") or not isinstance(result, list):
        text = f"{what} is a {quoted(kind or 'nothing')} and no single number. Write an expression with one number."
        raise ProviderError(text)
    if kind == "vector" and len(result) > 1:
        text = f"{what} has {len(result)} series. Bring them together, with sum(…) or max(…) for instance."
        raise ProviderError(text)
    if not result:
        return Reading(None, "there is no series that fits", warnings=warnings)
    pair = result if kind == "scalar" else dig(result, 0, "value")
    moment, value = finite(dig(pair, 0)), finite(dig(pair, 1))
    if moment is None or not isinstance(pair, list):
        raise ProviderError(f"{what} could not be read: Prometheus answered with something that is not a number.")
    why = "" if value is not None else f"the result is {_word(dig(pair, 1))}"
    return Reading(value, why, datetime.fromtimestamp(moment, UTC), warnings)


def _word(value: Any) -> str:
    return str(value) if value in ("NaN", "+Inf", "-Inf") else "no number"
