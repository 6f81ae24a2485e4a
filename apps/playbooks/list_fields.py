"""A form field for several texts, one a line."""

from __future__ import annotations

from typing import Any

from django import forms


class ListField(forms.CharField):
    """Texts, one a line. A single placeholder stays a single text: it becomes a list when it is filled."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> Any:
        """Return a text for one placeholder, else the lines as a list."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        alone = len(lines) == 1 and lines[0].startswith("{") and lines[0].endswith("}")
        return lines[0] if alone else lines
