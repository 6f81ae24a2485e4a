"""Look at a state as the plan declares it: one GET, and what its answer says about exactly the declared things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.providers.base import Access, Observation, Seen
from apps.providers.http_request import conditions
from apps.providers.http_request.wire import API, path_problem
from apps.providers.redaction import redact, secrets_in


def problem(declared: Any) -> str:
    """Return why a state cannot be looked at as it is written, or an empty text."""
    found = conditions.problem(declared, "observed", more=("path",), needs_one=True)
    return found or (f"“observed.path”: {text}" if (text := path_problem(declared.get("path"))) else "")


def observation(access: Access, declared: Mapping[str, Any]) -> Observation:
    """Say whether the state is as declared. Raises ProviderError where the answer does not tell it.

    That something is not there (404, 410) is an answer; a refusal, a failure or a page without the declared
    members is none.
    """
    answer = API.read(access, declared["path"])
    wanted = conditions.statuses(declared)
    readable = answer.ok or answer.status in conditions.ABSENT or answer.status in wanted
    if not readable:
        raise API.unreadable(access, answer, f"The state at {declared['path']}")
    secrets = secrets_in(access.credentials)
    told = {
        redact(name, secrets): redact(value, secrets) if isinstance(value, str) else value
        for name, value in conditions.facts(answer, declared).items()
    }
    if conditions.fits(answer, declared):
        return Observation(Seen.DESIRED, f"{declared['path']} is as declared.", told, told)
    wrong = redact(conditions.unmet(answer, declared), secrets)
    return Observation(Seen.OTHER, f"{declared['path']} {wrong}.", told, told)
