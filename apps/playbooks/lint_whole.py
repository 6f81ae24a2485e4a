"""Rules about the playbook as a whole: its words, its votes and its clocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.playbooks.catalogue import Catalogue
from apps.playbooks.definition import (
    SEVERITIES,
    ActionStep,
    Approvals,
    CheckStep,
    Definition,
    GateStep,
    HumanStep,
    Step,
)
from apps.playbooks.exporting import document, step_document
from apps.playbooks.findings import ERROR, WARNING, Finding

UNRESOLVED = re.compile(r"<[A-Z][A-Z0-9_ -]{1,60}>|\[(?:TBD|TODO|Contact info)\]|\bTBD\b")
GAP = re.compile(r"<[a-z][a-z _-]{1,40}>")
DOUBLED = re.compile(r"\{\{ ?[\w.]{1,80} ?\}\}")


def texts_of(value: object) -> Iterator[str]:
    """Yield every text in a document made of mappings and lists, without the names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from texts_of(child)
    elif isinstance(value, list):
        for child in value:
            yield from texts_of(child)


def _texts(definition: Definition) -> Iterator[tuple[Step | None, int | None, str]]:
    """Yield every text for people, with its step; what a check looks for is data and left out."""
    whole = document(definition)
    whole.pop("steps")
    for text in texts_of(whole):
        yield None, None, text
    for at, step in enumerate(definition.steps, start=1):
        words = step.name if isinstance(step, CheckStep) else step_document(step)
        for text in texts_of(words):
            yield step, at, text


def no_placeholder_is_left_over(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """Nothing like <PLACEHOLDER> or TBD is left to be filled in."""
    for step, at, text in _texts(definition):
        line = step.line if step else None
        if found := UNRESOLVED.search(text):
            message = f"“{found[0]}” has not been filled in."
            yield Finding(ERROR, "unresolved_placeholder", message, "Write what belongs there.", at, line)
        elif found := GAP.search(text):
            message = f"“{found[0]}” looks like something to fill in."
            advice = "Use a placeholder in braces, for example {incident.title}."
            yield Finding(WARNING, "looks_unresolved", message, advice, at, line)


def double_braces_are_meant(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """People used to other template languages write two braces where one is needed."""
    for step, at, text in _texts(definition):
        if found := DOUBLED.search(text):
            message = f"“{found[0]}” will be read as it stands, with one pair of braces."
            advice = "To have it filled in, write single braces."
            yield Finding(WARNING, "double_braces", message, advice, at, step.line if step else None)


def somebody_must_agree(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """A run that needs no vote is a decision worth a second look."""
    if definition.approvals.nobody:
        message = "Nobody has to agree before this starts."
        yield Finding(WARNING, "nobody_agrees", message, "Name roles under approvals, unless this is meant.")
        return
    free = [severity for severity in SEVERITIES if definition.approvals_for(severity).nobody]
    if free:
        message = f"Nobody has to agree before this starts at {', '.join(free)}."
        yield Finding(WARNING, "nobody_agrees", message, "People are told afterwards; make sure they are.")


def _rules(definition: Definition) -> list[Approvals]:
    """Return everything that says who must agree: to the start, at a severity, to a step."""
    of_steps = [step.approvals for step in definition.steps if step.approvals]
    return [definition.approvals, *definition.approvals_by_severity.values(), *of_steps]


def those_who_must_agree_exist(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """Every role that must vote is one that people can hold; a typing error would leave nobody to ask."""
    asked = dict.fromkeys(role for rule in _rules(definition) for role in rule.roles)
    for role in asked:
        if catalogue.people_roles and role not in catalogue.people_roles:
            message = f"There is no role “{role}” here, so nobody could agree in it."
            yield Finding(WARNING, "unknown_role", message, "Correct it under approvals, or add the role.")


def votes_are_due_before_they_expire(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """Escalation comes before the question is void."""
    for rule in _rules(definition):
        if rule.due_minutes is not None and rule.due_minutes >= rule.expires_minutes:
            due, void = rule.due_minutes, rule.expires_minutes
            message = f"Votes are due after {due} min, but the question is void after {void} min."
            yield Finding(WARNING, "due_after_expiry", message, "Make expires_minutes the longer one.")


def the_target_can_be_met(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """The promise is not shorter than the waits it is made of."""
    if definition.target_minutes is None:
        return
    vote = definition.approvals.due_minutes or 0
    usual = vote + sum(usual_seconds(step, catalogue) for step in definition.steps) / 60
    longest = vote + sum(longest_seconds(step, catalogue) for step in definition.steps) / 60
    target = definition.target_minutes
    if usual > target:
        message = f"The {target} min target cannot be met."
        advice = f"All waits together usually take {usual:.0f} min: {vote} to approve, {usual - vote:.0f} to run."
        yield Finding(WARNING, "target_infeasible", message, advice)
    elif longest > target * 0.9:
        near = "Over" if longest > target else "Close to"
        advice = (
            f"All waits together are {longest:.0f} min if every step takes its longest: "
            f"{vote} to approve, {longest - vote:.0f} to run."
        )
        yield Finding(WARNING, "target_tight", f"{near} the {target} min target.", advice)


def the_target_is_within_the_rto(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """The playbook aims to be done before the service must be back."""
    target, rto = definition.target_minutes, definition.rto_minutes
    if target is not None and rto is not None and target > rto:
        message = f"The target of {target} min is longer than the {rto} min in which the service must recover."
        yield Finding(WARNING, "target_after_rto", message)


def usual_seconds(step: Step, catalogue: Catalogue) -> float:
    """Return how long a step usually takes, in seconds; zero where nobody knows."""
    if step.usual_seconds is not None:
        return step.usual_seconds
    if isinstance(step, ActionStep):
        return max((offer.action.usual_seconds for offer in catalogue.offers(step.use)), default=0.0)
    return 0.0


def longest_seconds(step: Step, catalogue: Catalogue) -> float:
    """Return after how many seconds a step gives up; people and messages do not hold up the service."""
    if step.gives_up_seconds is not None:
        return step.gives_up_seconds
    if isinstance(step, CheckStep):
        return step.check.within_seconds
    if isinstance(step, HumanStep | GateStep) or (isinstance(step, ActionStep) and step.is_message):
        return step.usual_seconds or 0.0
    if isinstance(step, ActionStep):
        return max((offer.action.gives_up_seconds for offer in catalogue.offers(step.use)), default=0.0)
    return 0.0
