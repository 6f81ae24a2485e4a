"""Write a playbook down: as a plain document, as canonical bytes with their hash, and as YAML for people.

Reading any of the three gives back an equal Definition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from apps.playbooks import yaml_emitting
from apps.playbooks.choices import InputKind, Kind, OnFailure
from apps.playbooks.definition import (
    CHECK_WITHIN_SECONDS,
    DEFAULT_APPROVALS,
    ActionStep,
    Approvals,
    Check,
    ChecklistItem,
    CheckStep,
    Definition,
    HumanStep,
    Input,
    Loss,
    Step,
    Trigger,
)

Document = dict[str, Any]


def canonical(definition: Definition) -> bytes:
    """Return the one byte sequence that stands for this content: JSON, sorted, nothing superfluous."""
    text = json.dumps(document(definition), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def content_hash(definition: Definition) -> str:
    """Return the SHA-256 of the canonical bytes as 64 lowercase hex digits."""
    return hashlib.sha256(canonical(definition)).hexdigest()


def to_yaml(definition: Definition) -> str:
    """Return the playbook as YAML in the order people read it. Comments of an earlier text are not kept."""
    return yaml_emitting.emit(document(definition))


def document(definition: Definition) -> Document:
    """Return the playbook as mappings, lists and scalars, without what equals its default."""
    return {"version": definition.version} | _without_empty(
        {
            "slug": definition.slug,
            "name": definition.name,
            "kind": _unless(definition.kind, Kind.ROLLBACK),
            "summary": definition.summary,
            "owner": definition.owner,
            "fits": _without_empty(
                {"organisations": definition.fits.organisations, "services": definition.fits.services}
            ),
            "when_to_use": definition.when_to_use,
            "when_not_to_use": definition.when_not_to_use,
            "triggers": [_trigger(trigger) for trigger in definition.triggers],
            "target_minutes": definition.target_minutes,
            "rto_minutes": definition.rto_minutes,
            "update_cadence_minutes": definition.update_cadence_minutes,
            "approvals": _approvals(definition),
            "inputs": {entry.name: _input(entry) for entry in definition.inputs},
            "losses": _losses(definition.losses),
            "steps": [step_document(step) for step in definition.steps],
            "messages": [_without_empty(vars(message)) for message in definition.messages],
            "checklists": [
                {"title": one.title}
                | _without_empty({"when": _unless(one.when, "after")})
                | {"items": _items(one.items)}
                for one in definition.checklists
            ],
        }
    )


def step_document(step: Step) -> Document:
    """Return one step as it is written in a playbook."""
    what: Document = {"name": step.name}
    usual_reaction = OnFailure.HALT
    if isinstance(step, ActionStep):
        what |= {"use": step.use} | _without_empty({"with": _plain(step.parameters)})
        usual_reaction = OnFailure.CONTINUE if step.is_message else OnFailure.HALT
    elif isinstance(step, CheckStep):
        what["check"] = _check(step.check)
    elif isinstance(step, HumanStep):
        what |= {"human": step.instructions} | _without_empty({"evidence": step.evidence or None})
    return what | _without_empty(
        {
            "losses": _losses(step.losses),
            "on_failure": _unless(step.on_failure, usual_reaction),
            "usual_seconds": step.usual_seconds,
            "gives_up_seconds": step.gives_up_seconds,
            "approvals": _rule(step.approvals, Approvals()) if step.approvals else None,
        }
    )


def _check(check: Check) -> Document:
    found = _without_empty(
        {
            "path": check.path,
            "url": check.url,
            "method": _unless(check.method, "GET"),
            "status": check.status,
            "contains": check.contains,
            "header": dict(check.header),
            "use": check.use,
            "with": _plain(check.parameters),
            "within_seconds": _unless(check.within_seconds, CHECK_WITHIN_SECONDS),
        }
    )
    return found if check.json is None else found | {"json": _plain(check.json)}


def _approvals(definition: Definition) -> Document:
    rule = definition.approvals
    different = {
        severity: _rule(one, rule) for severity, one in definition.approvals_by_severity.items() if one != rule
    }
    return _rule(rule, DEFAULT_APPROVALS) | _without_empty({"by_severity": different})


def _rule(rule: Approvals, otherwise: Approvals) -> Document:
    found: Document = {}
    if (rule.all_of, rule.any_of, rule.needed) != (otherwise.all_of, otherwise.any_of, otherwise.needed):
        found = {"any_of": list(rule.any_of)} if rule.any_of else {"all_of": list(rule.all_of)}
        if rule.any_of and rule.needed != 1:
            found["needed"] = rule.needed
    if rule.due_minutes != otherwise.due_minutes:
        found["due_minutes"] = rule.due_minutes
    if rule.expires_minutes != otherwise.expires_minutes:
        found["expires_minutes"] = rule.expires_minutes
    return found


def _trigger(trigger: Trigger) -> str | Document:
    if not trigger.signal and trigger.above is None and trigger.for_minutes is None:
        return trigger.text
    return _without_empty(vars(trigger))


def _input(entry: Input) -> Document:
    return {"title": entry.title} | _without_empty(
        {
            "kind": _unless(entry.kind, InputKind.TEXT),
            "required": entry.required or None,
            "default": entry.default,
            "choices": entry.choices,
        }
    )


def _losses(losses: tuple[Loss, ...]) -> list[Document]:
    return [{"name": loss.name, "text": loss.text} for loss in losses]


def _items(items: tuple[ChecklistItem, ...]) -> list[Document]:
    return [_without_empty(vars(item)) for item in items]


def _unless(value: Any, usual: Any) -> Any:
    return None if value == usual else value


def _without_empty(fields: Mapping[str, Any]) -> Document:
    """Return the fields that say something, with tuples as lists and words as plain texts."""
    return {
        name: _plain(value)
        for name, value in fields.items()
        if value is not None and value != "" and value != () and value != [] and value != {}
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(child) for name, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(child) for child in value]
    return value
