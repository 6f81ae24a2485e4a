"""Plan a standing proposal again, from what the playbook, the target and the inputs were."""

from __future__ import annotations

from apps.accounts.models import Person
from apps.rollbacks import lifecycle
from apps.rollbacks.models import Rollback
from apps.rollbacks.planning import Draft, Wish


def prepare_again(rollback: Rollback, *, by: Person) -> tuple[Wish, Draft]:
    """Return a fresh plan for the same wish. Reads providers: call it outside a transaction."""
    return lifecycle.prepare(
        rollback.incident,
        by=by,
        revision=rollback.revision,
        target=rollback.target,
        inputs=rollback.inputs,
        environment=rollback.environment,
        rollback_id=rollback.pk,
    )
