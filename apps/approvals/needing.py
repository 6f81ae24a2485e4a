"""Which roles the rules count on, for those who look after people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.accounts.gaps import Need
from apps.accounts.places import place_of
from apps.approvals.models import Rule


def needs(organisation_id: Any) -> Iterator[Need]:
    """Yield what each active rule needs: every role of `all_of`, one of `any_of`, one per rung, each to be told."""
    for rule in Rule.objects.filter(organisation_id=organisation_id, active=True).select_related("environment"):
        why = f"the rule “{rule.name}”"
        for slug in (*rule.demand.get("all_of", []), *rule.told_after):
            yield Need((slug,), why, place_of(rule))
        for several in (rule.demand.get("any_of", []), *(rung.get("roles", []) for rung in rule.ladder)):
            if several:
                yield Need(tuple(several), why, place_of(rule))
