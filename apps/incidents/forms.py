"""What people fill in about incidents. Rules are the verbs'; a form only reads."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.rights import DECLARE
from apps.accounts.seeing import sight_of, within
from apps.deployments.models import Deployment, Environment
from apps.incidents.models import Incident, Severity

SEVERITY_WORDS = {
    Severity.P0: "P0 – nothing works for anybody",
    Severity.P1: "P1 – something important fails for many",
    Severity.P2: "P2 – something fails for some",
    Severity.P3: "P3 – a flaw that can wait",
}


class DeclareForm(forms.Form):
    """Three facts are enough; the rest can follow."""

    title = forms.CharField(
        label="What is broken", max_length=200, help_text="In a few words. Stakeholders read it on the status page."
    )
    severity = forms.ChoiceField(label="How bad", choices=SEVERITY_WORDS.items(), initial=Severity.P1)
    environment = forms.ModelChoiceField(label="Where", queryset=Environment.objects.none(), empty_label=None)
    summary = forms.CharField(
        label="What is known",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For those who work on it. Stakeholders never read it.",
    )
    started_at = forms.DateTimeField(
        label="Since when",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In your time zone. Leave it empty for now.",
    )
    affected_users_percent = forms.FloatField(
        label="Share of users who feel it, in percent", required=False, min_value=0, max_value=100
    )
    externally_visible = forms.BooleanField(label="Visible from outside", required=False)

    def __init__(self, *args: Any, person: Any, place: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = within(Environment.objects.visible_to(person), sight_of(person, DECLARE)).select_related("service")
        field = self.fields["environment"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = places.order_by("service__name", "-kind", "name")
        usual = next((one.pk for one in field.queryset if one.kind == "production"), None)
        field.initial = next((one.pk for one in field.queryset if str(one.pk) == place), usual)

    @property
    def first(self) -> list[forms.BoundField]:
        """The three facts."""
        return [self[name] for name in ("title", "severity", "environment")]

    @property
    def rest(self) -> list[forms.BoundField]:
        """What can follow."""
        return [self[name] for name in ("summary", "started_at", "affected_users_percent", "externally_visible")]


class NoteForm(forms.Form):
    """Something to write down for those who work on it."""

    text = forms.CharField(
        label="Note",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stays inside: stakeholders never see it.",
    )


class SeverityForm(forms.Form):
    """How bad it is now."""

    severity = forms.ChoiceField(label="How bad it is now", choices=SEVERITY_WORDS.items())
    reason = forms.CharField(label="Why", max_length=500, required=False)


class CauseForm(forms.Form):
    """Which release did it."""

    suspect = forms.ModelChoiceField(
        label="Which release did it",
        queryset=Deployment.objects.none(),
        required=False,
        empty_label="known, but no release",
    )
    reason = forms.CharField(label="Why we think so", max_length=500, required=False)

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["suspect"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = incident.environment.deployments.order_by("-deployed_at")
        field.initial = incident.suspect_id


class ResolveForm(forms.Form):
    """Why it is over."""

    note = forms.CharField(
        label="What made it well",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stays inside. Stakeholders read that it is resolved.",
    )


class FilterForm(forms.Form):
    """Which incidents to list."""

    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[
            ("", "all"), ("active", "active"), ("investigating", "investigating"), ("identified", "identified"),
            ("rolling_back", "rolling back"), ("monitoring", "monitoring"), ("resolved", "resolved"),
        ],
    )  # fmt: skip
    severity = forms.ChoiceField(label="Severity", required=False, choices=[("", "all"), *Severity.choices])
    service = forms.CharField(label="Service", required=False, max_length=60)
    q = forms.CharField(label="Find", required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"}))

    def given(self) -> dict[str, str]:
        """The filters that can be used; one that cannot is left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
