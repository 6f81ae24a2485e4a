"""What a refusal looks like: a full page, a banner for htmx, or a problem document for a program."""

from __future__ import annotations

import psycopg
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from psycopg.errors import DeadlockDetected, LockNotAvailable, UniqueViolation

from apps.accounts.events import DEED_REFUSED
from apps.accounts.programs import problem_of
from apps.timeline.answers import Forbidden, Missing, Refused
from apps.timeline.log import record

PAGES = {403, 404, 409, 429}  # every other refusal is shown on the page of 400
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def show(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Return the refusal with its status; htmx gets a banner that leaves the form as it is."""
    keep(request, refusal)
    if request.path.startswith("/api/"):
        return problem_of(refusal)
    if request.headers.get("HX-Request") == "true":
        answer = render(request, "accounts/_refusal.html", {"refusal": refusal}, status=refusal.status)
        answer["HX-Retarget"], answer["HX-Reswap"] = ".messages", "beforeend"
        return answer
    page = refusal.status if refusal.status in PAGES else 400
    context = {**refusal.extra, "reason": refusal.message}
    return render(request, f"errors/{page}.html", context, status=refusal.status)


def lost_race(error: Exception) -> Refused | None:
    """Return the refusal for a write that somebody else was quicker with, or None for any other error."""
    if isinstance(error.__cause__, UniqueViolation):
        return Refused("Somebody else did the same at the same moment. Nothing was changed here; read it again.")
    cause = error.__cause__
    if isinstance(cause, psycopg.Error) and (cause.sqlstate or "").startswith("RG"):  # our own rules, kept by Postgres
        return Refused(f"{cause.diag.message_primary} Nothing was changed here; read it again.")
    if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
        return Refused("Somebody else is changing this right now. Nothing was changed here; try again.", code="busy")
    return None


def not_found(request: HttpRequest) -> HttpResponse:
    """Return the one answer for whatever is foreign, unknown or gone."""
    return show(request, Missing("There is no such thing here."))


def keep(request: HttpRequest, refusal: Refused) -> None:
    """Record that a known person was refused a deed: attempts are part of the record too."""
    person = getattr(request, "person", None)
    if person is None or request.method in SAFE_METHODS or not isinstance(refusal, Forbidden):
        return
    with transaction.atomic():
        record(DEED_REFUSED, person, by=person, reason=refusal.message, path=request.path)
