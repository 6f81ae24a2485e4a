"""Propose a rollback, or going forward again: choose playbook and target, fill in what it asks, and see the plan."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.reauthentication import require_fresh, take_pending
from apps.accounts.requests import Request
from apps.approvals.asking import role_names
from apps.approvals.rules import listed, sentence
from apps.deployments import targets
from apps.deployments.models import Environment
from apps.deployments.roles import ROLES
from apps.incidents.models import Incident
from apps.incidents.situation import strip
from apps.playbooks.definition import Definition
from apps.playbooks.library import definition_of
from apps.playbooks.models import Playbook
from apps.rollbacks import proposing
from apps.rollbacks.models import Rollback
from apps.rollbacks.permissions import may_propose
from apps.rollbacks.ruled import expected
from apps.rollbacks.states import FINAL
from apps.timeline.answers import Missing, Refused, Unacceptable


@require_http_methods(["GET", "POST"])
def new_rollback(request: Request) -> HttpResponse:
    """The proposal's form; choosing a playbook reloads it with what that playbook asks for."""
    if request.method == "GET" and (left := take_pending(request, request.path)):
        # It would have started at once, so the password was asked for; the form is as it was left.
        request.POST = left  # type: ignore[assignment]
    incident = _incident(request)
    may_propose(request.person, incident.environment).or_refuse()
    playbooks = _fitting(incident, request.GET.get("kind") or request.POST.get("kind") or "rollback")
    chosen = _chosen(playbooks, request)
    if request.method == "POST" and chosen:
        _prove_before_it_starts(request, incident, *chosen)
        try:
            return _propose(request, incident, chosen)
        except (Unacceptable, Refused) as refusal:
            messages.error(request, refusal.message)
    status = 422 if request.method == "POST" else 200
    return render(request, "rollbacks/new.html", _context(request, incident, playbooks, chosen), status=status)


@require_GET
def forward(request: Request, environment: UUID) -> HttpResponse:
    """Go forward again after a rollback: the same form, with the playbooks that go forward."""
    last = (
        Rollback.objects.visible_to(request.person)
        .filter(environment_id=environment, kind="rollback")
        .order_by("-proposed_at")
        .first()
    )
    if last is None:
        raise Missing("There is no such thing here.")
    return redirect(f"/rollbacks/new/?incident={last.incident_id}&kind=forward")


def _incident(request: Request) -> Incident:
    given = request.POST.get("incident") or request.GET.get("incident") or ""
    try:
        found = Incident.objects.visible_to(request.person).filter(pk=UUID(given))
    except ValueError:
        raise Missing("Choose the incident first.")
    incident = found.select_related("service", "environment__service", "environment__live").first()
    if incident is None:
        raise Missing("There is no such thing here.")
    return incident


def _fitting(incident: Incident, kind: str) -> list[tuple[Playbook, Definition]]:
    """Return the published playbooks of this kind whose connection roles the environment fills, the usual one first."""
    fits = [(playbook, definition) for playbook, definition, missing in _published(incident, kind) if not missing]
    if kind == "forward":  # the plain way comes first; a hotfix is chosen on purpose
        return sorted(fits, key=lambda pair: len(pair[1].steps))
    return sorted(fits, key=lambda pair: (not _made_for_them(pair[1]), -len(pair[1].steps)))


def _published(incident: Incident, kind: str) -> list[tuple[Playbook, Definition, list[str]]]:
    """Return the published playbooks of this kind, each with the connection roles that the environment lacks for it."""
    filled = set(Environment.objects.get(pk=incident.environment_id).connections.values_list("role", flat=True))
    rows = Playbook.objects.filter(organisation_id=incident.organisation_id, published__isnull=False, kind=kind)
    read = [
        (playbook, definition_of(playbook.published))
        for playbook in rows.select_related("published").order_by("name")
        if playbook.published
    ]
    return [(playbook, definition, sorted(definition.roles_used - filled)) for playbook, definition in read]


