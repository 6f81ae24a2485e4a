"""Forms about what runs; what a verb refuses becomes an error of the field it names."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.models import Organisation, Person
from apps.deployments import lifecycle
from apps.deployments.models import Deployment, Environment, Service
from apps.deployments.roles import ROLES
from apps.providers.forms import attempt
from apps.providers.models import Connection
from apps.providers.registry import provider

KINDS = [(kind, kind.capitalize()) for kind in ("production", "staging", "preview", "development")]
UNKNOWN_OR_NOT = [("", "Nobody knows yet"), ("yes", "Yes"), ("no", "No")]


class ServiceForm(forms.Form):
    """Something customers use."""

    name = forms.CharField(max_length=120)
    slug = forms.CharField(
        label="Short name",
        max_length=60,
        help_text="Small letters, digits and “-”. It is typed to approve what cannot be undone.",
    )
    rto_minutes = forms.IntegerField(label="Minutes to recover", initial=60, min_value=1, max_value=10_080)
    audience = forms.CharField(
        label="Who feels it",
        required=False,
        max_length=200,
        help_text="For example: agencies and their clients.",
    )
    description = forms.CharField(required=False, max_length=2000, widget=forms.Textarea({"rows": 3}))

    def create(self, organisation: Organisation, by: Person) -> Service | None:
        """Add the service, or return None with the errors in the form."""
        return attempt(self, lambda: lifecycle.create_service(organisation, by=by, **self.cleaned_data))


class EnvironmentForm(forms.Form):
    """Where a service runs, and through which connection each role is filled."""

    name = forms.CharField(max_length=60, initial="production")
    kind = forms.ChoiceField(choices=KINDS)
    public_url = forms.CharField(
        label="Public address",
        required=False,
        max_length=500,
        help_text="Checks ask this address from outside.",
    )
    serving_path = forms.CharField(
        label="Where it tells its version",
        required=False,
        max_length=300,
        help_text="A path below the public address, for example /api/health.",
    )
    serving_header = forms.CharField(label="… in this header", required=False, max_length=300)
    serving_json = forms.CharField(label="… or at this place of its JSON", required=False, max_length=300)

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Connection.objects.filter(organisation=organisation).order_by("name")
        able = {row.pk: provider(row.provider).roles for row in rows}
        for role, title in ROLES.items():
            fitting = [pk for pk, roles in able.items() if not roles or role in roles]
            if fitting:
                choices = rows.filter(pk__in=fitting)
                self.fields[f"connections_{role}"] = forms.ModelChoiceField(
                    choices, label=title, required=False, empty_label="None"
                )

    def create(self, service: Service, by: Person) -> Environment | None:
        """Add the environment, or return None with the errors in the form."""
        given = self.cleaned_data
        roles = {role: chosen for role, chosen in self._chosen().items() if chosen}
        return attempt(
            self,
            lambda: lifecycle.create_environment(
                service,
                by=by,
                name=given["name"],
                kind=given["kind"],
                public_url=given["public_url"],
                serving=self._serving(),
                connections=roles,
            ),
        )

    def _serving(self) -> dict[str, str]:
        given = {name: self.cleaned_data[f"serving_{name}"] for name in ("path", "header", "json")}
        return {name: value for name, value in given.items() if value}

    def _chosen(self) -> dict[str, Connection | None]:
        names = {role: f"connections_{role}" for role in ROLES}
        return {role: self.cleaned_data[name] for role, name in names.items() if name in self.fields}


class ChangedEnvironmentForm(EnvironmentForm):
    """What of an environment may change; its name and kind may not."""

    name = kind = None  # type: ignore[assignment]

    def __init__(self, environment: Environment, *args: Any) -> None:
        initial: dict[str, Any] = {f"serving_{name}": value for name, value in environment.serving.items()}
        initial |= {f"connections_{one.role}": one.connection_id for one in environment.connections.all()}
        initial["public_url"] = environment.public_url
        super().__init__(environment.organisation, *args, initial=initial)

    def change(self, environment: Environment, by: Person) -> Environment | None:
        """Change the environment, or return None with the errors in the form."""
        return attempt(
            self,
            lambda: lifecycle.change_environment(
                environment,
                by=by,
                public_url=self.cleaned_data["public_url"],
                serving=self._serving(),
                connections=self._chosen(),
            ),
        )


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea({"rows": 3})

    def to_python(self, value: Any) -> Any:
        """Return the lines that are not empty."""
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]


class MigrationsField(LinesField):
    """Migrations, one on each line: id, additive or destructive, reversible or irreversible."""

    def to_python(self, value: Any) -> Any:
        """Return the migrations as the verb takes them."""
        return [self._migration(line.split()) for line in super().to_python(value)]

    def _migration(self, words: list[str]) -> dict[str, Any]:
        if len(words) != 3 or words[2] not in ("reversible", "irreversible"):
            raise forms.ValidationError("Write on each line: id, additive or destructive, reversible or irreversible.")
        return {"id": words[0], "kind": words[1], "reversible": words[2] == "reversible"}


class DeploymentForm(forms.Form):
    """One release and what it changed."""

    version = forms.CharField(max_length=100)
    reference = forms.CharField(max_length=200, help_text="The provider's own id, for example dpl_….")
    commit = forms.CharField(required=False, max_length=64)
    deployed_at = forms.DateTimeField(
        label="When it went out",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In your time zone; empty for now.",
    )
    author = forms.CharField(label="By", required=False, max_length=200)
    summary = forms.CharField(required=False, max_length=300)
    good = forms.ChoiceField(label="Did it work?", choices=UNKNOWN_OR_NOT, required=False)
    preview_reviewed = forms.ChoiceField(label="Was its preview reviewed?", choices=UNKNOWN_OR_NOT, required=False)
    flags = LinesField(required=False, help_text="Flags it brought, one on each line.")
    migrations = MigrationsField(
        required=False, help_text="One on each line: 0042_drop_tokens destructive irreversible"
    )
    env_changes = LinesField(
        label="Changed variables", required=False, help_text="Their names, one on each line; never values."
    )
    losses = LinesField(
        label="What is lost by going back",
        required=False,
        help_text="One on each line; approvers have to accept it.",
    )
    playbook = forms.CharField(required=False, max_length=100, help_text="The playbook for taking it back.")

    def register(self, environment: Environment, by: Person) -> Deployment | None:
        """Register it, or return None with the errors in the form."""
        said = dict(self.cleaned_data)
        for name in ("good", "preview_reviewed"):
            said[name] = {"yes": True, "no": False}.get(said[name])
        return attempt(self, lambda: lifecycle.register_deployment(environment, by=by, **said))


class VerdictForm(forms.Form):
    """Why a deployment is good, or unfit to go back to."""

    reason = forms.CharField(max_length=500)
    good = forms.ChoiceField(choices=[("yes", "Good"), ("no", "Unfit")])
