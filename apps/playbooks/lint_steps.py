"""Rules about single steps and their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from apps.playbooks.catalogue import Catalogue
from apps.playbooks.choices import OnFailure
from apps.playbooks.definition import ActionStep, CheckStep, Definition, Step
from apps.playbooks.findings import ERROR, WARNING, Finding
from apps.playbooks.placeholders import WHEN_SENT, names_in_value
from apps.providers.base import Risk

WILDCARDS = "*?%. "


def numbered(definition: Definition) -> Iterator[tuple[int, Step]]:
    """Yield the steps with their positions from 1."""
    return enumerate(definition.steps, start=1)


def actions(definition: Definition) -> Iterator[tuple[int, ActionStep]]:
    """Yield the steps that use a provider, with their positions from 1."""
    return ((at, step) for at, step in numbered(definition) if isinstance(step, ActionStep))


def _found(level: str, code: str, at: int, step: Step, message: str, advice: str = "") -> Finding:
    return Finding(level, code, message, advice, at, step.line)


def actions_exist(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """Every `use` names an action that some provider of that role has."""
    known = set(catalogue.uses())
    for at, step in actions(definition):
        if known and step.use not in known:
            same = sorted(use for use in known if use.startswith(f"{step.role}."))
            advice = (
                f"Known for {step.role}: {', '.join(same)}." if same else f"No provider fills the role {step.role}."
            )
            yield _found(
                ERROR,
                "unknown_action",
                at,
                step,
                f"Step {at} uses {step.use}, which no provider has.",
                advice,
            )


def parameters_exist(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """At least one provider of the action takes exactly what the step gives."""
    for at, step in actions(definition):
        offers = catalogue.offers(step.use)
        reasons = [_why_refused(step, offer.action.parameters) for offer in offers]
        if offers and all(reasons):
            taken = ", ".join(parameter.name for parameter in offers[0].action.parameters) or "nothing"
            message = f"Step {at} cannot be planned: {reasons[0]}."
            yield _found(ERROR, "wrong_parameters", at, step, message, f"{step.use} takes: {taken}.")


def _why_refused(step: ActionStep, parameters: Any) -> str:
    names = {parameter.name for parameter in parameters}
    for given in step.parameters:
        if given not in names:
            return f"{step.use} has no parameter “{given}”"
    for parameter in parameters:
        if parameter.required and step.parameters.get(parameter.name) in (None, "", []):
            return f"{step.use} needs “{parameter.name}”"
    return ""


def nothing_deletes_everything(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """A prefix names something; emptying the whole cache is asked for by its own name."""
    for at, step in actions(definition):
        prefix = step.parameters.get("prefix")
        if isinstance(prefix, str) and not prefix.strip(WILDCARDS):
            message = f"Step {at} would delete every key."
            advice = f"The prefix “{prefix}” matches everything. Name what the release wrote, for example share:."
            yield _found(ERROR, "deletes_everything", at, step, message, advice)


def destructive_steps_name_their_loss(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """What cannot be undone says what is lost, so that approvers accept it by name."""
    for at, step in actions(definition):
        silent = [one.action for one in catalogue.offers(step.use) if not (one.action.lost or one.tells_loss)]
        destructive = any(action.risk is Risk.DESTRUCTIVE for action in silent)
        if destructive and not step.losses and not definition.losses:
            message = f"Step {at} cannot be undone and does not say what is lost."
            yield _found(WARNING, "loss_not_named", at, step, message, "Add “losses” with a sentence for approvers.")


def messages_never_stop_a_run(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """A chat that is down must not keep a service broken."""
    for at, step in actions(definition):
        if step.is_message and step.on_failure is not OnFailure.CONTINUE:
            message = f"Step {at} only tells people, but its failure would stop the rollback."
            yield _found(WARNING, "message_stops_run", at, step, message, "Write on_failure: continue.")


def failed_checks_stop_a_run(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """Success means that the checks passed."""
    for at, step in numbered(definition):
        if isinstance(step, CheckStep) and step.on_failure is OnFailure.CONTINUE:
            message = f"Step {at} is a check that may fail unnoticed."
            yield _found(WARNING, "check_ignored", at, step, message, "Let it halt, or remove it.")


def compensation_has_an_inverse(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """`compensate` needs an action that can put the former state back."""
    for at, step in actions(definition):
        offers = catalogue.offers(step.use)
        if step.on_failure is OnFailure.COMPENSATE and offers and not any(offer.action.inverse for offer in offers):
            message = f"Step {at} says compensate, but nothing can put {step.use} back."
            yield _found(WARNING, "no_inverse", at, step, message, "Earlier steps are still put back; this one is not.")


def plans_hold_no_moving_values(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """People approve exact values; the time of sending is known only for messages."""
    for at, step in numbered(definition):
        moving = WHEN_SENT.intersection(names_in_value(_approved_values(step)))
        if moving:
            message = f"Step {at} uses {{{min(moving)}}}, which is known only when a message is sent."
            yield _found(ERROR, "moving_value", at, step, message, "Use it in chat, paging, mail or status steps only.")


def _approved_values(step: Step) -> Any:
    """Return what of a step is approved as it stands, and not filled when it is sent."""
    if isinstance(step, ActionStep):
        return {} if step.is_message else step.parameters
    return step.check.parameters if isinstance(step, CheckStep) else {}


def steps_have_names_of_their_own(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """Two steps with one name cannot be told apart on a phone at night."""
    counted = Counter(step.name.casefold() for step in definition.steps)
    for at, step in numbered(definition):
        if counted[step.name.casefold()] > 1:
            message = f"Step {at} has the same name as another step: “{step.name}”."
            yield _found(WARNING, "duplicate_name", at, step, message)


def the_way_back_is_proven(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """After traffic has been moved, something asks whether the service works."""
    for at, step in actions(definition):
        moves = any(offer.action.serves_traffic for offer in catalogue.offers(step.use))
        later = definition.steps[at:]
        if (moves or step.use == "hosting.rollback") and not any(isinstance(one, CheckStep) for one in later):
            message = f"Nothing checks the service after step {at}."
            yield _found(WARNING, "not_verified", at, step, message, "Add a check step behind it.")
