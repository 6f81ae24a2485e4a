"""The form of a playbook as JSON Schema (draft 2020-12), for editors and pipelines."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from apps.playbooks.choices import Audience, InputKind, Kind, OnFailure
from apps.playbooks.definition import CONNECTION_ROLES, SEVERITIES
from apps.playbooks.fields import LONGEST_NAME, LONGEST_TEXT, MOST_ENTRIES
from apps.playbooks.parsing import LONGEST_TARGET_MINUTES
from apps.playbooks.parsing_approvals import LONGEST_WAIT_MINUTES
from apps.playbooks.parsing_people import LONGEST_ITEM, WHENS
from apps.playbooks.parsing_steps import LONGEST_STEP_SECONDS, MOST_PARAMETERS

Schema = dict[str, Any]
NAME: Schema = {"type": ["string", "integer"], "minLength": 1, "maxLength": LONGEST_NAME}
TEXT: Schema = {"type": ["string", "integer"], "minLength": 1, "maxLength": LONGEST_TEXT}
SLUG: Schema = {"type": ["string", "integer"], "pattern": "^[a-z0-9][a-z0-9_-]*$", "maxLength": 60}


def json_schema() -> Schema:
    """Return the schema that every playbook of version 1 meets. Placeholders are checked when it is read."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Playbook, version 1",
        **_record(
            {
                "version": {"const": 1},
                "slug": SLUG,
                "name": NAME,
                "kind": _words(Kind),
                "summary": TEXT,
                "description": TEXT,
                "owner": NAME,
                "fits": _record({"organisations": _list(SLUG), "services": _list(SLUG)}),
                "when_to_use": _list(TEXT),
                "when_not_to_use": _list(TEXT),
                "triggers": _list({"anyOf": [TEXT, _trigger()]}),
                "target_minutes": _whole(1, LONGEST_TARGET_MINUTES),
                "rto_minutes": _whole(1, LONGEST_TARGET_MINUTES),
                "update_cadence_minutes": _whole(1, LONGEST_TARGET_MINUTES),
                "approvals": _approvals(),
                "inputs": _map(_input(), "^[a-z][a-z0-9_]{0,39}$"),
                "losses": _list(_loss()),
                "steps": {**_list(_step()), "minItems": 1},
                "messages": _list(_message()),
                "checklists": _list(_checklist()),
            },
            "version",
            "slug",
            "name",
            "steps",
        ),
    }


def _record(properties: Schema, *required: str) -> Schema:
    """Return a mapping that knows only these fields; a field may also be empty, which means absent."""
    loose = {name: one if name in required else {"anyOf": [one, {"type": "null"}]} for name, one in properties.items()}
    return {"type": "object", "properties": loose, "additionalProperties": False, "required": list(required)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "maxItems": MOST_ENTRIES}


def _map(values: Schema, names: str) -> Schema:
    return {"type": "object", "additionalProperties": values, "propertyNames": {"pattern": names}}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _words(words: type[StrEnum]) -> Schema:
    return {"enum": [str(word) for word in words]}


def _trigger() -> Schema:
    fields = {
        "text": TEXT,
        "signal": NAME,
        "above": {"type": "number"},
        "for_minutes": _whole(0, LONGEST_TARGET_MINUTES),
    }
    return {**_record(fields), "anyOf": [{"required": ["text"]}, {"required": ["signal"]}]}


def _rule() -> Schema:
    return {
        "all_of": _list(SLUG),
        "any_of": {**_list(SLUG), "minItems": 1},
        "needed": _whole(1, 20),
        "due_minutes": _whole(1, LONGEST_WAIT_MINUTES),
        "expires_minutes": _whole(1, LONGEST_WAIT_MINUTES),
    }


ONE_RULE: Schema = {"not": {"required": ["all_of", "any_of"]}, "dependentRequired": {"needed": ["any_of"]}}


def _approvals() -> Schema:
    by_severity = _record({severity: {**_record(_rule()), **ONE_RULE} for severity in SEVERITIES})
    return {**_record({**_rule(), "by_severity": by_severity}), **ONE_RULE}


def _step_approvals() -> Schema:
    """Somebody must be named, otherwise a step would ask nobody."""
    somebody = {**_rule(), "all_of": {**_list(SLUG), "minItems": 1}}
    named = {"anyOf": [{"required": ["all_of"]}, {"required": ["any_of"]}]}
    return {**_record(somebody), **ONE_RULE, **named}


def _input() -> Schema:
    fields = {
        "title": NAME,
        "kind": _words(InputKind),
        "required": {"type": "boolean"},
        "default": {"anyOf": [TEXT, _list(TEXT)]},
        "choices": _list(TEXT),
    }
    return _record(fields)


def _loss() -> Schema:
    return {"anyOf": [TEXT, _record({"name": SLUG, "text": TEXT}, "text")]}


def _step() -> Schema:
    common = {
        "name": NAME,
        "on_failure": _words(OnFailure),
        "usual_seconds": _whole(0, LONGEST_STEP_SECONDS),
        "gives_up_seconds": _whole(1, LONGEST_STEP_SECONDS),
        "losses": _list(_loss()),
        "approvals": _step_approvals(),
    }
    roles = "|".join(CONNECTION_ROLES)
    use = {"type": "string", "pattern": f"^({roles})\\.[a-z][a-z0-9_]{{0,59}}$"}
    parameters = {"type": "object", "maxProperties": MOST_PARAMETERS}
    return {
        "oneOf": [
            _record({**common, "use": use, "with": parameters}, "name", "use"),
            _record({**common, "check": {"oneOf": [_check(), _asked(use, parameters)]}}, "name", "check"),
            _record({**common, "human": TEXT, "evidence": {"type": "boolean"}}, "name", "human"),
            _record(common, "name", "approvals"),
        ]
    }


def _check() -> Schema:
    fields = {
        "path": {"type": "string", "pattern": r"^/(?!/)[^\s\\]*$"},
        "url": {"type": "string", "pattern": r"^https?://[^\s\\/?#@]+[^\s\\]*$"},
        "method": {"enum": ["GET", "HEAD"]},
        "status": _whole(100, 599),
        "contains": TEXT,
        "header": {"type": "object", "maxProperties": MOST_PARAMETERS},
        "json": {"type": "object"},
        "within_seconds": _whole(1, LONGEST_STEP_SECONDS),
    }
    return {**_record(fields), "oneOf": [{"required": ["path"]}, {"required": ["url"]}]}


def _asked(use: Schema, parameters: Schema) -> Schema:
    """A check that a provider declares."""
    return _record({"use": use, "with": parameters, "within_seconds": _whole(1, LONGEST_STEP_SECONDS)}, "use")


def _message() -> Schema:
    fields = {"name": NAME, "audience": _words(Audience), "channel": NAME, "subject": NAME, "text": TEXT}
    return _record(fields, "name", "text")


def _checklist() -> Schema:
    short = {**TEXT, "maxLength": LONGEST_ITEM}
    item = {
        "id": SLUG,
        "text": short,
        "role": SLUG,
        "due_minutes": _whole(1, 90 * 24 * 60),
        "due_business_days": _whole(1, 90),
    }
    items = _list({"anyOf": [short, _record(item, "text")]})
    return _record({"title": NAME, "when": {"enum": list(WHENS)}, "items": items}, "title", "items")
