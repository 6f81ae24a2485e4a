"""What people fill in to tell others something."""

from __future__ import annotations

from django import forms

from apps.incidents.states import IncidentState
from apps.timeline.models import Visibility

AUDIENCES = (
    (Visibility.STAKEHOLDER, "Stakeholders – on the status page"),
    (Visibility.PUBLIC, "Everybody – on the status page"),
    (Visibility.INTERNAL, "The team – in the timeline only"),
)
PROMISES = (("15", "in 15 minutes"), ("5", "in 5 minutes"), ("30", "in 30 minutes"), ("60", "in an hour"), ("", "none"))


class UpdateForm(forms.Form):
    """A few sentences, for whom, and when they hear more."""

    audience = forms.ChoiceField(label="For whom", choices=AUDIENCES)
    text = forms.CharField(
        label="What to tell them",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="At most three sentences. What they feel, what you do, what they need to do.",
    )
    phase = forms.ChoiceField(
        label="Phase", required=False, choices=[("", "as the incident stands"), *IncidentState.choices]
    )
    next_update_minutes = forms.TypedChoiceField(
        label="Next update", required=False, choices=PROMISES, initial="15", coerce=int, empty_value=None
    )
