"""The rules that every organisation starts with. None of them lets anything happen that would not without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.accounts.models import Organisation, Role
from apps.approvals import events
from apps.approvals.kinds import RESTORE
from apps.approvals.models import Rule
from apps.approvals.rule_reading import read
from apps.approvals.rule_words import says
from apps.timeline.log import SYSTEM, record

RESTORES: Mapping[str, Any] = {  # S4-36, S4-03: even at P0, and even where the playbook asks others
    "name": "Restores",
    "because": "A restore loses what was written since the backup.",
    "kinds": ["rollback.start"],
    "impacts": [RESTORE],
    "all_of": ["cto"],
    "due_minutes": 15,
}
EVERYBODY: Sequence[Mapping[str, Any]] = (RESTORES,)


@transaction.atomic
def give_rules(organisation: Organisation, rules: Sequence[Mapping[str, Any]] = EVERYBODY) -> list[Rule]:
    """Write these rules for an organisation that never had one of their names, also not a retired one; return those.

    Safe to repeat: what an administrator changed or retired stays as it is.
    """
    names = dict(Role.objects.filter(organisation=organisation).values_list("slug", "name"))
    had = set(Rule.objects.filter(organisation=organisation).values_list("name", flat=True))
    return [_make(organisation, said, names) for said in rules if said["name"] not in had and _fits(said, names)]


def listen(sender: Any, *, kind: str, organisation_id: Any, **more: Any) -> None:
    """Give a new organisation its rules. Only a shortcut: `bin/portal prepare` does it for everybody at each start."""
    if kind == "organisation.created":
        give_rules(Organisation.objects.get(pk=organisation_id))


def _make(organisation: Organisation, said: Mapping[str, Any], names: Mapping[str, str]) -> Rule:
    rule = Rule.objects.create(organisation=organisation, **read(organisation.pk, said, names))
    record(events.RULE_SHIPPED, rule, by=SYSTEM, name=rule.name, says=says(rule, names))
    return rule


def _fits(said: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Whether the organisation still has every role that the rule names: roles are its own data."""
    rungs = [role for rung in said.get("ladder", []) for role in rung["roles"]]
    wanted = {*said.get("all_of", []), *said.get("any_of", []), *said.get("told_after", []), *rungs}
    return wanted <= set(names)
