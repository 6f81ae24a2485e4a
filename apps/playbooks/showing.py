"""How playbooks look on pages: definitions and findings in the shapes that the templates read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.playbooks.catalogue import Catalogue, installed
from apps.playbooks.choices import OnFailure
from apps.playbooks.definition import (
    SEVERITIES,
    ActionStep,
    Approvals,
    Check,
    CheckStep,
    Definition,
    GateStep,
    HumanStep,
    Step,
    Trigger,
)
from apps.playbooks.difference import Difference
from apps.playbooks.editing import Preview
from apps.playbooks.exporting import step_document
from apps.playbooks.findings import ERROR
from apps.playbooks.lint_whole import longest_seconds, usual_seconds
from apps.providers.base import Risk

REACTIONS = {
    OnFailure.HALT: "Stop and ask",
    OnFailure.CONTINUE: "Go on",
    OnFailure.COMPENSATE: "Put back what was done",
}


def rows_of(definition: Definition, names: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the steps as rows of a table. `names` are of roles."""
    return [_row(at, step, installed(), names or {}) for at, step in enumerate(definition.steps, start=1)]


def _row(at: int, step: Step, catalogue: Catalogue, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "position": at,
        "name": step.name,
        "line": step.line,
        "what": _what(step, catalogue),
        "details": [*_details(step), *_agreement(step, names)],
        "usual": usual_seconds(step, catalogue) or None,
        "limit": _limit(step, catalogue) or None,
        "reaction": REACTIONS[step.on_failure],
        "destructive": _is_destructive(step, catalogue),
        "losses": [loss.text for loss in step.losses],
    }


def _limit(step: Step, catalogue: Catalogue) -> float:
    """Return after how many seconds the step gives up, also where nobody has to wait for it."""
    if isinstance(step, ActionStep) and step.is_message and step.gives_up_seconds is None:
        return max((offer.action.gives_up_seconds for offer in catalogue.offers(step.use)), default=0.0)
    return longest_seconds(step, catalogue)


def _what(step: Step, catalogue: Catalogue) -> str:
    """Return which system the step concerns and what it does there, in words."""
    if isinstance(step, CheckStep):
        return _asked(step.check, catalogue) if step.check.use else "Check"
    if isinstance(step, HumanStep):
        return "Done by a person, with evidence" if step.evidence else "Done by a person"
    if isinstance(step, GateStep):
        return "Nothing is sent: people agree that the run goes on"
    offers = catalogue.offers(step.use) if isinstance(step, ActionStep) else ()
    if not offers or not isinstance(step, ActionStep):
        return getattr(step, "use", "")
    names = " or ".join(dict.fromkeys(offer.name for offer in offers))
    return f"{names}: {offers[0].action.title}"


def _asked(check: Check, catalogue: Catalogue) -> str:
    """Return which system is asked what."""
    questions = catalogue.questions(check.use)
    names = " or ".join(dict.fromkeys(question.provider.name for question in questions))
    return f"Check, {names}: {questions[0].check.title}" if questions else f"Check: {check.use}"


def _details(step: Step) -> list[tuple[str, str]]:
    if isinstance(step, CheckStep):
        return [("Asks" if step.check.use else "Looks at", expectation(step.check))]
    if isinstance(step, HumanStep):
        return [("To do", step.instructions)]
    given = step_document(step).get("with", {})
    return [(name, value if isinstance(value, str) else str(value)) for name, value in given.items()]


def _agreement(step: Step, names: Mapping[str, str]) -> list[tuple[str, str]]:
    if step.approvals is None:
        return []
    rule = _rule(step.approvals, names)
    until = f", asked for within {rule['due']} min" if rule["due"] else ""
    return [("Must agree before it begins", f"{rule['who']}{until}")]


def expectation(check: Check) -> str:
    """Return a check in words: where it looks and what it wants to see."""
    if check.use:
        given = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in check.parameters.items())
        return f"{check.use}{f' with {given}' if given else ''}, must hold within {check.within_seconds} s"
    wanted = [f"status {check.status}" if check.status else "any 2xx status"]
    if check.contains:
        wanted.append(f"“{check.contains}” in the answer")
    wanted += [f"{name}: {value}" for name, value in check.header.items()]
    if check.json:
        wanted.append(f"members {check.json}")
    return f"{check.path or check.url}, wants {', '.join(wanted)} within {check.within_seconds} s"


def _is_destructive(step: Step, catalogue: Catalogue) -> bool:
    if not isinstance(step, ActionStep):
        return False
    return any(offer.action.risk is Risk.DESTRUCTIVE for offer in catalogue.offers(step.use))


def rules_of(definition: Definition, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return who must agree: a row for the rule, one for each severity that differs. `names` are of roles."""
    rows = [{"when": "To start" if not definition.approvals_by_severity else "Otherwise"}]
    rows[0] |= _rule(definition.approvals, names)
    for severity in SEVERITIES:
        if severity in definition.approvals_by_severity:
            rows.append({"when": severity} | _rule(definition.approvals_by_severity[severity], names))
    return rows


def _rule(rule: Approvals, names: Mapping[str, str]) -> dict[str, Any]:
    roles = [names.get(slug, slug) for slug in rule.roles]
    if rule.nobody:
        who = "Nobody has to agree"
    elif rule.all_of:
        who = " and ".join(roles)
    else:
        who = " or ".join(roles) if rule.needed == 1 else f"{rule.needed} of {', '.join(roles)}"
    return {"who": who, "due": rule.due_minutes, "expires": rule.expires_minutes}


def trigger_words(trigger: Trigger) -> str:
    """Return a trigger as a sentence."""
    signal = trigger.signal.replace("_", " ")
    limit = f" above {trigger.above}" if trigger.above is not None else ""
    lasting = f" for {trigger.for_minutes} min" if trigger.for_minutes else ""
    measured = f"{signal}{limit}{lasting}".strip()
    return f"{trigger.text} ({measured})" if trigger.text and measured else trigger.text or measured


def findings_of(shown: Preview) -> list[dict[str, str]]:
    """Return problems and findings in the shape of parts/_finding."""
    unreadable = [
        {"state": "stop", "fact": _at_line(problem.line, problem.message), "text": problem.path}
        for problem in shown.problems
    ]
    found = [
        {
            "state": "stop" if finding.level == ERROR else "warn",
            "fact": _at_line(finding.line, finding.message),
            "text": finding.advice,
        }
        for finding in shown.report.findings
    ]
    return unreadable + found


def _at_line(line: int | None, sentence: str) -> str:
    return f"Line {line}: {sentence}" if line else sentence


def sentences_of(told: Iterable[str]) -> list[dict[str, str]]:
    """Return sentences in the shape of parts/_difference: what changed in bold, then how."""
    rows = []
    for sentence in told:
        fact, colon, text = sentence.partition(": ")
        rows.append({"fact": fact + colon.strip(), "text": text} if colon else {"fact": sentence, "text": ""})
    return rows


def lines_of(changed: Difference) -> list[dict[str, Any]]:
    """Return the lines of a difference in the shape of parts/_difference."""
    return [
        {
            "sign": " " if line.kind == "…" else line.kind,
            "number": _number(line),
            "text": line.text or _gap(line),
        }
        for line in changed.lines
    ]


def _number(line: Any) -> int | None:
    return line.old_number if line.kind == "-" else line.new_number


def _gap(line: Any) -> str:
    return "…" if line.kind == "…" else ""
