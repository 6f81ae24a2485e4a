"""What an answer must be like, as it is declared in a plan: `{status, json, contains}`, and whether an answer is so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from apps.providers.base import ProviderError
from apps.providers.endings import quoted
from apps.providers.http import Answer

MEMBERS = ("status", "json", "contains")
ABSENT = frozenset({404, 410})  # the thing that was asked for is not there, which is also an answer
Reading = tuple[str, str]


def problem(declared: Any, name: str, *, more: tuple[str, ...] = (), needs_one: bool = False) -> str:
    """Return why a condition cannot be judged as it is written, or an empty text. `more` are further members."""
    if not isinstance(declared, Mapping):
        return f"“{name}” must be an object with {', '.join((*more, *MEMBERS))}."
    if unknown := [str(member) for member in declared if member not in (*more, *MEMBERS)]:
        return f"“{name}” has no member “{quoted(unknown[0])}”; it may have {', '.join((*more, *MEMBERS))}."
    given = {member: declared[member] for member in MEMBERS if declared.get(member) is not None}
    if needs_one and not given:
        return f"“{name}” must say what the answer is like: {', '.join(MEMBERS)}."
    if "status" in given and not all(_is_status(one) for one in statuses(given)):
        return f"“{name}.status” must be a status from 200 to 499, or a list of them."
    if "contains" in given and not (isinstance(given["contains"], str) and given["contains"]):
        return f"“{name}.contains” must be a text."
    if "json" in given and not given["json"] and isinstance(given["json"], Mapping | list):
        return f"“{name}.json” is empty, so everything would fit it."
    return ""


def statuses(declared: Mapping[str, Any]) -> list[Any]:
    """Return the statuses that are declared, or an empty list, which stands for every 2xx."""
    wanted = declared.get("status")
    return [] if wanted is None else list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def readings(answer: Answer, declared: Mapping[str, Any]) -> list[Reading]:
    """Return one line for each thing that is declared: (done or failed, text)."""
    wanted = statuses(declared)
    words = ", ".join(map(str, wanted)) or "2xx"
    right = answer.status in wanted if wanted else answer.ok
    found = [_reading(right, f"answered {answer.status}", f"answered {answer.status}, wanted {words}")]
    if text := declared.get("contains"):
        said = f"“{quoted(text)}”"
        found.append(_reading(_says(answer, text), f"says {said}", f"does not say {said}"))
    if declared.get("json") is not None:
        found.append(_json_reading(answer, declared["json"]))
    return found


def fits(answer: Answer, declared: Mapping[str, Any]) -> bool:
    """Say whether an answer is as declared."""
    return all(mark == "done" for mark, _ in readings(answer, declared))


def unmet(answer: Answer, declared: Mapping[str, Any]) -> str:
    """Return in words what is not as declared."""
    return "; ".join(text for mark, text in readings(answer, declared) if mark == "failed")


def facts(answer: Answer, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the answer says about exactly the declared things; a change of it is drift.

    Raises ProviderError where it does not say it: a refusal, no JSON, a declared member that is not there.
    """
    told: dict[str, Any] = {}
    if statuses(declared) or answer.status in ABSENT:
        told["status"] = answer.status
    if declared.get("contains"):
        told["contains"] = _says(answer, declared["contains"])
    if declared.get("json") is not None and answer.status not in ABSENT:
        told.update(_leaves(answer.json(), declared["json"], ""))
    return told


def contains(value: Any, wanted: Any) -> bool:
    """Say whether `value` has all that is `wanted`: each member of an object, anything else equal."""
    if isinstance(wanted, Mapping):
        if not isinstance(value, Mapping):
            return False
        return all((name in value or each is None) and contains(value.get(name), each) for name, each in wanted.items())
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _leaves(value: Any, wanted: Any, path: str) -> dict[str, Any]:
    """Return the values at the places that `wanted` names. Raises ProviderError for a place that is not there."""
    if not isinstance(wanted, Mapping):
        return {path or "/": _short(value)}
    if not isinstance(value, Mapping):
        raise ProviderError(f"The answer has no object at “{quoted(path or '/')}”, so it does not tell the state.")
    found: dict[str, Any] = {}
    for name, each in wanted.items():
        here = f"{path}/{name}"
        if name not in value and each is not None:
            raise ProviderError(f"The answer has no “{quoted(here)}”, so it does not tell the state.")
        found.update(_leaves(value.get(name), each, here))
    return found


def _short(value: Any) -> Any:
    """Return a value that may be kept: scalars that are short as they are, all else by its fingerprint."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text if isinstance(value, str) and len(text) <= 100 else hashlib.sha256(text.encode()).hexdigest()


def _json_reading(answer: Answer, wanted: Any) -> Reading:
    words = quoted(json.dumps(wanted, ensure_ascii=False))
    try:
        value = answer.json()
    except ProviderError:
        return "failed", "did not answer with JSON"
    return _reading(contains(value, wanted), f"has {words}", f"does not have {words}")


def _says(answer: Answer, text: str) -> bool:
    return text in answer.body.decode("utf-8", "replace")


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 499


def _reading(right: bool, yes: str, no: str) -> Reading:
    return ("done", yes) if right else ("failed", no)
