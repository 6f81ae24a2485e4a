"""What people look at: lists, a rollback's page and its live parts, a decision, the log."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.permissions import may_somewhere
from apps.accounts.programs import slice_of
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.accounts.seeing import inside_of, within
from apps.incidents import live
from apps.rollbacks.forms import FilterForm
from apps.rollbacks.models import Rollback
from apps.rollbacks.polling import workers_alive
from apps.rollbacks.telling import csv_answer, log_row
from apps.rollbacks.views.finding import found, own_page
from apps.timeline import stream


@require_GET
def rollbacks(request: Request) -> HttpResponse:
    """Every rollback, newest first, with filters."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    form = FilterForm(request.GET, person=request.person)
    rows = within(form.apply(Rollback.objects.visible_to(request.person)), inside_of(request.person))
    rows = rows.select_related("service", "environment", "target", "previous", "incident", "requester")
    page, cursor = slice_of(request, rows, order="-proposed_at", usual=25)
    query = request.GET.copy()
    query.pop("after", None)
    older = f"?{query.urlencode()}&after={cursor}" if cursor else ""
    newest = f"?{query.urlencode()}" if request.GET.get("after") else ""
    context = {
        "rollbacks": page,
        "form": form,
        "older_url": older,
        "newer_url": newest,
        "filtered": form.filtered,
    }
    return render(request, "rollbacks/list.html", context)


@require_GET
def rollback(request: Request, pk: UUID) -> HttpResponse:
    """The one page of a rollback: the plan to agree on, then the run, then what it came to."""
    one = found(request, pk)
    cursor = stream.newest_seq(request.organisation.pk)
    return render(request, "rollbacks/detail.html", {**own_page(request, one), "cursor": cursor})


@require_GET
def rollback_stream(request: Request, pk: UUID) -> StreamingHttpResponse:
    """The page's stream."""
    return live.page_stream(request, "rollback", found(request, pk))


@require_GET
def progress(request: Request, pk: UUID) -> HttpResponse:
    """The same fragments by a plain GET."""
    return live.poll(request, "rollback", found(request, pk))


@require_GET
def ballot(request: Request, pk: UUID) -> HttpResponse:
    """The reader's own part of the approval card, read again when something changed.

    The page names the plan that its reader has before them: where another one stands now, it offers no vote.
    """
    one = found(request, pk)
    context = own_page(request, one)
    read = request.GET.get("plan_hash", "")
    if read and read != one.plan_hash:
        changed = {"may": False, "asker": False, "changed": read, "because": "The plan changed while you read."}
        context["ballot"] = {**context["ballot"], **changed}
    return render(request, "rollbacks/_ballot_again.html", context)


@require_GET
def workers(request: Request, pk: UUID) -> HttpResponse:
    """Whether a worker is alive; with what follows for the reader's vote when that has changed since they looked."""
    one = found(request, pk)
    if request.GET.get("were") == str(int(workers_alive() > 0)):
        return HttpResponse(status=204)
    return render(request, "rollbacks/_workers_again.html", own_page(request, one))


@require_GET
def deeds(request: Request, pk: UUID) -> HttpResponse:
    """What the reader may do to the run, read again when something changed."""
    return render(request, "rollbacks/_deeds_again.html", own_page(request, found(request, pk)))


@require_GET
def plan(request: Request, pk: UUID) -> HttpResponse:
    """The exact canonical bytes, as people approve them."""
    one = found(request, pk)
    answer = HttpResponse(bytes(one.plan.canonical), content_type="application/json")
    answer["Content-Disposition"] = f'inline; filename="plan-{one.plan_hash[:12]}.json"'
    return answer


@require_GET
def rollback_log(request: Request) -> HttpResponse:
    """The rollback log, with a CSV and a JSON file of the same rows."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    rows = (
        within(Rollback.objects.visible_to(request.person), inside_of(request.person))
        .filter(approved_at__isnull=False)
        .select_related("plan", "service", "environment", "incident", "target", "requester", "question")
    )
    if request.GET.get("format") in {"csv", "json"}:
        written = [log_row(one) for one in rows.order_by("-proposed_at")[:5000]]
        if request.GET["format"] == "csv":
            return csv_answer(written)
        return HttpResponse(json.dumps(written, ensure_ascii=False, indent=1), content_type="application/json")
    page, cursor = slice_of(request, rows, order="-proposed_at", usual=50)
    context = {
        "rows": [(one, log_row(one)) for one in page],
        "older_url": f"?after={cursor}" if cursor else "",
    }
    return render(request, "rollbacks/log.html", context)
