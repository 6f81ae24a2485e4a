"""The status page, and telling people: find, call, show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import Request
from apps.approvals.models import Question
from apps.communications import agreeing, lifecycle, renderers
from apps.communications.forms import PROMISES, UpdateForm
from apps.communications.models import WaitingUpdate
from apps.communications.permissions import may_tell
from apps.communications.wording import ready_texts
from apps.incidents.finding import incident_of, inside_incident
from apps.incidents.live import OUTSIDE, still
from apps.incidents.permissions import sees_inside
from apps.incidents.situation import strip
from apps.timeline import stream
from apps.timeline.answers import Missing, Unacceptable


@require_GET
def status(request: Request, pk: UUID) -> HttpResponse:
    """What stakeholders read. The same for everybody, whatever rights they have."""
    found = incident_of(request, pk)
    context = {
        **renderers.context(found, oldest_first=_oldest_first(request)),
        "cursor": stream.newest_seq(request.organisation.pk),
        "inside": sees_inside(request.person, found),
    }
    return render(request, "communications/status.html", context)


@require_GET
def status_stream(request: Request, pk: UUID) -> StreamingHttpResponse:
    """The status page's stream."""
    found = incident_of(request, pk)
    topic = stream.Topic(request.organisation.pk, _topic(request), str(found.pk), OUTSIDE)
    return stream.fragment_stream(topic, allowed=still(request.person, OUTSIDE, found))


@require_GET
def status_now(request: Request, pk: UUID) -> HttpResponse:
    """The same fragment by a plain GET."""
    found = incident_of(request, pk)
    render_now = stream.RENDERERS[_topic(request)].render
    assert render_now is not None
    return HttpResponse(render_now(str(found.pk), OUTSIDE))


@require_http_methods(["GET", "POST"])
def create_update(request: Request, pk: UUID) -> HttpResponse:
    """Write an update, with ready texts to begin from; post it."""
    found = inside_incident(request, pk)
    may_tell(request.person, found).or_refuse()
    texts = ready_texts(found)
    form = UpdateForm(request.POST or None, initial=_begin_with(request, texts))
    if form.is_valid():
        try:
            outcome = lifecycle.post_update(found, by=request.person, **_given(form))
        except Unacceptable as refusal:
            form.add_error(str(refusal.extra.get("field", "")) or None, refusal.message)
        else:
            if isinstance(outcome, Question):
                messages.info(request, "Nothing was told yet: others must agree to these words first.")
                return redirect("communications:waiting", found.pk)
            messages.success(request, "It was told.")
            return redirect(found)
    context = {
        "form": form,
        "incident": found,
        "texts": texts,
        "strip": strip(found),
        "others": agreeing.who_first(found),
        "kept_back": agreeing.waiting_for(found).count(),
    }
    return render(request, "communications/update.html", context, status=422 if form.errors else 200)


@require_GET
def waiting(request: Request, pk: UUID) -> HttpResponse:
    """The words about an incident that wait until others agree; their author may take them back."""
    found = inside_incident(request, pk)
    context = {"incident": found, "words": agreeing.waiting_for(found), "strip": strip(found)}
    return render(request, "communications/waiting.html", context)


@require_POST
def create_withdrawal(request: Request, pk: UUID, one: UUID) -> HttpResponse:
    """Take one's own words back before they are told."""
    found = inside_incident(request, pk)
    kept = WaitingUpdate.objects.filter(incident=found, pk=one).first()
    if kept is None:
        raise Missing("There is no such thing here.")
    agreeing.take_back(kept, by=request.person)
    messages.success(request, "It was taken back. Nothing was told.")
    return redirect("communications:waiting", found.pk)


def _given(form: UpdateForm) -> dict[str, Any]:
    return {**form.cleaned_data, "phase": form.cleaned_data["phase"] or None}


def _begin_with(request: Request, texts: list[Any]) -> dict[str, Any]:
    chosen = next((one for one in texts if one.name == request.GET.get("template")), None)
    if chosen is None:
        return {}
    minutes = str(chosen.cadence_minutes or "")
    promised = minutes if minutes in dict(PROMISES) else "15"
    return {"audience": chosen.audience, "text": chosen.text, "next_update_minutes": promised}


def _oldest_first(request: Request) -> bool:
    return request.GET.get("order") == "oldest"


def _topic(request: Request) -> str:
    return renderers.OLDEST_FIRST if _oldest_first(request) else renderers.NEWEST_FIRST
