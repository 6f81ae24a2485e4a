"""Ask a public address a question and say whether the answer holds. Sends no credentials, follows no redirect.

Addresses are typed by people, so the rules of reference rows 38 to 42 apply: only https on its own port unless the
operator opened the address, at most 64 KB are read within 5 seconds, and no more than a few words are shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from apps.deployments.models import Environment
from apps.providers import http
from apps.providers.base import ProviderError

CHECK_SECONDS = 5.0
CHECK_BYTES = 64 * 1024
SHOWN = 200  # characters of an answer that may be shown
METHODS = frozenset({"GET", "HEAD", "POST"})
LIMITS = http.Limits(CHECK_SECONDS, CHECK_BYTES, cut=True, public_ports=frozenset({443}))

Reading = tuple[str, str]


@dataclass(frozen=True)
class Result:
    """What came of a check. `readings` are lines for people: (mark, text), a mark is done, failed or unknown.

    `unreadable` says that no whole answer came, so nothing is known about the service.
    """

    ok: bool
    message: str
    readings: tuple[Reading, ...] = ()
    status: int | None = None
    milliseconds: int | None = None
    unreadable: bool = False


def run_check(environment: Environment, check: Mapping[str, Any]) -> Result:
    """Ask once what a playbook's check asks: `{path | url, method, status, contains, header, json}`. Never raises.

    A `path` is joined to the environment's public address. Without `status` every 2xx counts.
    """
    url = address(environment, check)
    if not url:
        return Result(
            False,
            f"{environment} has no public address, so it cannot be checked. Enter one.",
            unreadable=True,
        )
    method = str(check.get("method") or "GET").upper()
    if method not in METHODS:
        return Result(False, f"A check cannot use the method {method}.", unreadable=True)
    try:
        answer = ask(url, method)
    except ProviderError as error:
        return Result(False, str(error), (("unknown", str(error)),), unreadable=True)
    readings = tuple(_judge(answer, check))
    ok = all(mark == "done" for mark, _ in readings)
    milliseconds = round(answer.seconds * 1000)
    return Result(ok, _sentence(url, answer, readings), readings, answer.status, milliseconds)


def address(environment: Environment, check: Mapping[str, Any]) -> str:
    """Return the whole address that a check asks, or an empty text when the environment has no public address."""
    if url := str(check.get("url") or ""):
        return url
    base = environment.public_url
    return urljoin(base.rstrip("/") + "/", str(check.get("path") or "/").lstrip("/")) if base else ""


def ask(url: str, method: str = "GET", limits: http.Limits = LIMITS) -> http.Answer:
    """Exchange one request without credentials. Raises ProviderError with a sentence."""
    shown = urlsplit(url)
    request = http.Request(shown.netloc or url[:100], method, url, {"Accept": "*/*", "Cache-Control": "no-cache"})
    return http.send(request, limits)


def found(value: Any, wanted: Any) -> bool:
    """Say whether `value` contains what is `wanted`: an object each of whose members is there, anything else equal."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(k in value and found(value[k], v) for k, v in wanted.items())
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _judge(answer: http.Answer, check: Mapping[str, Any]) -> list[Reading]:
    readings = [_status(answer, check.get("status"))]
    if text := str(check.get("contains") or ""):
        there = text in answer.body.decode("utf-8", "replace")
        readings.append(_reading(there, f"says “{text}”", f"does not say “{text}”"))
    for name, wanted in _headers(check.get("header")).items():
        seen = answer.headers.get(name.lower())
        right = seen is not None and (not wanted or seen == wanted)
        readings.append(
            _reading(right, f"{name}: {seen}", f"{name} is {_quoted(seen)}, wanted {_quoted(wanted or 'any')}")
        )
    if (wanted_json := check.get("json")) is not None:
        readings.append(_json(answer, wanted_json))
    return readings


def _status(answer: http.Answer, wanted: Any) -> Reading:
    right = answer.status == int(wanted) if wanted else answer.ok
    return _reading(right, f"answered {answer.status}", f"answered {answer.status}, wanted {wanted or '2xx'}")


def _json(answer: http.Answer, wanted: Any) -> Reading:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "failed", "did not answer with JSON"
    words = json.dumps(wanted, ensure_ascii=False)[:SHOWN]
    return _reading(found(value, wanted), f"has {words}", f"does not have {words}")


def _headers(wanted: Any) -> dict[str, str]:
    if isinstance(wanted, str) and wanted:
        name, _, value = wanted.partition(":")
        return {name.strip(): value.strip()}
    return {str(name): str(value) for name, value in wanted.items()} if isinstance(wanted, Mapping) else {}


def _reading(right: bool, yes: str, no: str) -> Reading:
    return ("done", yes) if right else ("failed", no)


def _quoted(text: Any) -> str:
    return "absent" if text is None else f"“{str(text)[:SHOWN]}”"


def _sentence(url: str, answer: http.Answer, readings: tuple[Reading, ...]) -> str:
    wrong = [text for mark, text in readings if mark == "failed"]
    place = urlsplit(url).path or "/"
    return f"{place} {'; '.join(wrong or [readings[0][1]])} in {answer.seconds * 1000:.0f} ms."
