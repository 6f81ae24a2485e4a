"""Write one step of a playbook as the step of a plan: what exactly is sent, through which connection.

Reads no provider; what is to be read is noted as a `Reading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.deployments.entering import PUBLIC_PORTS
from apps.deployments.models import Environment
from apps.playbooks.definition import ActionStep, CheckStep, GateStep, HumanStep, Step
from apps.playbooks.placeholders import Unfilled, substitute
from apps.providers import opening, outbound, registry
from apps.providers.base import Call, Provider
from apps.providers.models import Connection
from apps.rollbacks.observing import Reading
from apps.timeline.answers import Unacceptable

CHECK_USUAL_SECONDS = 10
HUMAN_USUAL_SECONDS = 300
RELEASING_ROLES = frozenset({"hosting", "code", "backend"})  # what may change the release does so only there


def plan_step(
    environment: Environment, step: Step, position: int, values: Mapping[str, Any], readings: list[Reading]
) -> dict[str, Any]:
    """Return the step as the plan has it, and note in `readings` what of it is to be looked at.

    `values` are those of the placeholders. Raises Unacceptable, naming the field, for what can never be done.
    """
    said: dict[str, Any] = {"position": position, "name": step.name, "on_failure": str(step.on_failure)}
    if step.losses:
        said["losses"] = [filled(loss.text, values, 0) for loss in step.losses]
    if isinstance(step, CheckStep):
        planned = _asked(environment, step, values, position) if step.check.use else _looked_at(step, values, position)
        return {**said, **planned, **_times_of_check(step)}
    if isinstance(step, HumanStep):
        return {
            **said, "kind": "human", "instructions": filled(step.instructions, values, position),
            "evidence": step.evidence, "usual_seconds": step.usual_seconds or HUMAN_USUAL_SECONDS,
            "gives_up_seconds": step.gives_up_seconds or 0,
        }  # fmt: skip
    if isinstance(step, GateStep):
        usual = step.usual_seconds or HUMAN_USUAL_SECONDS
        return {**said, "kind": "gate", "usual_seconds": usual, "gives_up_seconds": 0}
    assert isinstance(step, ActionStep)
    return _action(environment, step, said, values, readings)


def _looked_at(step: CheckStep, values: Mapping[str, Any], position: int) -> dict[str, Any]:
    check = step.check
    asked = {
        "path": check.path, "url": check.url, "method": check.method, "status": check.status,
        "contains": check.contains, "header": dict(check.header), "json": check.json,
    }  # fmt: skip
    planned = {key: filled(value, values, position) for key, value in asked.items() if value}
    if url := planned.get("url"):
        _refuse_address(url, position)
    return {"kind": "check", "check": planned}


def _refuse_address(url: str, position: int) -> None:
    try:
        outbound.check_address(url, public_ports=PUBLIC_PORTS)
    except outbound.AddressRefused as refused:
        raise Unacceptable(f"Step {position}: {refused}", code="address_not_allowed", field="playbook") from None


def _asked(environment: Environment, step: CheckStep, values: Mapping[str, Any], position: int) -> dict[str, Any]:
    """Return a check that a provider answers, with the connection through which it is asked."""
    check, connection = step.check, connection_for(environment, step.check.role, position)
    provider = registry.provider(connection.provider)
    call = Call(check.name, filled(dict(check.parameters), values, position))
    if problems := provider.check_problems(call):
        raise Unacceptable(f"Step {position}: {problems[0]}", field="playbook")
    declared = provider.declared_check(check.name)
    asked = {"name": check.name, "title": declared.title, "unit": declared.unit, "parameters": call.parameters}
    return {"kind": "check", "role": check.role, **_through(provider, connection), "check": asked}


def _times_of_check(step: CheckStep) -> dict[str, Any]:
    within = step.check.within_seconds
    return {
        "usual_seconds": step.usual_seconds or min(CHECK_USUAL_SECONDS, within),
        "gives_up_seconds": step.gives_up_seconds or within,
    }


def _through(provider: Provider, connection: Connection) -> dict[str, Any]:
    return {"provider": provider.slug, "connection": {"id": str(connection.pk), "version": connection.version}}


def _action(
    environment: Environment, step: ActionStep, said: dict[str, Any], values: Mapping[str, Any], readings: list[Reading]
) -> dict[str, Any]:
    connection = connection_for(environment, step.role, said["position"])
    provider = registry.provider(connection.provider)
    try:
        action = provider.action(step.action)
    except KeyError:
        raise Unacceptable(
            f"Step {said['position']}: {provider.name} cannot “{step.action}”. Choose another playbook or connection.",
            field="playbook",
        )
    given = filled(step.parameters, values, said["position"])
    parts = [str(part) for part in given.get(action.parts_of) or []] if action.parts_of else [""]
    said.update(
        kind="action",
        role=step.role,
        **_through(provider, connection),
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
        changes_release=action.serves_traffic or (action.changes_release and step.role in RELEASING_ROLES),
        lost=action.lost,
        interruptible=action.interruptible,
        airlock={},
        baseline={},
        compensation={},
    )
    _parameters(step, said, given, values)
    access = opening.access(connection)
    for part in parts:
        call = Call(action.name, given, part)
        if problems := provider.problems(call):
            raise Unacceptable(f"Step {said['position']}: {problems[0]}", field="playbook")
        readings.append(Reading(said, provider, access, call))
    return said


def _parameters(step: ActionStep, said: dict[str, Any], given: dict[str, Any], values: Mapping[str, Any]) -> None:
    """A message is approved as its template and filled when it is sent; everything else is approved as it is sent."""
    if not step.is_message:
        said["parameters"] = given
        return
    said["parameters"] = dict(step.parameters)
    said["rendered_when_sent"] = True
    said["values"] = {key: value for key, value in values.items() if value is not None}
    said["preview"] = given


def filled(template: Any, values: Mapping[str, Any], position: int) -> Any:
    """Return a template with its placeholders filled. Raises Unacceptable for a value that is missing."""
    try:
        return substitute(template, {**values, "time.now": "the time it is sent"})
    except Unfilled as missing:
        raise Unacceptable(f"Step {position}: {missing}", field="inputs")


def connection_for(environment: Environment, role: str, position: int) -> Connection:
    """Return the environment's connection of a role. Raises Unacceptable where it has none."""
    use = environment.connections.filter(role=role).select_related("connection").first()
    if use is None:
        raise Unacceptable(
            f"Step {position} needs a {role} connection, and {environment} has none. "
            "Connect one, or choose another playbook.",
            field="playbook",
        )
    return use.connection
