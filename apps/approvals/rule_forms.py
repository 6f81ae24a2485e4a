"""Forms about rules: what a rule says, and what somebody asks the authority preview."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.accounts.models import Organisation, Person
from apps.approvals.kinds import IMPACTS, OF_THE_PROCEDURE, QUESTIONS, SEVERITIES
from apps.approvals.models import Rule
from apps.approvals.permissions import role_names
from apps.approvals.procedures import procedures_of
from apps.approvals.rule_places import environments_of

EVERYWHERE = ("", "Everywhere")


class Ticks(forms.MultipleChoiceField):
    """Several of many, none of which is needed."""

    def __init__(self, label: str, choices: Any = (), help_text: str = "") -> None:
        super().__init__(
            label=label, choices=choices, help_text=help_text, required=False, widget=forms.CheckboxSelectMultiple
        )


class Minutes(forms.IntegerField):
    """Minutes, or nothing."""

    def __init__(self, label: str, help_text: str = "") -> None:
        super().__init__(label=label, help_text=help_text, required=False, min_value=1, max_value=7 * 24 * 60)


class RuleForm(forms.Form):
    """When a rule holds, and who must agree. What makes no sense is refused by `rule_reading`, at its field."""

    name = forms.CharField(max_length=200)
    because = forms.CharField(label="Why there is this rule", max_length=300, required=False)
    kinds = Ticks("What is asked", QUESTIONS.items(), "None ticked: whatever is asked.")
    severities = Ticks("At which severity", [(each, each) for each in SEVERITIES], "None ticked: at any.")
    procedures = Ticks("By which playbook", help_text="None ticked: by any. Such a rule wins over severities.")
    where = forms.ChoiceField(label="Where", required=False)
    environment_kinds = Ticks("In which kind of environment", help_text="None ticked: in any.")
    impacts = Ticks("If", IMPACTS.items(), "One that holds is enough. None ticked: always.")
    all_of = Ticks("All of these must agree", help_text="One vote each.")
    any_of = Ticks("And so many of these")
    needed = forms.IntegerField(label="How many of them", required=False, min_value=1, max_value=20, initial=1)
    due_minutes = Minutes("An answer is due after, minutes", "Then those who are missing are told again.")
    expires_minutes = Minutes("The question ends after, minutes", "Empty: what the playbook says, or 60.")
    ladder = forms.CharField(
        label="Whom to call while nobody decides", required=False, widget=forms.Textarea({"rows": 3}),
        help_text="A line for each rung: minutes, a colon, roles. For example “10: engineering-manager, cto”.",
    )  # fmt: skip
    told_after = Ticks("Who is told afterwards", help_text="Only where nobody has to agree.")
    told_within_minutes = Minutes("Told within, minutes", "Empty: 60.")

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = sorted(role_names(organisation.pk).items(), key=lambda role: role[1])
        for name in ("all_of", "any_of", "told_after"):
            self.fields[name].choices = roles  # type: ignore[attr-defined]
        known = [(each.slug, each.name) for each in procedures_of(organisation.pk)]
        self.fields["procedures"].choices = known  # type: ignore[attr-defined]
        environments = environments_of(organisation.pk)
        services = {f"{each.service.slug}/": f"All of {each.service.name}" for each in environments}
        places = [(f"{each.service.slug}/{each.name}", str(each)) for each in environments]
        self.fields["where"].choices = [EVERYWHERE, *services.items(), *places]  # type: ignore[attr-defined]
        kinds = sorted({"production", "staging", *(each.kind for each in environments)})
        self.fields["environment_kinds"].choices = [(each, each) for each in kinds]  # type: ignore[attr-defined]

    def clean_ladder(self) -> list[dict[str, Any]]:
        """Read the lines. What they say is judged by `rule_reading`."""
        lines = [line.partition(":") for line in self.cleaned_data["ladder"].splitlines() if line.strip()]
        if any(not colon or not (minutes.strip().isdecimal() and len(minutes) < 9) for minutes, colon, _ in lines):
            raise forms.ValidationError("Write each line as minutes, a colon, and roles: “10: cto”.")
        return [
            {"minutes": int(minutes), "roles": [role.strip() for role in roles.split(",") if role.strip()]}
            for minutes, _, roles in lines
        ]

    def said(self) -> dict[str, Any]:
        """Return what `rule_lifecycle` is told."""
        service, _, environment = self.cleaned_data["where"].partition("/")
        return {**self.cleaned_data, "service": service, "environment": environment}


def initial_of(rule: Rule) -> dict[str, Any]:
    """Return what the form shows of a rule that is there."""
    here = rule.environment
    where = f"{here.service.slug}/{here.name}" if here else f"{rule.service.slug}/" if rule.service else ""
    plain = ("name", "because", "kinds", "severities", "procedures", "environment_kinds", "impacts", "due_minutes")
    return {
        **{name: getattr(rule, name) for name in (*plain, "expires_minutes", "told_after", "told_within_minutes")},
        **{name: rule.demand.get(name) for name in ("all_of", "any_of", "needed")},
        "where": where,
        "ladder": "\n".join(f"{rung['minutes']}: {', '.join(rung['roles'])}" for rung in rule.ladder),
    }


class AuthorityForm(forms.Form):
    """What is asked of the preview; everything is in the address, so that it can be kept and sent."""

    kind = forms.ChoiceField(label="What happens", choices=QUESTIONS.items())
    severity = forms.ChoiceField(choices=[(each, each) for each in SEVERITIES])
    procedure = forms.ChoiceField(label="By", required=False)
    environment = forms.ChoiceField(label="Where", required=False)
    impacts = Ticks("And", [(name, words) for name, words in IMPACTS.items() if name in OF_THE_PROCEDURE])

    def __init__(self, person: Person, environments: list[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(each.slug, each.name) for each in procedures_of(person.organisation_id)]
        self.fields["procedure"].choices = [("", "No playbook in particular"), *known]  # type: ignore[attr-defined]
        places = [(str(each.pk), str(each)) for each in environments]
        self.fields["environment"].choices = [("", "No place in particular"), *places]  # type: ignore[attr-defined]
