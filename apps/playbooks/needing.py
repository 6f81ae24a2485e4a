"""Which roles the published playbooks count on, for those who look after people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.accounts.gaps import Need
from apps.playbooks.library import definition_of
from apps.playbooks.models import Playbook


def needs(organisation_id: Any) -> Iterator[Need]:
    """Yield what each published playbook needs: every role of `all_of`, or one of `any_of`."""
    rows = Playbook.objects.filter(organisation_id=organisation_id, published__isnull=False)
    for playbook in rows.select_related("published").order_by("name"):
        approvals = definition_of(playbook.published).approvals if playbook.published else None
        why = f"the playbook “{playbook.name}”"
        for slug in approvals.all_of if approvals else ():
            yield Need((slug,), why)
        if approvals and approvals.any_of:
            yield Need(approvals.any_of, why)
