"""The forms of roles: what one is and may, what it may in one place, and who stands in."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.apps import apps

from apps.accounts.models import Person, Role
from apps.accounts.places import ENVIRONMENT, SERVICE
from apps.accounts.rights import DEEDS, SCOPED
from apps.accounts.seeing import seen_by

EVERYWHERE = [(right, deed.capitalize()) for right, deed in DEEDS.items()]
SOMEWHERE = [(right, deed.capitalize()) for right, deed in DEEDS.items() if right in SCOPED]
STANDING_IN = 3  # how many substitutes the form has room for


class RoleForm(forms.Form):
    """A role: its name, its duties, and what it may in the whole organisation."""

    name = forms.CharField(label="Name", max_length=120)
    duties = forms.CharField(
        label="Duties", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One sentence that everybody understands at 3 a.m.",
    )  # fmt: skip
    rights = forms.MultipleChoiceField(
        label="May, everywhere here", required=False, choices=EVERYWHERE, widget=forms.CheckboxSelectMultiple
    )


class GrantForm(forms.Form):
    """What a role may in one service or one environment only."""

    place = forms.ChoiceField(label="Where")
    rights = forms.MultipleChoiceField(
        label="May there", required=False, choices=SOMEWHERE, widget=forms.CheckboxSelectMultiple,
        help_text="Nothing ticked takes back what was given there.",
    )  # fmt: skip

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places_of(person)
        field = cast(forms.ChoiceField, self.fields["place"])
        field.choices = [(key, name) for key, (name, _) in self.places.items()]

    @property
    def thing(self) -> Any:
        """The service or environment that was chosen."""
        return self.places[self.cleaned_data["place"]][1]


class SubstitutesForm(forms.Form):
    """Who stands in, in order."""

    def __init__(self, role: Role, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = Person.objects.filter(organisation_id=role.organisation_id, active=True).order_by("name")
        self.people = {str(person.pk): person for person in here}
        named = list(role.substitutes.values_list("person_id", flat=True))
        for number, words in enumerate(("First", "Then", "At last")[:STANDING_IN]):
            self.fields[f"person_{number}"] = forms.ChoiceField(
                label=words,
                required=False,
                choices=[("", "Nobody"), *((key, person.name) for key, person in self.people.items())],
                initial=str(named[number]) if number < len(named) else "",
            )

    @property
    def chosen(self) -> list[Person]:
        """The people, in order, without the gaps."""
        given = [self.cleaned_data[f"person_{number}"] for number in range(STANDING_IN)]
        return [self.people[key] for key in given if key]


def places_of(person: Person) -> dict[str, tuple[str, Any]]:
    """Return {"service:<id>" or "environment:<id>": (name, row)} that `person` sees."""
    services = seen_by(apps.get_model(SERVICE).objects.order_by("name"), person)
    rows = seen_by(apps.get_model(ENVIRONMENT).objects.select_related("service"), person)
    found = {f"service:{row.pk}": (f"All of {row}", row) for row in services}
    return found | {f"environment:{row.pk}": (str(row), row) for row in rows.order_by("service__name", "name")}
