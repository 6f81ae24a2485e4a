"""Pages of incidents: find, call, show."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.permissions import rights_of
from apps.accounts.programs import slice_of
from apps.accounts.requests import Request
from apps.accounts.seeing import inside_of, within
from apps.incidents import home as now
from apps.incidents import lifecycle, live, page, telling
from apps.incidents.finding import incident_of, inside_incident
from apps.incidents.forms import CauseForm, DeclareForm, FilterForm, NoteForm, ResolveForm, SeverityForm
from apps.incidents.models import Incident
from apps.incidents.permissions import may_declare, may_lead, sees_inside
from apps.incidents.picture import picture as picture_of
from apps.incidents.situation import situation, strip, suspects_of
from apps.timeline import reading, stream
from apps.timeline.answers import Unacceptable


@require_GET
def home(request: Request) -> HttpResponse:
    """What is going on, for those who see the inside; for everybody else the status pages."""
    if not sees_inside(request.person):
        incidents = Incident.objects.visible_to(request.person).select_related("service")
        return render(request, "incidents/home_outside.html", {"incidents": incidents[:20]})
    cursor = stream.newest_seq(request.organisation.pk)
    context = now.context(request.organisation.pk, request.person, inside_of(request.person))
    return render(
        request, "incidents/home.html", {**context, "cursor": cursor, "may_declare": may_declare(request.person)}
    )


@require_GET
def home_stream(request: Request) -> StreamingHttpResponse:
    """The home page's stream."""
    return live.overview_stream(request, "now")


@require_GET
def home_now(request: Request) -> HttpResponse:
    """The same fragments by a plain GET."""
    return live.overview_poll(request, "now")


@require_GET
def waiting(request: Request) -> HttpResponse:
    """What waits for me, alone."""
    return render(request, "incidents/_waiting.html")


@require_GET
def incidents(request: Request) -> HttpResponse:
    """Every incident, newest first, with filters."""
    if not sees_inside(request.person):
        return redirect("incidents:home")
    form = FilterForm(request.GET)
    given = form.given()
    rows = Incident.objects.visible_to(request.person).told()
    rows = rows.matching(given.get("state"), given.get("severity"), given.get("service"), given.get("q"))
    rows = within(rows, inside_of(request.person))
    found, cursor = slice_of(request, rows, order="-declared_at", usual=25)
    older = _query(request, after=cursor) if cursor else ""
    newest = _query(request) if request.GET.get("after") else ""
    context = {"incidents": found, "form": form, "older_url": older, "newer_url": newest, "filtered": bool(given)}
    return render(request, "incidents/list.html", {**context, "may_declare": may_declare(request.person)})


