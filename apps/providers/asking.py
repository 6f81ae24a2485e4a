"""Ask a provider one of its checks now, through a connection. Changes nothing anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.providers import entering, permissions, sealing
from apps.providers.base import Call, CheckResult
from apps.providers.examining import unreadable
from apps.providers.models import Connection
from apps.providers.opening import access
from apps.timeline.answers import Unacceptable


def examine(connection: Connection, *, by: Any, check: str, parameters: Mapping[str, Any]) -> CheckResult:
    """Return what the check finds; what cannot be read is an answer as well. Call it outside any transaction.

    Raises Forbidden, or Unacceptable for a check or parameters that the provider does not take.
    """
    permissions.may_check(by, connection).or_refuse()
    provider, call = entering.known_provider(connection.provider), Call(check, dict(parameters))
    if problems := provider.check_problems(call):
        known = any(check == declared.name for declared in provider.checks)
        raise Unacceptable(" ".join(problems), field="parameters" if known else "check")
    try:
        return provider.examine(access(connection), call)
    except (sealing.SealBroken, sealing.KeysMissing) as error:
        return unreadable(str(error))
