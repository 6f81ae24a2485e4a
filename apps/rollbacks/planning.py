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
from apps.playbooks.definition import ActionStep, CheckStep, Definition, GateStep, HumanStep, Step
from apps.playbooks.models import Revision
from apps.playbooks.own_rule import impacts_of_steps, own_rule
from apps.playbooks.placeholders import Unfilled, substitute
from apps.providers import opening, registry
from apps.providers.base import Call, Risk
from apps.providers.models import Connection
from apps.rollbacks.observing import Reading, look
from apps.rollbacks.step_demands import name_people
from apps.timeline.answers import Unacceptable

FORMAT = 1
CHECK_USUAL_SECONDS = 10
HUMAN_USUAL_SECONDS = 300


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
        _step(wish, step, position, values, readings) for position, step in enumerate(wish.definition.steps, start=1)
    ]
    findings = look(readings)
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


def _step(wish: Wish, step: Step, position: int, values: Mapping[str, Any], readings: list[Reading]) -> dict[str, Any]:
    said: dict[str, Any] = {"position": position, "name": step.name, "on_failure": str(step.on_failure)}
    if step.losses:
        said["losses"] = [_filled(loss.text, values, 0) for loss in step.losses]
    if isinstance(step, CheckStep):
        return {**said, **_check(step, values, position)}
    if isinstance(step, HumanStep):
        return {
            **said, "kind": "human", "instructions": _filled(step.instructions, values, position),
            "evidence": step.evidence, "usual_seconds": step.usual_seconds or HUMAN_USUAL_SECONDS,
            "gives_up_seconds": step.gives_up_seconds or 0,
        }  # fmt: skip
    if isinstance(step, GateStep):
        usual = step.usual_seconds or HUMAN_USUAL_SECONDS
        return {**said, "kind": "gate", "usual_seconds": usual, "gives_up_seconds": 0}
    assert isinstance(step, ActionStep)
    return _action(wish, step, said, values, readings)


def _check(step: CheckStep, values: Mapping[str, Any], position: int) -> dict[str, Any]:
    check = step.check
    asked = {
        "path": check.path, "url": check.url, "method": check.method, "status": check.status,
        "contains": check.contains, "header": dict(check.header), "json": check.json,
    }  # fmt: skip
    return {
        "kind": "check",
        "check": {key: _filled(value, values, position) for key, value in asked.items() if value},
        "usual_seconds": step.usual_seconds or min(CHECK_USUAL_SECONDS, check.within_seconds),
        "gives_up_seconds": step.gives_up_seconds or check.within_seconds,
    }


def _action(
    wish: Wish, step: ActionStep, said: dict[str, Any], values: Mapping[str, Any], readings: list[Reading]
) -> dict[str, Any]:
    connection = _connection(wish.environment, step.role, said["position"])
    provider = registry.provider(connection.provider)
    try:
        action = provider.action(step.action)
    except KeyError:
        raise Unacceptable(
            f"Step {said['position']}: {provider.name} cannot “{step.action}”. Choose another playbook or connection.",
            field="playbook",
        )
    filled = _filled(step.parameters, values, said["position"])
    parts = [str(part) for part in filled.get(action.parts_of) or []] if action.parts_of else [""]
    said.update(
        kind="action",
        role=step.role,
        provider=provider.slug,
        connection={"id": str(connection.pk), "version": connection.version},
        action=action.name,
        parts=parts,
        risk=str(action.risk),
        idempotency_class=str(action.idempotency_class),
        settle_seconds=action.settle_seconds,
        max_attempts=action.max_attempts,
        usual_seconds=step.usual_seconds or action.usual_seconds,
        gives_up_seconds=step.gives_up_seconds or action.gives_up_seconds,
        undo=action.undo,
        serves_traffic=action.serves_traffic,
        lost=action.lost,
        baseline={},
        compensation={},
    )
    _parameters(step, said, filled, values)
    access = opening.access(connection)
    for part in parts:
        call = Call(action.name, filled, part)
        if problems := provider.problems(call):
            raise Unacceptable(f"Step {said['position']}: {problems[0]}", field="playbook")
        readings.append(Reading(said, provider, access, call))
    return said


def _parameters(step: ActionStep, said: dict[str, Any], filled: dict[str, Any], values: Mapping[str, Any]) -> None:
    """A message is approved as its template and filled when it is sent; everything else is approved as it is sent."""
    if not step.is_message:
        said["parameters"] = filled
        return
    said["parameters"] = dict(step.parameters)
    said["rendered_when_sent"] = True
    said["values"] = {key: value for key, value in values.items() if value is not None}
    said["preview"] = filled


def _filled(template: Any, values: Mapping[str, Any], position: int) -> Any:
    try:
        return substitute(template, {**values, "time.now": "the time it is sent"})
    except Unfilled as missing:
        raise Unacceptable(f"Step {position}: {missing}", field="inputs")


def _connection(environment: Environment, role: str, position: int) -> Connection:
    use = environment.connections.filter(role=role).select_related("connection").first()
    if use is None:
        raise Unacceptable(
            f"Step {position} needs a {role} connection, and {environment} has none. "
            "Connect one, or choose another playbook.",
            field="playbook",
        )
    return use.connection


def _losses(wish: Wish, steps: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> list[str]:
    named = [_filled(loss.text, values, 0) for loss in wish.definition.all_losses]
    named += [str(step["lost"]) for step in steps if step.get("lost")]
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
