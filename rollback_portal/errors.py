"""What people and programs see when an address, a form or the portal itself is wrong."""

from __future__ import annotations

import logging
import sys
from uuid import uuid4

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from apps.accounts import refusing
from apps.accounts.programs import TooOften, problem
from apps.timeline.answers import Forbidden, Unacceptable

log = logging.getLogger("apps.errors")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the answer to a request that Django itself could not read."""
    refusal = Unacceptable("The request could not be read.")
    refusal.status = 400
    return refusing.show(request, refusal)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the answer to a deed without the right."""
    return refusing.show(request, Forbidden(str(exception or "") or "You may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the answer to a form that did not come from our own page."""
    told = "This form has grown old, or it did not come from this portal. Load the page again."
    return refusing.show(request, Forbidden(told, code="csrf"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the one answer for whatever is not here."""
    return refusing.not_found(request)


def too_often(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the answer to too many tries."""
    answer = refusing.show(request, TooOften("There were too many tries in a short time.", retry_after=60))
    answer["Retry-After"] = "60"
    return answer


def broken(request: HttpRequest) -> HttpResponse:
    """Return an answer with nothing but a number that the log has too. Asks neither database nor session."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _away(request)
    number = uuid4().hex[:12]
    log.error("error %s: %s %s", number, request.method, ascii(request.path))
    if request.path.startswith("/api/"):
        told = "The portal made a mistake. Ask its operator to look for this number in the log."
        return problem(500, "broken", told, error=number)
    return HttpResponse(_page(f"Its number in the log is {number}."), status=500)


def _away(request: HttpRequest) -> HttpResponse:
    """Say that the database is away; the answer to a COMMIT may have been lost, so nothing is claimed about it."""
    told = "The database does not answer at this moment. Look whether the last change was kept before you repeat it."
    log.error("the database is away: %s %s", request.method, ascii(request.path))
    api = request.path.startswith("/api/")
    answer = problem(503, "database_away", told) if api else HttpResponse(_page(told), status=503)
    answer["Retry-After"] = "2"
    return answer


def _page(reason: str) -> str:
    """Return the page of a mistake; where even templates are broken, one plain sentence."""
    try:
        return render_to_string("errors/500.html", {"reason": reason})
    except Exception:
        log.exception("the page of a mistake could not be made")
        return f"<!doctype html><title>Rollback Portal</title><p>The portal made a mistake. {reason}</p>"
