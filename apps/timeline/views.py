"""The page of the record: everything that happened in the organisation, with the hashes that prove it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.timeline import checking, reading
from apps.timeline.models import Event, EventQuerySet

SHOWN = 50


@require_GET
def audit(request: reading.Asked) -> HttpResponse:
    """The record, newest first, page by page; `?q=` looks for words, `?actor=` and `?kind=` narrow it."""
    reading.may_read_everything(request).or_refuse()
    before = reading.number(request, "before", 0, reading.LARGEST)
    given = {name: request.GET.get(name, "").replace("\x00", "")[:100] for name in ("q", "actor", "kind")}
    rows = _narrowed(Event.objects.filter(organisation=request.organisation, seq__isnull=False), given)
    found = list((rows.filter(seq__lt=before) if before else rows).order_by("-seq")[: SHOWN + 1])
    older = _query(request, str(found[SHOWN - 1].seq)) if len(found) > SHOWN else ""
    verdict = checking.newest()
    context: dict[str, Any] = {
        "checked": verdict.of(request.organisation) if verdict and verdict.records else None,
        "events": [{"event": event, "hash": bytes(event.hash or b"").hex()} for event in found[:SHOWN]],
        "older_url": older,
        "newer_url": _query(request, "") if before else "",
        "given": given,
        "filtered": any(given.values()),
    }
    return render(request, "timeline/audit.html", context)


def _narrowed(rows: EventQuerySet, given: dict[str, str]) -> EventQuerySet:
    for word in given["q"].split()[:8]:
        rows = rows.filter(text__icontains=word)
    rows = rows.filter(actor_name__icontains=given["actor"]) if given["actor"] else rows
    return rows.filter(kind__startswith=given["kind"]) if given["kind"] else rows


def _query(request: HttpRequest, before: str) -> str:
    given = request.GET.copy()
    given.pop("before", None)
    if before:
        given["before"] = before
    return f"?{given.urlencode()}"