@require_http_methods(["GET", "POST"])
def new_incident(request: Request) -> HttpResponse:
    """Declare an incident."""
    may_declare(request.person).or_refuse()
    form = DeclareForm(request.POST or None, person=request.person, place=request.GET.get("environment"))
    if form.is_valid():
        given = form.cleaned_data
        place = given.pop("environment")
        try:
            found = lifecycle.declare(
                request.organisation, by=request.person, service=place.service, environment=place, **given
            )
        except Unacceptable as refusal:
            form.add_error(str(refusal.extra.get("field", "")) or None, refusal.message)
        else:
            return redirect(found)
    return render(request, "incidents/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def incident(request: Request, pk: UUID) -> HttpResponse:
    """One incident with everything that belongs to it."""
    found = incident_of(request, pk)
    if not sees_inside(request.person, found):
        return redirect(found.status_url)
    cursor = stream.newest_seq(request.organisation.pk)
    oldest_first = request.GET.get("order") == "oldest"
    context = page.context(found, request.person, oldest_first=oldest_first)
    forms = {
        "may_lead": may_lead(request.person, found),
        "rights": rights_of(request.person),
        "note_form": NoteForm(auto_id="note_%s"),
        "severity_form": SeverityForm(initial={"severity": found.severity}, auto_id="severity_%s"),
        "cause_form": CauseForm(incident=found, auto_id="cause_%s"),
        "resolve_form": ResolveForm(auto_id="resolve_%s"),
    }
    return render(
        request, "incidents/incident.html", {**context, **forms, "strip": strip(found, "incident"), "cursor": cursor}
    )


@require_GET
def incident_stream(request: Request, pk: UUID) -> StreamingHttpResponse:
    """The stream of an incident's page."""
    return live.page_stream(request, _topic(request), inside_incident(request, pk))


@require_GET
def incident_now(request: Request, pk: UUID) -> HttpResponse:
    """The same fragments by a plain GET."""
    return live.poll(request, _topic(request), inside_incident(request, pk))


@require_GET
def next_step(request: Request, pk: UUID) -> HttpResponse:
    """The one next thing to do, as this person sees it."""
    return render(
        request, "incidents/_next.html", {"next": situation(inside_incident(request, pk), request.person).next}
    )


@require_GET
def picture(request: Request, pk: UUID) -> HttpResponse:
    """The chart and its figures, alone."""
    found = inside_incident(request, pk)
    suspected = suspects_of(found)
    drawn = picture_of(found, suspected[0].deployment if suspected else None)
    return render(request, "incidents/_picture.html", {"picture": drawn, "incident": found})


@require_GET
def timeline(request: Request, pk: UUID) -> HttpResponse:
    """The whole timeline, page by page, newest first."""
    found = inside_incident(request, pk)
    entries, more = telling.before(found.pk, live.INSIDE, reading.number(request, "before", 0, reading.LARGEST))
    older = f"?before={more}" if more else ""
    newer = request.path if request.GET.get("before") else ""
    context = {"incident": found, "entries": entries, "older_url": older, "newer_url": newer}
    return render(request, "incidents/timeline.html", {**context, "strip": strip(found, "timeline")})


@require_POST
def create_note(request: Request, pk: UUID) -> HttpResponse:
    """Write a note."""
    lifecycle.note(inside_incident(request, pk), by=request.person, text=request.POST.get("text", ""))
    return _back(request, pk, "The note is in the timeline.")


@require_POST
def create_severity(request: Request, pk: UUID) -> HttpResponse:
    """Judge it anew."""
    given = {name: request.POST.get(name, "") for name in ("severity", "reason")}
    lifecycle.change_severity(inside_incident(request, pk), by=request.person, **given)
    return _back(request, pk, f"It counts as {given['severity']} now.")


@require_POST
def create_command(request: Request, pk: UUID) -> HttpResponse:
    """Take command."""
    lifecycle.take_command(inside_incident(request, pk), by=request.person)
    return _back(request, pk, "You lead this incident now.")


@require_POST
def create_cause(request: Request, pk: UUID) -> HttpResponse:
    """Name the cause."""
    found = inside_incident(request, pk)
    form = CauseForm(request.POST, incident=found)
    if not form.is_valid():
        raise Unacceptable("Choose a release of this environment, or none.", field="suspect")
    lifecycle.identify(found, by=request.person, **form.cleaned_data)
    return _back(request, pk, "The cause is named.")


@require_POST
def create_resolution(request: Request, pk: UUID) -> HttpResponse:
    """Resolve it."""
    lifecycle.resolve(inside_incident(request, pk), by=request.person, note=request.POST.get("note", ""))
    return _back(request, pk, "The incident is resolved.")


def _topic(request: Request) -> str:
    return "incident-oldest-first" if request.GET.get("order") == "oldest" else "incident"


def _back(request: Request, pk: UUID, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("incidents:incident", pk=pk)


def _query(request: Request, **changes: str) -> str:
    given = request.GET.copy()
    given.pop("after", None)
    for name, value in changes.items():
        given[name] = value
    return f"?{given.urlencode()}"