def _unfit(incident: Incident, kind: str) -> list[tuple[str, str]]:
    """Return (playbook, roles) for each playbook that is not offered because roles are not connected."""
    rows = _published(incident, kind)
    return [(one.name, listed([ROLES[role] for role in missing], "and")) for one, _, missing in rows if missing]


def _made_for_them(definition: Definition) -> bool:
    """Say whether a playbook names whom it is for; such a one is offered before those for everybody."""
    return bool(definition.fits.organisations or definition.fits.services)


def _chosen(playbooks: list[tuple[Playbook, Definition]], request: Request) -> tuple[Playbook, Definition] | None:
    wanted = request.POST.get("playbook") or request.GET.get("playbook")
    return next((pair for pair in playbooks if pair[0].slug == wanted), playbooks[0] if playbooks else None)


def _prove_before_it_starts(request: Request, incident: Incident, playbook: Playbook, definition: Definition) -> None:
    """Ask again who is there where nobody has to agree: then to propose it is to start it."""
    if expected(incident, definition, playbook.published.number if playbook.published else 0).nobody:
        require_fresh(request, back=f"{request.path}?incident={incident.pk}")


def _propose(request: Request, incident: Incident, chosen: tuple[Playbook, Definition]) -> HttpResponse:
    playbook, definition = chosen
    target = targets.resolve_target(incident.environment, request.POST.get("target"), before=incident.started_at)
    inputs = {wanted.name: request.POST.get(f"input-{wanted.name}", "") for wanted in definition.inputs}
    assert playbook.published is not None
    wish, draft = proposing.prepare(
        incident, by=request.person, revision=playbook.published, target=target, inputs=inputs
    )
    rollback = proposing.propose(wish, draft)
    return redirect("rollbacks:detail", rollback.pk)


def _context(
    request: Request, incident: Incident, playbooks: list[tuple[Playbook, Definition]],
    chosen: tuple[Playbook, Definition] | None,
) -> dict[str, Any]:  # fmt: skip
    kind = str(chosen[1].kind) if chosen else request.GET.get("kind", "rollback")
    known = targets.known_good(incident.environment, incident.started_at if kind == "rollback" else None)
    offered = [target for target in known if not target.is_live]
    return {
        "incident": incident,
        "strip": strip(incident),
        "kind": kind,
        "playbooks": playbooks,
        "unfit": _unfit(incident, kind),
        "chosen": chosen,
        "targets": offered,
        "wanted": request.POST.get("target") or _best(offered, incident, kind),
        "inputs": [_input(wanted, request) for wanted in chosen[1].inputs] if chosen else [],
        "agreement": _agreement(*chosen, incident) if chosen else None,
        "other": _other(incident),
    }


def _best(offered: list[targets.Target], incident: Incident, kind: str) -> str:
    """Return the target to preset: the newest known-good one, or going forward the newest release there is."""
    live = incident.environment.live
    for target in offered:
        newer = live is None or target.deployment.deployed_at > live.deployed_at
        if target.known_good if kind == "rollback" else newer and target.deployment.good is not False:
            return str(target.deployment.pk)
    return ""


def _agreement(playbook: Playbook, definition: Definition, incident: Incident) -> dict[str, Any]:
    """Return who will have to agree at this severity, by which rule, and within how many minutes."""
    ruling = expected(incident, definition, playbook.published.number if playbook.published else 0)
    return {
        "nobody": ruling.nobody,
        "who": sentence(ruling.demand, role_names(incident.organisation_id)),
        "because": ruling.because.partition(": ")[2],  # who stands beside it
        "due": ruling.due_minutes,
        "ends": ruling.expires_minutes,
    }


def _other(incident: Incident) -> Rollback | None:
    """Return a rollback of the same environment that is not over yet, so that nobody asks twice by mistake."""
    rows = Rollback.objects.filter(environment_id=incident.environment_id).exclude(state__in=sorted(FINAL))
    return rows.select_related("question").order_by("-proposed_at").first()


def _input(wanted: Any, request: Request) -> dict[str, Any]:
    default = ", ".join(wanted.default) if isinstance(wanted.default, tuple) else wanted.default or ""
    return {"wanted": wanted, "value": request.POST.get(f"input-{wanted.name}", default)}
