"""What a readable playbook would still do wrong: errors stop its publication, warnings are to consider.

`RULES` is the table of contents. Each rule is named for the good state and yields what breaks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.playbooks import lint_checks, lint_steps, lint_whole
from apps.playbooks.catalogue import Catalogue
from apps.playbooks.definition import Definition
from apps.playbooks.findings import ERROR, Finding

Rule = Callable[[Definition, Catalogue], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    lint_steps.actions_exist,
    lint_steps.parameters_exist,
    lint_steps.nothing_deletes_everything,
    lint_steps.destructive_steps_name_their_loss,
    lint_steps.messages_never_stop_a_run,
    lint_steps.failed_checks_stop_a_run,
    lint_steps.compensation_has_an_inverse,
    lint_steps.plans_hold_no_moving_values,
    lint_steps.steps_have_names_of_their_own,
    lint_steps.the_way_back_is_proven,
    lint_checks.checks_exist,
    lint_checks.checks_can_be_answered,
    lint_checks.addresses_may_be_asked,
    lint_whole.no_placeholder_is_left_over,
    lint_whole.double_braces_are_meant,
    lint_whole.somebody_must_agree,
    lint_whole.those_who_must_agree_exist,
    lint_whole.votes_are_due_before_they_expire,
    lint_whole.the_target_can_be_met,
    lint_whole.the_target_is_within_the_rto,
)


@dataclass(frozen=True)
class Report:
    """The findings, errors first, and how many rules found nothing."""

    findings: tuple[Finding, ...]
    rules_held: int

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that stop publication."""
        return tuple(finding for finding in self.findings if finding.level == ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return the findings to consider."""
        return tuple(finding for finding in self.findings if finding.level != ERROR)


def report(definition: Definition, catalogue: Catalogue) -> Report:
    """Return what every rule says about the playbook."""
    found: list[Finding] = []
    held = 0
    for rule in RULES:
        broken = list(rule(definition, catalogue))
        held += not broken
        found.extend(broken)
    found.sort(key=lambda finding: (finding.level != ERROR, finding.step or 0))
    return Report(tuple(found), held)


def lint(definition: Definition, catalogue: Catalogue) -> list[Finding]:
    """Return the findings of all rules, errors first."""
    return list(report(definition, catalogue).findings)
