"""What people type in the editor."""

from __future__ import annotations

from django import forms

from apps.playbooks.lifecycle import LONGEST_COMMENT


class DraftForm(forms.Form):
    """The whole playbook as text, and which draft the writer saw.

    `number` is empty where the writer began from the published revision; `edits` counts changes of the draft.
    """

    content = forms.CharField(
        label="Playbook, as YAML",
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "code", "rows": 36, "spellcheck": "false", "autocapitalize": "off", "wrap": "off"}
        ),
    )
    comment = forms.CharField(
        label="What changed and why",
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed to publish. People read it at night.",
    )
    number = forms.IntegerField(required=False, min_value=1, max_value=10**6, widget=forms.HiddenInput)
    edits = forms.IntegerField(required=False, min_value=0, max_value=10**6, widget=forms.HiddenInput)
