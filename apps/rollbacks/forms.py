"""Forms of rollbacks: which ones to list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from apps.deployments.models import Service
from apps.rollbacks.models import Rollback
from apps.rollbacks.states import RollbackState


class FilterForm(forms.Form):
    """Narrow the list of rollbacks. An unknown value narrows nothing."""

    q = forms.CharField(label="Search", required=False, max_length=100)
    state = forms.ChoiceField(label="State", required=False)
    service = forms.ChoiceField(label="Service", required=False)

    def __init__(self, *args: Any, person: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = services_of(person)
        self.fields["state"].choices = [("", "Any state"), *RollbackState.choices]  # type: ignore[attr-defined]
        self.fields["service"].choices = [("", "Any service"), *services]  # type: ignore[attr-defined]
        self.fields["q"].widget.attrs["type"] = "search"

    @property
    def filtered(self) -> bool:
        """Say whether anything narrows the list."""
        return self.is_valid() and any(self.cleaned_data.values())

    def apply(self, rows: QuerySet[Rollback]) -> QuerySet[Rollback]:
        """Return the rows that fit."""
        if not self.is_valid():
            return rows
        given = self.cleaned_data
        if given["state"]:
            rows = rows.filter(state=given["state"])
        if given["service"]:
            rows = rows.filter(service__slug=given["service"])
        if text := given["q"]:
            found = (
                Q(incident__title__icontains=text)
                | Q(target__version__icontains=text)
                | Q(service__slug__icontains=text)
            )
            rows = rows.filter(found)
        return rows


def services_of(person: Any) -> list[tuple[str, str]]:
    """Return (slug, name) of the services that a person sees."""
    return list(Service.objects.visible_to(person).order_by("slug").values_list("slug", "name"))
