"""Forms for connections, made from what a provider declares; what a verb refuses becomes a field's error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms

from apps.accounts.models import Organisation, Person
from apps.providers import lifecycle
from apps.providers.base import Provider
from apps.providers.declaring import Field
from apps.providers.models import Connection
from apps.timeline.answers import Forbidden, Refused

T = TypeVar("T")


def attempt(form: forms.BaseForm, deed: Callable[[], T]) -> T | None:
    """Run a verb for a valid form. What it refuses is shown at its field; a missing right stays a refusal."""
    try:
        return deed()
    except Forbidden:
        raise
    except Refused as refused:
        name = str(refused.extra.get("field", "")).replace(".", "_")
        form.add_error(name if name in form.fields else None, refused.message)
        return None


class CredentialsForm(forms.Form):
    """The credentials that a provider wants. They are never shown again, not even in a form with an error."""

    def __init__(self, provider: Provider, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        for declared in provider.credentials:
            self.fields[f"credentials_{declared.name}"] = _field(declared, secret=True)

    def given(self, group: str, declared: Iterable[Field]) -> dict[str, Any]:
        """Return what was entered for the fields of `group`, under the names that the provider knows."""
        found = {field.name: self.cleaned_data.get(f"{group}_{field.name}") for field in declared}
        return {name: value for name, value in found.items() if value not in (None, "")}

    def replace(self, connection: Connection, by: Person) -> Connection | None:
        """Replace the credentials, or return None with the errors in the form."""
        given = self.given("credentials", self.provider.credentials)
        return attempt(self, lambda: lifecycle.replace_credentials(connection, by=by, credentials=given))


class ConnectionForm(CredentialsForm):
    """Everything about a new connection to one provider."""

    name = forms.CharField(max_length=120, help_text="How people here call it, for example “Vercel portal”.")
    field_order = ("name",)

    def __init__(self, provider: Provider, *args: Any, **kwargs: Any) -> None:
        super().__init__(provider, *args, **kwargs)
        for declared in provider.settings:
            self.fields[f"settings_{declared.name}"] = _field(declared)
        if provider.address_schemes:
            self.fields["base_url"] = forms.CharField(
                label="Address",
                required=provider.address_required and not provider.default_base_url,
                max_length=500,
                help_text=f"Leave empty for {provider.default_base_url}." if provider.default_base_url else "",
            )
        settings = [f"settings_{declared.name}" for declared in provider.settings]
        self.order_fields(["name", *settings, *self.fields])

    def connect(self, organisation: Organisation, by: Person) -> Connection | None:
        """Make the connection, or return None with the errors in the form."""
        return attempt(
            self,
            lambda: lifecycle.connect(
                organisation,
                by=by,
                provider=self.provider.slug,
                name=self.cleaned_data["name"],
                base_url=self.cleaned_data.get("base_url", ""),
                settings=self.given("settings", self.provider.settings),
                credentials=self.given("credentials", self.provider.credentials),
            ),
        )


class HeadersField(forms.CharField):
    """An object of names and texts, written as JSON."""

    def to_python(self, value: Any) -> Any:
        """Return the object, or None for an empty text."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is not JSON. Write it like {“Authorization”: “Bearer …”}.")


class HiddenLines(forms.Textarea):
    """Lines of a credential: never written back into a page, not even after an error."""

    def format_value(self, value: Any) -> str:
        """Return nothing, whatever was entered."""
        return ""


def _field(declared: Field, *, secret: bool = False) -> forms.Field:
    attributes = {"placeholder": declared.placeholder, "autocomplete": "off", "spellcheck": "false"}
    shared: dict[str, Any] = {
        "label": declared.label,
        "required": declared.required,
        "help_text": declared.help,
    }
    if declared.kind == "choice":
        nothing = ("", "Choose" if declared.required else "Not said")
        return forms.ChoiceField(**shared, choices=[nothing, *((one, one) for one in declared.choices)])
    kind = HeadersField if declared.kind == "json" else forms.CharField
    return kind(**shared, widget=_widget(declared.kind, attributes, secret=secret))


def _widget(kind: str, attributes: dict[str, str], *, secret: bool) -> forms.Widget:
    if kind in ("lines", "json") and not (secret and kind == "json"):
        lines = HiddenLines if secret else forms.Textarea
        return lines({**attributes, "rows": "4"})
    if secret:  # "new-password" keeps browsers from filling in the person's own
        return forms.PasswordInput({**attributes, "autocomplete": "new-password"})
    if kind == "number":
        return forms.NumberInput({**attributes, "step": "any"})
    plain = {"email": forms.EmailInput, "url": forms.URLInput}
    return plain.get(kind, forms.TextInput)(attributes)
