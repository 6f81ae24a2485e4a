"""The fields of a step's own approvals: who must agree before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.playbooks.definition import Approvals, Step
from apps.playbooks.list_fields import ListField
from apps.playbooks.parsing_approvals import LONGEST_WAIT_MINUTES

PREFIX = "agree-"
WHOLE = {"needed": ("How many of them", 20), "due_minutes": ("Asked again after, in minutes", LONGEST_WAIT_MINUTES)}


def fields_of(step: Step) -> dict[str, forms.Field]:
    """Return the fields by their names, filled with what the step says."""
    rule = step.approvals or Approvals()
    asks = "Roles by their short names, one a line. Without any nobody is asked once more."
    found: dict[str, forms.Field] = {
        f"{PREFIX}all_of": _roles("Must all agree before it begins", rule.all_of, asks),
        f"{PREFIX}any_of": _roles("Or: people out of these roles", rule.any_of, ""),
    }
    said = {"needed": rule.needed if rule.any_of else None, "due_minutes": rule.due_minutes}
    for name, (label, most) in WHOLE.items():
        found[PREFIX + name] = forms.IntegerField(
            label=label, required=False, min_value=1, max_value=most, initial=said[name]
        )
    return found


def changes(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return `approvals` for `change_step` from cleaned fields; None removes it. What has no field is kept."""
    found = {name: said[PREFIX + name] or None for name in ("all_of", "any_of", *WHOLE)}
    if not found["all_of"] and not found["any_of"]:
        return None
    if found["needed"] == 1:
        found["needed"] = None
    return found


def _roles(label: str, roles: tuple[str, ...], help_text: str) -> forms.Field:
    return ListField(
        label=label, required=False, initial=roles, help_text=help_text, widget=forms.Textarea(attrs={"rows": 2})
    )
