"""Ask a public source of advisories which of the installed packages have known flaws, and say what it could not tell.

The source is asked the way https://google.github.io/osv.dev/post-v1-querybatch/ describes. Nothing is ever called
clean because nobody answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from typing import Any
from urllib.parse import quote

from django.conf import settings

from apps.providers import http
from apps.providers.base import ProviderError
from rollback_portal.doctoring import ERROR, OK, Finding

NOT_AUDITED = "unknown"  # beside the levels of doctoring: neither good nor bad, and never taken for good
CLEAN, FLAWED, INCOMPLETE = 0, 1, 3  # what the command ends with; 2 is a wrong command line
AT_ONCE = 200  # packages in one question
LIMITS = http.Limits(total_seconds=30)


@dataclass(frozen=True)
class Package:
    """What is installed. `why_not` says why no public source can know it; empty where one can."""

    name: str
    version: str
    why_not: str = ""


@dataclass(frozen=True)
class Audit:
    """What was found out, and what the command ends with."""

    findings: tuple[Finding, ...]
    ends_with: int


def audit(packages: Sequence[Package] | None = None) -> Audit:
    """Return what the source of advisories says about `packages`, or about everything installed here."""
    packages = installed() if packages is None else packages
    found: list[Finding] = []
    for package in packages:
        if package.why_not:
            found.append(Finding(NOT_AUDITED, f"{package.name} {package.version} was not audited: {package.why_not}"))
    asked = [package for package in packages if not package.why_not]
    for start in range(0, len(asked), AT_ONCE):
        found += _about(asked[start : start + AT_ONCE])
    levels = {finding.level for finding in found}
    if not levels and asked:
        found.append(Finding(OK, f"{len(asked)} packages audited at {_source()}: no known flaw."))
    elif not levels:
        found.append(Finding(NOT_AUDITED, "Nothing is installed that could be audited."))
    ends = FLAWED if ERROR in levels else INCOMPLETE if NOT_AUDITED in levels or not asked else CLEAN
    return Audit(tuple(found), ends)


def installed() -> list[Package]:
    """Return every package that Python could import here, each once, by name."""
    found = {package.name.lower(): package for each in distributions() if (package := _package(each))}
    return [found[name] for name in sorted(found)]


def _package(each: Distribution) -> Package | None:
    name, version = each.metadata["Name"] or "", each.version or ""
    if not name:
        return None
    if name == "rollback-portal":
        return None  # this is it
    if not version:
        return Package(name, "?", "it does not say its version.")
    if each.read_text("direct_url.json"):
        return Package(name, version, "it was not installed from the public index, so no advisory speaks of it.")
    return Package(name, version)


def _about(packages: Sequence[Package]) -> Iterator[Finding]:
    """Yield what is known about these packages; where the source fails, that none of them was audited."""
    try:
        known = _advisories(packages)
    except ProviderError as away:
        names = ", ".join(package.name for package in packages)
        yield Finding(NOT_AUDITED, f"{len(packages)} packages were not audited: {away} Nothing is known about {names}.")
        return
    for package, numbers in zip(packages, known, strict=True):
        for number in numbers:
            if told := _sentence(package, number):
                yield Finding(ERROR, told)


def _advisories(packages: Sequence[Package]) -> list[list[str]]:
    """Return the numbers of the advisories of each package, in their order. Raises ProviderError."""
    asked = {"queries": [{"package": {"name": p.name, "ecosystem": "PyPI"}, "version": p.version} for p in packages]}
    body = json.dumps(asked).encode()
    answer = _exchange("POST", "/v1/querybatch", body)
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or len(results) != len(packages):
        raise http.UnreadableAnswer(f"{_source()} did not answer for every package.")
    return [_numbers(result) for result in results]


def _numbers(result: Any) -> list[str]:
    if not isinstance(result, dict) or result.get("next_page_token"):
        raise http.UnreadableAnswer(f"{_source()} did not say everything it knows.")
    try:
        return [str(each["id"]) for each in result.get("vulns") or []]
    except (TypeError, KeyError):
        raise http.UnreadableAnswer(f"{_source()} named an advisory without a number.") from None


def _sentence(package: Package, number: str) -> str:
    """Return what an advisory says, or an empty text for one that was withdrawn. Without its words, its number."""
    try:
        told = _exchange("GET", f"/v1/vulns/{quote(number, safe='')}")
    except ProviderError:
        told = {}
    told = told if isinstance(told, dict) else {}
    if told.get("withdrawn"):
        return ""
    summary = str(told.get("summary") or "its words could not be read").splitlines()[0][:200]
    fixed = sorted(set(_fixes(told, package.name)))
    advice = f" Fixed in {', '.join(fixed)}." if fixed else ""
    return f"{package.name} {package.version} has a known flaw, {number}: {summary}.{advice}"


def _fixes(told: dict[str, Any], name: str) -> Iterator[str]:
    for affected in told.get("affected") or []:
        if str(affected.get("package", {}).get("name", "")).lower() == name.lower():
            for span in affected.get("ranges") or []:
                yield from (str(event["fixed"]) for event in span.get("events") or [] if "fixed" in event)


def _exchange(method: str, path: str, body: bytes = b"") -> Any:
    headers = {"Content-Type": "application/json"} if body else {}
    request = http.Request(_source(), method, f"{settings.ADVISORIES_URL}{path}", headers, body)
    answer = http.send(request, LIMITS)
    if not answer.ok:
        raise http.UnreadableAnswer(f"{_source()} answered {answer.status}.")
    return answer.json()


def _source() -> str:
    return settings.ADVISORIES_URL.split("://", 1)[-1].partition("/")[0]
