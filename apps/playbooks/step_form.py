"""The fields of one step, made from what the step does and what its provider declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms

from apps.playbooks import agreement_forms
from apps.playbooks.catalogue import Catalogue
from apps.playbooks.choices import OnFailure
from apps.playbooks.definition import ActionStep, CheckStep, HumanStep, Step
from apps.playbooks.fields import LONGEST_NAME
from apps.playbooks.list_fields import ListField
from apps.playbooks.parsing_steps import LONGEST_STEP_SECONDS
from apps.playbooks.showing import REACTIONS
from apps.providers.base import Parameter
from apps.providers.parameter_fields import field_of

PREFIX = "with-"


class StepForm(forms.Form):
    """One step of a draft; `number` and `edits` say which draft the writer saw."""

    number = forms.IntegerField(required=False, min_value=1, max_value=10**6, widget=forms.HiddenInput)
    edits = forms.IntegerField(required=False, min_value=0, max_value=10**6, widget=forms.HiddenInput)

    def __init__(self, step: Step, catalogue: Catalogue, *args: Any, **more: Any) -> None:
        """Make the fields of `step` and fill them with what it says."""
        super().__init__(*args, **more)
        self.step = step
        self.fields["name"] = _line("What it does, in words people will read", step.name, LONGEST_NAME)
        for name, field in _own_fields(step, catalogue):
            self.fields[name] = field
        self.fields.update(agreement_forms.fields_of(step))
        self.fields["gives_up_seconds"] = _seconds("Gives up after, in seconds", step.gives_up_seconds)
        self.fields["on_failure"] = forms.ChoiceField(
            label="If it fails",
            choices=[(str(word), REACTIONS[word]) for word in OnFailure],
            initial=str(step.on_failure),
        )

    @property
    def left_out(self) -> list[str]:
        """Return the parameters whose values are not texts; they are edited in the text of the playbook."""
        given = _given(self.step)
        return [name for name, value in given.items() if not _is_simple(value)]

    def changes(self) -> dict[str, Any]:
        """Return the step's fields for `change_step`; None removes what was emptied."""
        said = self.cleaned_data
        found: dict[str, Any] = {"name": said["name"], "on_failure": said["on_failure"]}
        if said["on_failure"] == self.step.on_failure:
            del found["on_failure"]
        found["gives_up_seconds"] = said["gives_up_seconds"]
        given = {name.removeprefix(PREFIX): _or_none(said[name]) for name in said if name.startswith(PREFIX)}
        if isinstance(self.step, ActionStep):
            found["with"] = given
        elif isinstance(self.step, CheckStep):
            own = ("path", "url", "status", "contains", "within_seconds")
            found["check"] = {name: said[name] or None for name in own if name in said}
            if given:
                found["check"]["with"] = given
        elif isinstance(self.step, HumanStep):
            found |= {"human": said["human"], "evidence": said["evidence"] or None}
        return found | {"approvals": agreement_forms.changes(said)}


def _own_fields(step: Step, catalogue: Catalogue) -> Iterator[tuple[str, forms.Field]]:
    if isinstance(step, ActionStep):
        offers = catalogue.offers(step.use)
        yield from _parameters(offers[0].action.parameters if offers else (), step.parameters)
    elif isinstance(step, CheckStep) and step.check.use:
        questions = catalogue.questions(step.check.use)
        yield from _parameters(questions[0].check.takes() if questions else (), step.check.parameters)
        yield "within_seconds", _seconds("Must hold within, in seconds", step.check.within_seconds)
    elif isinstance(step, CheckStep):
        check = step.check
        yield "path", _line("Path under the public address", check.path, 2000, required=not check.url)
        if check.url:
            yield "url", _line("Whole address", check.url, 2000, required=False)
        yield (
            "status",
            forms.IntegerField(
                label="Wanted status", required=False, min_value=100, max_value=599, initial=check.status
            ),
        )
        yield "contains", _line("Wanted in the answer", check.contains, 10_000, required=False)
        yield "within_seconds", _seconds("Must hold within, in seconds", check.within_seconds)
    elif isinstance(step, HumanStep):
        yield "human", _text("What to do", step.instructions)
        yield "evidence", forms.BooleanField(label="Asks for evidence", required=False, initial=step.evidence)


def _given(step: Step) -> Mapping[str, Any]:
    """Return the parameters that a step gives to a provider."""
    if isinstance(step, ActionStep):
        return step.parameters
    return step.check.parameters if isinstance(step, CheckStep) else {}


def _parameters(takes: Iterable[Parameter], given: Mapping[str, Any]) -> Iterator[tuple[str, forms.Field]]:
    declared = {one.name: one for one in takes}
    for name in dict.fromkeys((*declared, *given)):
        value = given.get(name)
        if _is_simple(value):
            yield PREFIX + name, _parameter(declared.get(name, Parameter(name, name, required=False)), value)


def _parameter(parameter: Parameter, value: Any) -> forms.Field:
    """Return the field of a parameter. What is not of the declared kind (a placeholder) is edited as a text."""
    if parameter.kind in ("number", "yes_no", "choice") and (value is None or not parameter.problem(value)):
        return field_of(parameter, value)
    if isinstance(value, (bool, int, float)):
        return field_of(replace(parameter, kind="yes_no" if isinstance(value, bool) else "number"), value)
    shared = {
        "label": parameter.title,
        "required": parameter.required,
        "help_text": parameter.help,
        "initial": value,
    }
    if parameter.kind == "list" or isinstance(value, list):
        return ListField(**shared)
    return forms.CharField(**shared, widget=forms.Textarea(attrs={"rows": 3}) if len(value or "") > 60 else None)


def _is_simple(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return value is None or isinstance(value, (str, bool, int, float))


def _or_none(value: Any) -> Any:
    """Return None for what was left empty; 0 and false are values."""
    return None if value in ("", []) else value


def _line(label: str, value: str, longest: int, *, required: bool = True) -> forms.Field:
    return forms.CharField(label=label, initial=value, max_length=longest, required=required)


def _text(label: str, value: str) -> forms.Field:
    return forms.CharField(label=label, initial=value, widget=forms.Textarea(attrs={"rows": 4}))


def _seconds(label: str, value: int | None) -> forms.Field:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=LONGEST_STEP_SECONDS, initial=value)
