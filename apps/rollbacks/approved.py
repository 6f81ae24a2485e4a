"""The approved plan as values: what each step may do, and nothing else. Everything the engine sends comes from here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.playbooks.placeholders import substitute
from apps.providers import opening, registry
from apps.providers.base import Access, Action, Call, Provider, Sending
from apps.providers.models import Connection
from apps.rollbacks.models import Rollback


@dataclass(frozen=True)
class PlannedStep:
    """One step of the plan. `said` is its entry in the canonical plan."""

    said: Mapping[str, Any]

    @property
    def position(self) -> int:
        return self.said["position"]

    @property
    def kind(self) -> str:
        return self.said["kind"]

    @property
    def parts(self) -> list[str]:
        """The parts that are applied one by one; one unnamed part when the action has none."""
        return self.said.get("parts", [""])

    @property
    def provider(self) -> Provider:
        return registry.provider(self.said["provider"])

    @property
    def action(self) -> Action:
        return self.provider.action(self.said["action"])

    def call(self, part: str) -> Call:
        """Return the approved call of a part; a message is filled here, when it is about to be sent."""
        parameters = self.said["parameters"]
        if self.said.get("rendered_when_sent"):
            parameters = substitute(parameters, {**self.said["values"], "time.now": f"{timezone.now():%H:%M} UTC"})
        return Call(self.said["action"], parameters, part)

    def inverse(self, part: str) -> Call | None:
        """Return the approved call that puts a part back, or None."""
        planned = self.said.get("compensation", {}).get(part)
        return Call(planned["action"], planned["parameters"], planned["part"]) if planned else None

    def expected(self, part: str) -> Mapping[str, Any] | None:
        """Return the identity seen when the plan was made, or None when it could not be read then."""
        return self.said.get("baseline", {}).get(part)

    def access(self, rollback: Rollback) -> Access:
        """Open the approved connection. Raises Connection.DoesNotExist when it is gone."""
        planned = self.said["connection"]
        return opening.access(Connection.objects.get(pk=planned["id"], organisation_id=rollback.organisation_id))


def steps_of(rollback: Rollback) -> dict[int, PlannedStep]:
    """Return the steps of a rollback's plan by their position."""
    plan = json.loads(bytes(rollback.plan.canonical))
    return {said["position"]: PlannedStep(said) for said in plan["steps"]}


def idempotency_key(rollback: Rollback, position: int, part: str, kind: str) -> str:
    """Return the key that is the same for every attempt of one part of one step, and for nothing else."""
    text = "|".join((str(rollback.organisation_id), str(rollback.pk), str(position), part, kind, rollback.plan_hash))
    return hashlib.sha256(text.encode()).hexdigest()


def request_digest(call: Call) -> str:
    """Return the digest of what a call asks for, over canonical parameters."""
    said = {"action": call.action, "parameters": call.parameters, "part": call.part}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sending(
    rollback: Rollback, planned: PlannedStep, part: str, kind: str, attempt_id: UUID | str, **more: Any
) -> Sending:
    """Return what identifies an attempt to the provider. The marker is the same for all attempts of a part."""
    key = idempotency_key(rollback, planned.position, part, kind)
    title = rollback.incident.title
    return Sending(
        idempotency_key=key,
        attempt_id=str(attempt_id),
        marker=f"rollback-portal:{key[:24]}",
        reason=f"{rollback.incident.reference}, {rollback.reference} step {planned.position}: {title}"[:250],
        **more,
    )
