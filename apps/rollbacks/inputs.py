"""Check what a proposer filled in against what the playbook asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.playbooks.definition import Definition, Input, InputKind
from apps.timeline.answers import Unacceptable

LONGEST = 1000


def accepted_inputs(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every declared input. Raises Unacceptable for unknown, missing or wrong ones."""
    unknown = sorted(set(given) - {wanted.name for wanted in definition.inputs})
    if unknown:
        raise Unacceptable(f"The playbook asks for no input “{unknown[0]}”.", field=f"inputs.{unknown[0]}")
    return {wanted.name: _value(wanted, given.get(wanted.name)) for wanted in definition.inputs}


def _value(wanted: Input, value: Any) -> Any:
    field = f"inputs.{wanted.name}"
    if value in (None, "", []):
        if wanted.required and wanted.default is None:
            raise Unacceptable(f"Fill in “{wanted.title}”.", field=field)
        value = wanted.default
    if wanted.kind == InputKind.LIST:
        if isinstance(value, str):
            value = [line.strip() for line in value.replace(",", "\n").splitlines() if line.strip()]
        if value is not None and not all(isinstance(item, str) for item in value):
            raise Unacceptable(f"“{wanted.title}” is a list of texts.", field=field)
        return list(value or [])
    if value is not None and not isinstance(value, str):
        raise Unacceptable(f"“{wanted.title}” is a text.", field=field)
    if wanted.kind == InputKind.CHOICE and value not in (None, *wanted.choices):
        raise Unacceptable(f"“{wanted.title}” is one of {', '.join(wanted.choices)}.", field=field)
    return (value or "")[:LONGEST]
