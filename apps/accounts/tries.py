"""Guessing is slowed down: ten wrong tries in a quarter of an hour for an account from one address.

The counters are allauth's, in the cache that settings put into a table of Postgres: losing Valkey resets nothing.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

TOO_MANY = "too_many_login_attempts"
WAIT_SECONDS = 900  # the window of ACCOUNT_RATE_LIMITS["login_failed"]


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from, through as many proxies as are trusted.

    By a Unix socket nobody tells; such requests count together.
    """
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return ""


def told(answer: HttpResponse, form: Any) -> HttpResponse:
    """Make the answer a 429 when `form` (or None) says that there were too many tries."""
    listed = form.errors.as_data().values() if form is not None else ()
    if any(error.code == TOO_MANY for errors in listed for error in errors):
        answer.status_code = 429
        answer["Retry-After"] = str(WAIT_SECONDS)
    return answer
