"""Rules about checks: whether anybody here can answer what the playbook asks, and whether an address may be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from apps.deployments.entering import PUBLIC_PORTS
from apps.playbooks.catalogue import Catalogue, Question
from apps.playbooks.definition import Check, CheckStep, Definition
from apps.playbooks.findings import ERROR, Finding
from apps.playbooks.placeholders import names_in_value
from apps.providers import outbound
from apps.providers.base import Call


def asked(definition: Definition) -> Iterator[tuple[int, CheckStep]]:
    """Yield the steps that ask a provider's check, with their positions from 1."""
    for at, step in enumerate(definition.steps, start=1):
        if isinstance(step, CheckStep) and step.check.use:
            yield at, step


def checks_exist(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """Every check that names a provider's question names one that some provider of that role answers."""
    known = {use for use, _ in catalogue.questions_by_use}
    for at, step in asked(definition):
        use, role = step.check.use, step.check.role
        if use in known or not (known or catalogue.offers_by_use):
            continue
        same = sorted(one for one in known if one.startswith(f"{role}."))
        advice = f"Known for {role}: {', '.join(same)}." if same else f"No provider of {role} answers checks."
        message = f"Step {at} asks {use}, which no provider answers."
        yield Finding(ERROR, "unknown_check", message, advice, at, step.line)


def checks_can_be_answered(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """At least one provider takes exactly what is asked, over a window that it can tell."""
    for at, step in asked(definition):
        questions = catalogue.questions(step.check.use)
        reasons = [_why_refused(step.check, question) for question in questions]
        if questions and all(reasons):
            taken = ", ".join(parameter.name for parameter in questions[0].check.takes()) or "nothing"
            message = f"Step {at} cannot be asked: {reasons[0]}"
            yield Finding(ERROR, "wrong_check", message, f"{step.check.use} takes: {taken}.", at, step.line)


def addresses_may_be_asked(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """No check asks an address that is private, or that is not plainly an address. Names are looked up when asked."""
    policy = replace(outbound.policy_from_environment(), lookup=_nobody_looks_up)
    for at, step in enumerate(definition.steps, start=1):
        url = step.check.url if isinstance(step, CheckStep) else ""
        if not url or any(names_in_value(url)):
            continue
        try:
            outbound.check_address(url, policy, public_ports=PUBLIC_PORTS)
        except outbound.AddressRefused as refused:
            message = f"Step {at} cannot be asked. {refused}"
            yield Finding(ERROR, "address_not_allowed", message, "Give a public https address.", at, step.line)


def _nobody_looks_up(host: str, seconds: float) -> Sequence[outbound.Address]:
    raise outbound.AddressUnknown(f"{host} is looked up when it is asked.")


def _why_refused(check: Check, question: Question) -> str:
    """Return the first reason as a sentence. What is filled in by a plan is judged by the plan."""
    if not any(names_in_value(check.parameters)):
        return " ".join(question.provider.check_problems(Call(check.name, check.parameters))[:1])
    known = {parameter.name: parameter for parameter in question.check.takes()}
    for name, parameter in known.items():
        value = check.parameters.get(name)
        if not any(names_in_value(value)) and (problem := parameter.problem(value)):
            return problem
    stranger = next((name for name in check.parameters if name not in known), "")
    return f"{question.check.title} has no parameter “{stranger}”." if stranger else ""
