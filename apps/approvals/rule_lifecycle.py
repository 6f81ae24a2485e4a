"""What administrators do with rules, in the order of their life: make, change, retire. Every deed is recorded.

What people are being asked by a rule at that moment is taken back when the rules now say otherwise (`rule_changes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Organisation, Role
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER
from apps.approvals import events
from apps.approvals.models import Rule
from apps.approvals.rule_changes import hold_for_change, take_back_outdated
from apps.approvals.rule_reading import read
from apps.approvals.rule_words import says
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.log import record


@transaction.atomic
def make_rule(organisation: Organisation, *, by: Any, said: Mapping[str, Any]) -> Rule:
    """Return a new rule; `said` is what `rule_reading.read` reads. Raises Forbidden or Unacceptable."""
    may(by, ADMINISTER, organisation).or_refuse()
    names = _names(organisation)
    rule = Rule(organisation=organisation, **read(organisation.pk, said, names))
    locked = hold_for_change(organisation)
    _save(rule)
    record(events.RULE_MADE, rule, by=by, name=rule.name, says=says(rule, names))
    take_back_outdated(organisation, by=by, name=rule.name, locked=locked)
    return rule


@transaction.atomic
def change_rule(rule: Rule, *, by: Any, said: Mapping[str, Any]) -> Rule:
    """Let the rule say something else from now on. What it said before stays in the record."""
    organisation = rule.organisation
    may(by, ADMINISTER, organisation).or_refuse()
    names = _names(organisation)
    fields = read(organisation.pk, said, names)
    locked = hold_for_change(organisation)
    rule = _fresh(rule)
    before = says(rule, names)
    for name, value in fields.items():
        setattr(rule, name, value)
    _save(rule)
    record(events.RULE_CHANGED, rule, by=by, name=rule.name, before=before, says=says(rule, names))
    take_back_outdated(organisation, by=by, name=rule.name, locked=locked)
    return rule


@transaction.atomic
def retire_rule(rule: Rule, *, by: Any) -> Rule:
    """End a rule: it decides nothing any more, and stays to be read."""
    organisation = rule.organisation
    may(by, ADMINISTER, organisation).or_refuse()
    locked = hold_for_change(organisation)
    rule = _fresh(rule)
    rule.active = False
    rule.save(update_fields=["active"])
    record(events.RULE_RETIRED, rule, by=by, name=rule.name, says=says(rule, _names(organisation)))
    take_back_outdated(organisation, by=by, name=rule.name, locked=locked)
    return rule


def _names(organisation: Organisation) -> dict[str, str]:
    return dict(Role.objects.filter(organisation=organisation).values_list("slug", "name"))


def _fresh(rule: Rule) -> Rule:
    found = Rule.objects.select_related("service", "environment__service").get(pk=rule.pk)
    if not found.active:
        raise Refused(f"The rule “{found.name}” is retired. Make a new one.", state="retired")
    return found


def _save(rule: Rule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as taken:
        raise Unacceptable(f"name: there is already a rule “{rule.name}”.", field="name") from taken
