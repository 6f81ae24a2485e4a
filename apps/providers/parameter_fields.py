"""Form fields for the parameters that actions and checks declare."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from apps.providers.declaring import Parameter

YES_NO = (("", "Not said"), ("true", "Yes"), ("false", "No"))


class NumberField(forms.FloatField):
    """A number; a whole one stays whole."""

    def clean(self, value: Any) -> Any:
        """Return an int where nothing is lost by it."""
        found = super().clean(value)
        return int(found) if isinstance(found, float) and found.is_integer() else found


class LinesField(forms.CharField):
    """Texts, one a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> Any:
        """Return the lines that say something, or None."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()] or None


class JsonField(forms.CharField):
    """Any value, written as JSON."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        """Return the value, or None for an empty text."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is not JSON. Write it like {“name”: “value”}.")


def field_of(parameter: Parameter, initial: Any = None) -> forms.Field:
    """Return the field in which `parameter` is entered; what is left empty becomes None or an empty text."""
    shared: dict[str, Any] = {
        "label": parameter.title,
        "required": parameter.required,
        "help_text": parameter.help,
        "initial": initial,
    }
    if parameter.kind == "number":
        return NumberField(**shared, widget=forms.NumberInput(attrs={"step": "any"}))
    if parameter.kind == "yes_no":
        shared["initial"] = "" if initial is None else str(bool(initial)).lower()
        return forms.TypedChoiceField(**shared, choices=YES_NO, coerce=lambda text: text == "true", empty_value=None)
    if parameter.kind == "choice":
        return forms.ChoiceField(**shared, choices=[("", "Choose"), *((one, one) for one in parameter.choices)])
    if parameter.kind == "list":
        return LinesField(**shared, widget=forms.Textarea(attrs={"rows": 3}))
    if parameter.kind == "json":
        return JsonField(**shared, widget=forms.Textarea(attrs={"rows": 3}))
    if parameter.kind == "time":
        shared["widget"] = forms.TextInput(attrs={"placeholder": "2026-03-01T02:15:00Z"})
    return forms.CharField(**shared)
