"""One step of a draft as a form, for those who would rather not read YAML."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.programs import find
from apps.accounts.requests import Request
from apps.playbooks import editing, library, pages, permissions
from apps.playbooks.models import Playbook
from apps.playbooks.parsing import parse
from apps.playbooks.step_form import StepForm
from apps.playbooks.step_text import change_step
from apps.timeline.answers import Missing, Refused

ROWS = Playbook.objects.select_related("organisation", "published")


@require_http_methods(["GET", "POST"])
def edit_step(request: Request, slug: str, position: int) -> HttpResponse:
    """Show a step's fields; a POST saves them into the draft and leaves the rest of the text alone."""
    permissions.may_edit(request.person).or_refuse()
    found = find(ROWS.all(), request, slug=slug)
    content, draft = editing.starting_text(found)
    definition = parse(content)
    if not 1 <= position <= len(definition.steps):
        raise Missing("This playbook has no such step.")
    seen = {"number": draft and draft.number, "edits": draft and draft.edits}
    step, catalogue = definition.steps[position - 1], library.catalogue_for(found.organisation_id)
    form = StepForm(step, catalogue, request.POST or None, initial=seen)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, found, change_step(content, position, form.changes()), form)
        except Refused as refused:
            refusal = refused
        else:
            return redirect("playbooks:step", slug, position)
    context = pages.step(found, form, content, position, request.person, refusal, seen)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render(request, "playbooks/step.html", context, status=status)


def _save(request: Request, found: Playbook, content: str, form: StepForm) -> None:
    number, edits = form.cleaned_data["number"], form.cleaned_data["edits"]
    editing.save(found, by=request.person, content=content, number=number, edits=edits)
