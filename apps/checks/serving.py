"""Ask the public address which version answers. The proof that a change has reached customers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from apps.checks import http
from apps.deployments.models import Deployment, Environment
from apps.providers.base import ProviderError
from apps.providers.http import Answer

SATISFIED, NOT_YET, UNREADABLE = "satisfied", "not_yet", "unreadable"


@dataclass(frozen=True)
class Serving:
    """Which version answers, or None when that could not be read; `text` says it in words."""

    version: str | None
    text: str
    status: int | None = None


@dataclass(frozen=True)
class Served:
    """Whether one deployment is what answers: `proof` is satisfied, not_yet or unreadable."""

    proof: str
    text: str
    version: str | None = None


def serving(environment: Environment) -> Serving:
    """Ask once which version answers, as `environment.serving` says: `{path, header | json}`. Never raises."""
    rule = environment.serving or {}
    url = http.address(environment, rule)
    if not url or not (rule.get("header") or rule.get("json")):
        return Serving(None, f"{environment} does not say how its version can be read.")
    try:
        answer = http.ask(url)
    except ProviderError as error:
        return Serving(None, str(error))
    return read(answer, rule)


def read(answer: Answer, rule: dict[str, Any]) -> Serving:
    """Take the version out of an answer, by the header or the JSON member (dotted for deeper ones) of `rule`."""
    version = _header(answer, rule) if rule.get("header") else _member(answer, str(rule.get("json") or ""))
    if version:
        return Serving(version[:100], f"answers {version[:100]}", answer.status)
    where = f"the header {rule['header']}" if rule.get("header") else f"“{rule.get('json')}”"
    return Serving(None, f"answered {answer.status} without {where}, so the version cannot be read", answer.status)


def serves(environment: Environment, deployment: Deployment) -> Served:
    """Ask once whether `deployment` is what answers; its reference, its version and its commit all count."""
    seen = serving(environment)
    if seen.version is None:
        return Served(UNREADABLE, seen.text)
    if matches(seen.version, deployment):
        return Served(SATISFIED, f"answers {seen.version}", seen.version)
    return Served(NOT_YET, f"still answers {seen.version}", seen.version)


def matches(seen: str, deployment: Deployment) -> bool:
    """Say whether a version that was seen is this deployment. Short commits count from 7 characters on."""
    if seen in {deployment.reference, deployment.version, deployment.commit} - {""}:
        return True
    if seen.removeprefix("v") == deployment.version.removeprefix("v"):
        return True
    short, long = sorted((seen.lower(), deployment.commit.lower()), key=len)
    return len(short) >= 7 and long.startswith(short)


def _header(answer: Answer, rule: dict[str, Any]) -> str:
    return answer.headers.get(str(rule["header"]).lower(), "").strip()


def _member(answer: Answer, path: str) -> str:
    try:
        value: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
