"""The forms of people, profiles and the first set-up."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password

from apps.accounts.models import Organisation, Role, User
from apps.accounts.tokens import SCOPES

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix")))
MEANINGS = {
    "read": "Read: everything you may see",
    "write": "Write: incidents, rollbacks, deployments, updates, ticks, pause and resume",
    "approve": "Approve: votes as you, without asking for the password again",
    "admin": "Administer: connections, services, people, publication, freezes",
}


class SetUpForm(forms.Form):
    """The first organisation and its first administrator."""

    organisation = forms.CharField(label="Organisation", max_length=200)
    slug = forms.SlugField(label="Short name", max_length=60, help_text="Small letters, digits and hyphens; it stays.")
    time_zone = forms.ChoiceField(label="Time zone", choices=[("UTC", "UTC"), *((z, z) for z in ZONES)])
    name = forms.CharField(label="Your name", max_length=200)
    email = forms.EmailField(label="Email", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 10 characters; a sentence is best.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is easy to guess from what stands beside it."""
        found = super().clean() or {}
        if password := found.get("password"):
            person = User(email=found.get("email", ""), name=found.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return found


class PersonForm(forms.Form):
    """Somebody to let in."""

    email = forms.EmailField(label="Email", help_text="They get a link to choose their own password.")
    name = forms.CharField(label="Name", max_length=200)
    roles = forms.MultipleChoiceField(label="Roles", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = Role.objects.filter(organisation=organisation).order_by("name")
        offered = [(role.slug, f"{role.name}. {role.duties}") for role in roles]
        cast(forms.MultipleChoiceField, self.fields["roles"]).choices = offered


class DetailsForm(forms.Form):
    """What people may change about themselves."""

    name = forms.CharField(label="Name", max_length=200)
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=[("", "As the organisation"), ("UTC", "UTC"), *((z, z) for z in ZONES)],
    )


class TokenForm(forms.Form):
    """A token for a program that acts as oneself."""

    name = forms.CharField(label="What it is for", max_length=120)
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, MEANINGS[scope]) for scope in SCOPES],
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label="Ends after",
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "never")],
        coerce=int,
        empty_value=None,
        required=False,
        initial="90",
    )


class ServiceTokenForm(TokenForm):
    """A token for a service: it can report, and nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"read": "Read: what those inside see", "write": "Write: deployments, incidents, updates, ticks"}
        cast(forms.MultipleChoiceField, self.fields["scopes"]).choices = list(words.items())
        self.fields["scopes"].initial = ["read", "write"]


class MappingForm(forms.Form):
    """A group of the sign-in service that gives a role."""

    group = forms.CharField(label="Group", max_length=200, help_text="Its name or id, as the service writes it.")
    role = forms.ChoiceField(label="Role")

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = Role.objects.filter(organisation=organisation).order_by("name")
        cast(forms.ChoiceField, self.fields["role"]).choices = [(role.slug, role.name) for role in roles]
