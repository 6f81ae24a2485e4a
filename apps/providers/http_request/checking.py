"""Look at an address of one's own: whether it answers at all, and whether an endpoint says what it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.providers import http
from apps.providers.base import Access, Call, CheckResult, Finding, ProviderError
from apps.providers.endings import quoted
from apps.providers.http import Answer, Limits
from apps.providers.http_request import conditions
from apps.providers.http_request.conditions import Reading
from apps.providers.http_request.wire import API
from apps.providers.redaction import redact, secrets_in

CHECK_SECONDS = 5.0
CHECK_BYTES = 64 * 1024


def findings(access: Access) -> list[Finding]:
    """Say whether the address answers; any answer will do, for nobody knows what it offers at its root."""
    try:
        answer = API.read(access, "/")
    except ProviderError as error:
        return [Finding("error", str(error), "address")]
    found = [Finding("ok", f"The address answers ({answer.status}).", "address")]
    if answer.status in (401, 403):
        text = f"The address answered {answer.status}: look whether the headers are right."
        found = [Finding("warning", text, "rights")]
    base = access.base_url.lower()
    if base.startswith("http://") and access.credentials.get("headers"):
        text = "The address begins with http://, so the secret headers travel unencrypted. Use https:// where you can."
        found.append(Finding("warning", text, "encryption"))
    return found


def examined(access: Access, call: Call) -> CheckResult:
    """Ask an endpoint once and judge status, latency, body and headers. Raises ProviderError when nobody answers.

    One request and no second try: a check that repeats would hide what it looks for.
    """
    wanted = call.parameters
    request = API.request(access, "GET", wanted["path"], headers={"Accept": "*/*", "Cache-Control": "no-cache"})
    answer = http.send(request, Limits(CHECK_SECONDS, CHECK_BYTES, cut=True))
    declared = {"status": _status(wanted), "contains": wanted.get("contains"), "json": wanted.get("json")}
    lines = conditions.readings(answer, declared)
    lines.append(_latency(answer, wanted.get("within_ms")))
    lines += [_header(answer, name, value) for name, value in headers(wanted.get("header")).items()]
    secrets = secrets_in(access.credentials)
    shown = tuple((mark, redact(text, secrets)) for mark, text in lines)
    wrong = [text for mark, text in shown if mark == "failed"]
    path = redact(str(wanted["path"]).partition("?")[0], secrets)
    text = f"{path} {'; '.join(wrong or [shown[0][1]])} in {answer.seconds * 1000:.0f} ms."
    return CheckResult(not wrong, text, shown)


def headers(wanted: Any) -> dict[str, str]:
    """Return the wanted headers; “Name: value” and an object mean the same, without a value any will do."""
    if isinstance(wanted, str) and wanted:
        name, _, value = wanted.partition(":")
        return {name.strip(): value.strip()}
    return {str(name): str(value) for name, value in wanted.items()} if isinstance(wanted, Mapping) else {}


def _status(wanted: Mapping[str, Any]) -> int | None:
    return None if wanted.get("status") is None else int(wanted["status"])


def _latency(answer: Answer, within_ms: float | None) -> Reading:
    took = f"took {answer.seconds * 1000:.0f} ms"
    if within_ms is None or answer.seconds * 1000 <= within_ms:
        return "done", took
    return "failed", f"{took}, wanted at most {within_ms:g} ms"


def _header(answer: Answer, name: str, wanted: str) -> Reading:
    seen = answer.headers.get(name.lower())
    if seen is not None and (not wanted or seen == wanted):
        return "done", f"{name}: {quoted(seen)}"
    told = "is absent" if seen is None else f"is “{quoted(seen)}”"
    return "failed", f"{name} {told}, wanted {f'“{quoted(wanted)}”' if wanted else 'any'}"
