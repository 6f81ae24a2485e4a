"""Call one provider's API: join its address, sign in, read with short retries, change with exactly one
request.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import stamina

from apps.providers import http
from apps.providers.base import Access, ProviderError, Sending
from apps.providers.endings import NOT_DEFINITIVE, dig, quoted, wait_of
from apps.providers.http import Answer, Limits, Lost, NotSent, Request, TooMuch
from apps.providers.redaction import redact, secrets_in

READING_SECONDS = 12.0
READ_TRIES = 3
LONGEST_READ_WAIT_SECONDS = 2.0

Query = Mapping[str, str | int | None]


class Denied(ProviderError):
    """The provider refused to be read, for good: asking again will not help."""


class _Passing(Exception):
    """A read that is worth another try; carries how it ended and how long to wait."""

    def __init__(self, ended: Answer | ProviderError) -> None:
        super().__init__()
        self.ended = ended


def segment(value: Any, what: str, limit: int = 64) -> str:
    """Return an id quoted for a path. Raises ProviderError for anything but letters, digits, `_`, `.` and
    `-`.
    """
    text = str(value or "")
    if not re.fullmatch(rf"[A-Za-z0-9_.-]{{1,{limit}}}", text) or text in (".", ".."):
        raise ProviderError(f"“{quoted(text)}” cannot be {what}: use letters, digits, “_”, “.” and “-” only.")
    return quote(text, safe="")


@dataclass(frozen=True)
class Api:
    """How one provider speaks: its name, where it is when a connection does not say, and the headers that
    sign in.
    """

    name: str
    default_base_url: str
    sign_in: Callable[[Access], Mapping[str, str]]
    answers: frozenset[int] = frozenset()  # statuses from 500 on that are a whole answer, so not asked again

    def read(self, access: Access, path: str, query: Query | None = None, **more: Any) -> Answer:
        """Ask without changing anything; up to three tries on 429 with a short wait, 5xx and broken
        connections.

        `more` is given to `request`. Returns the last answer whatever its status. Raises ProviderError.
        """
        request = self.request(access, more.pop("method", "GET"), path, query, **more)
        until = time.monotonic() + READING_SECONDS
        try:
            for attempt in stamina.retry_context(
                on=_wait,
                attempts=READ_TRIES,
                timeout=READING_SECONDS,
                wait_initial=0.1,
                wait_max=1.0,
                wait_jitter=0.1,
            ):
                with attempt:
                    return _once(request, until, self.answers)
        except _Passing as passing:
            if isinstance(passing.ended, ProviderError):
                raise passing.ended
            return passing.ended
        raise AssertionError("a read ends with an answer or an error")

    def change(
        self,
        access: Access,
        sending: Sending,
        method: str,
        path: str,
        query: Query | None = None,
        **more: Any,
    ) -> Answer:
        """Send the one mutating request and return its answer, whatever its status. Never repeats.

        Raises NotSent or Lost.
        """
        headers = {**(more.pop("headers", None) or {}), "X-Attempt-Id": sending.attempt_id}
        request = self.request(access, method, path, query, headers=headers, **more)
        limits = Limits(total_seconds=min(http.TOTAL_SECONDS, sending.deadline_seconds))
        return http.send(request, limits, permit=sending.permit)

    def request(
        self,
        access: Access,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        base_url: str = "",
        shown: str = "",
    ) -> Request:
        """Return the request for `path` under the connection's address, signed in. `body` is sent as JSON."""
        base = (access.base_url or base_url or self.default_base_url).rstrip("/")
        if not base:
            raise NotSent(f"The connection to {self.name} has no address. Nothing was sent.")
        if "?" in base:
            raise NotSent(f"The address of {self.name} may not contain “?”. Nothing was sent.")
        given = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        text = urlencode(given, quote_via=quote)
        url = f"{base}{path}" + (("&" if "?" in path else "?") + text if text else "")
        together = {**self.sign_in(access), **(headers or {})}
        content = b""
        if body is not None:
            content = json.dumps(body, separators=(",", ":")).encode()
            together.setdefault("Content-Type", "application/json; charset=utf-8")
        return Request(self.name, method, url, together, content, secrets_in(access.credentials), shown)

    def said(self, access: Access, answer: Answer) -> str:
        """Return the provider's own error text from an answer, redacted and short, or an empty text."""
        try:
            body = answer.json()
        except ProviderError:
            return ""
        error = dig(body, "error") or dig(body, "err") or dig(body, "detail") or body
        parts = [error] if isinstance(error, str) else [dig(error, "message"), *(dig(error, "errors") or [])]
        if not any(parts):
            parts = [dig(error, "code")]
        text = "; ".join(str(part) for part in parts if isinstance(part, str | int) and part)
        return quoted(redact(text, secrets_in(access.credentials)))

    def unreadable(self, access: Access, answer: Answer, what: str) -> ProviderError:
        """Return the error that says that `what` could not be read, and why."""
        denied = answer.status in (401, 403)
        advice = " Check the connection's credentials and rights." if denied else ""
        said = self.said(access, answer)
        quote_ = f" It says: “{said}”." if said else ""
        for_good = 400 <= answer.status < 500 and answer.status not in NOT_DEFINITIVE
        return (Denied if for_good else ProviderError)(
            f"{what} could not be read: {self.name} answered {answer.status}.{quote_}{advice}"
        )


def credential(access: Access, name: str, provider: str) -> str:
    """Return one opened credential as a text. Raises NotSent when the connection does not have it."""
    value = access.credentials.get(name)
    if not isinstance(value, str) or not value.strip():
        raise NotSent(f"The connection to {provider} has no “{name}”. Nothing was sent; enter it in the connection.")
    return value.strip()


def _once(request: Request, until: float, answers: frozenset[int]) -> Answer:
    left = until - time.monotonic()
    try:
        answer = http.send(request, Limits(total_seconds=max(left, 0.1)), fresh=False)
    except TooMuch:
        raise  # it will be too much the next time as well
    except (NotSent, Lost) as error:
        raise _Passing(error)
    if answer.status == 429 or (answer.status >= 500 and answer.status not in answers):
        raise _Passing(answer)
    return answer


def _wait(error: Exception) -> bool | float:
    """Tell stamina whether to try again, and after how many seconds where the provider asks for some."""
    if not isinstance(error, _Passing):
        return False
    if isinstance(error.ended, ProviderError):
        return True
    seconds = wait_of(error.ended)
    if seconds is None:
        return error.ended.status >= 500
    return seconds if seconds <= LONGEST_READ_WAIT_SECONDS else False
