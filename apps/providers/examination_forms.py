"""A form for each check that a provider declares, made from the check's parameters."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.providers.answers import CheckResult
from apps.providers.asking import examine
from apps.providers.base import Provider
from apps.providers.declaring import Check
from apps.providers.forms import attempt
from apps.providers.models import Connection
from apps.providers.parameter_fields import field_of
from apps.timeline.answers import Unacceptable


class ExaminationForm(forms.Form):
    """What one check takes. `result` is what it found, once it was asked."""

    def __init__(self, check: Check, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prefix, self.check = check.name, check
        self.result: CheckResult | None = None
        for parameter in check.takes():
            self.fields[parameter.name] = field_of(parameter)

    def ask(self, connection: Connection, by: Person) -> CheckResult | None:
        """Ask the provider, or return None with the errors in the form."""
        if not self.is_valid():
            return None
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        self.result = attempt(self, lambda: examine(connection, by=by, check=self.check.name, parameters=given))
        return self.result


def forms_of(provider: Provider, asked: ExaminationForm | None = None) -> list[ExaminationForm]:
    """Return the forms of all checks; `asked` stands in the place of its own."""
    return [
        asked if asked is not None and asked.check.name == check.name else ExaminationForm(check)
        for check in provider.checks
    ]


def asked_form(provider: Provider, posted: Any) -> ExaminationForm:
    """Return the form of the check that was posted. Raises Unacceptable for one that the provider does not have."""
    name = str(posted.get("check", ""))
    try:
        return ExaminationForm(provider.declared_check(name), posted)
    except KeyError:
        raise Unacceptable(f"{provider.name} has no check of that name.", field="check") from None
