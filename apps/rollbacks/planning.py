"""Freeze what would be done into canonical bytes: that is what people approve and the only thing the engine may send.

Reads providers, so it is called outside any transaction. Changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import Person
from apps.approvals.kinds import impacts_of_incident
from apps.approvals.ruling import Ruling, rule_for
from apps.deployments.models import Deployment, Environment
from apps.incidents.models import Incident
from apps.playbooks.definition import Definition
from apps.playbooks.models import Revision
from apps.playbooks.own_rule import impacts_of_steps, own_rule
from apps.providers.base import Risk
from apps.rollbacks.observing import Reading, look
from apps.rollbacks.planned_words import losses_of
from apps.rollbacks.planning_steps import filled, plan_step
from apps.rollbacks.step_demands import name_people
from apps.timeline.answers import Unacceptable

FORMAT = 1


@dataclass(frozen=True)
class Wish:
    """What somebody proposes: which way, from what to what, by which revision of which playbook."""

    incident: Incident
    environment: Environment
    target: Deployment
    previous: Deployment | None
    revision: Revision
    definition: Definition
    inputs: Mapping[str, Any]
    requester: Person
    rollback_id: UUID


@dataclass(frozen=True)
class Draft:
    """A finished plan before it is stored. `findings` are about the plan, {level, text}; they are not part of it."""

    canonical: bytes
    ruling: Ruling
    losses: Sequence[str]
    confirm: str
    steps: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, str]]


def plan(wish: Wish) -> Draft:
    """Return the plan for a wish. Raises Unacceptable, naming the field, when it cannot be planned at all."""
    values = placeholder_values(wish)
    readings: list[Reading] = []
    steps = [
        plan_step(wish.environment, step, position, values, readings)
        for position, step in enumerate(wish.definition.steps, start=1)
    ]
    findings = look(readings)
    _refuse(readings)
    name_people(wish.definition, steps, environment=wish.environment, incident=wish.incident)
    losses = _losses(wish, steps, values)
    risky = bool(losses) or any(step.get("risk") == Risk.DESTRUCTIVE for step in steps)
    confirm = wish.environment.service.slug if risky else ""
    ruling = _ruling(wish, steps, losses)
    document = {
        **_heading(wish),
        "approvals": ruling.as_plan(),
        "losses": losses,
        "confirm": confirm,
        "steps": steps,
        "stays": _what_stays(wish, readings),
    }
    return Draft(canonical(document), ruling, losses, confirm, steps, findings)


def _refuse(readings: Sequence[Reading]) -> None:
    """Refuse a plan of which a provider says that a step of it cannot be done, or that its loss cannot be told."""
    for reading in readings:
        if reading.refusals:
            raise Unacceptable(f"Step {reading.said['position']}: {' '.join(reading.refusals)}", field="playbook")


def _ruling(wish: Wish, steps: Sequence[Mapping[str, Any]], losses: Sequence[str]) -> Ruling:
    """Return who must agree to the start: by severity, procedure, place, and what the plan and the incident touch."""
    incident, definition = wish.incident, wish.definition
    felt = impacts_of_incident(
        externally_visible=incident.externally_visible, affected_users_percent=incident.affected_users_percent
    )
    return rule_for(
        wish.requester.organisation_id,
        kind="rollback.start",
        severity=incident.severity,
        procedure=definition.slug,
        environment=wish.environment,
        impacts=felt | impacts_of_steps(steps, losses),
        otherwise=own_rule(definition, wish.revision.number, incident.severity),
    )


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one way to write a document: sorted keys, no spaces, UTF-8 (in the manner of RFC 8785)."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def placeholder_values(wish: Wish) -> dict[str, Any]:
    """Return every value that a playbook's texts may name. `release` and `previous` are what is live now."""
    live, target, incident = wish.previous, wish.target, wish.incident
    values: dict[str, Any] = {
        "incident.title": incident.title,
        "incident.severity": incident.severity,
        "incident.number": incident.reference,
        "incident.summary": incident.summary,
        "incident.url": settings.BASE_URL + incident.get_absolute_url(),
        "service.slug": wish.environment.service.slug,
        "service.name": wish.environment.service.name,
        "environment.name": wish.environment.name,
        "environment.url": wish.environment.public_url,
        "organisation.name": wish.requester.organisation.name,
        "rollback.requester": wish.requester.name,
        "rollback.url": settings.BASE_URL + reverse("rollbacks:detail", args=[wish.rollback_id]),
        "playbook.name": wish.definition.name,
        "playbook.update_cadence_minutes": wish.definition.update_cadence_minutes,
    }
    for prefix, deployment in (("release", live), ("previous", live), ("target", target)):
        for name in ("reference", "version", "commit", "flags"):
            values[f"{prefix}.{name}"] = getattr(deployment, name) if deployment else None
    values.update({f"inputs.{name}": value for name, value in wish.inputs.items()})
    return values


def _heading(wish: Wish) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": str(wish.definition.kind),
        "organisation": str(wish.environment.organisation_id),
        "service": {"id": str(wish.environment.service_id), "slug": wish.environment.service.slug},
        "environment": {"id": str(wish.environment.pk), "name": wish.environment.name},
        "incident": {"id": str(wish.incident.pk), "severity": wish.incident.severity},
        "requester": str(wish.requester.pk),
        "playbook": {
            "slug": wish.definition.slug,
            "revision": wish.revision.number,
            "content_hash": wish.revision.content_hash,
        },
        "target": _deployment(wish.target),
        "previous": _deployment(wish.previous) if wish.previous else None,
    }


def _deployment(deployment: Deployment) -> dict[str, str]:
    return {
        "id": str(deployment.pk),
        "reference": deployment.reference,
        "version": deployment.version,
        "commit": deployment.commit,
    }


def _losses(wish: Wish, steps: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> list[str]:
    named = [filled(loss.text, values, 0) for loss in wish.definition.all_losses]
    named += [loss for step in steps for loss in losses_of(step)]
    if wish.previous and wish.definition.kind == "rollback":
        named += [str(loss) for loss in wish.previous.losses]
    return list(dict.fromkeys(named))


def _what_stays(wish: Wish, readings: Sequence[Reading]) -> list[str]:
    """Say what does not go back, out of what the release changed and what the providers know of themselves."""
    stays: list[str] = []
    if wish.previous and wish.definition.kind == "rollback":
        stays += [_migration(migration) for migration in wish.previous.migrations]
        stays += [
            f"The setting {_name(change)} stays as it is now; its old value is not put back"
            for change in wish.previous.env_changes
        ]
    for reading in readings:
        stays += reading.provider.what_stays(reading.call)
    return list(dict.fromkeys(stays))


def _migration(migration: Mapping[str, Any]) -> str:
    name = migration.get("id", "")
    if migration.get("kind") == "additive":
        return f"The database stays on migration {name}, which only adds"
    return f"The database stays on migration {name}, which is destructive: check that {name} and the old version fit"


def _name(change: Any) -> str:
    return str(change.get("name") or change.get("key") or change) if isinstance(change, Mapping) else str(change)
