"""Forms about freezes: what to stop and where, and why it may go on."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.deployments import lifecycle, permissions
from apps.deployments.models import Environment, Freeze, Service
from apps.providers.forms import attempt

STOPS = [
    ("rollbacks", "Rollbacks: nothing more is sent to any provider"),
    ("deployments", "Releases: the gate tells deploy pipelines to wait"),
]


class FreezeForm(forms.Form):
    """What to stop, where, and why."""

    stops = forms.ChoiceField(label="Stop", choices=STOPS, widget=forms.RadioSelect)
    where = forms.ChoiceField(label="Where")
    reason = forms.CharField(max_length=2000, widget=forms.Textarea({"rows": 2}))

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        rows = Environment.objects.visible_to(person).select_related("service").order_by("service__name", "name")
        self.environments = {f"environment:{row.pk}": row for row in rows}
        services = {f"service:{row.service_id}": row.service for row in self.environments.values()}
        self.services: dict[str, Service] = services
        choices = [("organisation", "Everything here")]
        choices += [(key, f"All of {row.name}") for key, row in services.items()]
        choices += [(key, str(row)) for key, row in self.environments.items()]
        if permissions.may_freeze(person, "all"):
            choices.append(("all", "Every organisation of this installation"))
        self.fields["where"].choices = choices  # type: ignore[attr-defined]

    def freeze(self) -> Freeze | None:
        """Freeze, or return None with the errors in the form."""
        where = self.cleaned_data["where"]
        return attempt(
            self,
            lambda: lifecycle.freeze(
                self.person.organisation,
                by=self.person,
                stops=self.cleaned_data["stops"],
                scope=where.partition(":")[0],
                service=self.services.get(where),
                environment=self.environments.get(where),
                reason=self.cleaned_data["reason"],
            ),
        )


class LiftForm(forms.Form):
    """Why it may go on."""

    reason = forms.CharField(max_length=2000)
