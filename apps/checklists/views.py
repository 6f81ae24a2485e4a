"""Pages of checklists: a tick by one press, and an item with its note, its evidence and all its ticks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.accounts.seeing import seen_by
from apps.checklists import lifecycle
from apps.checklists.models import Item
from apps.checklists.permissions import may_tick
from apps.checklists.states import DONE, NOT_APPLICABLE, UNDONE
from apps.incidents.situation import strip
from apps.timeline.answers import Missing

RESULTS = ((DONE, "Done"), (NOT_APPLICABLE, "Not applicable"), (UNDONE, "Still open after all"))


class TickForm(forms.Form):
    """What was found, and the proof of it."""

    result = forms.ChoiceField(label="Result", choices=RESULTS, widget=forms.RadioSelect, initial=DONE)
    note = forms.CharField(label="Note", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    evidence = forms.CharField(
        label="Evidence",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="An address, numbers, whatever proves it.",
    )


@require_GET
def item(request: Request, pk: UUID) -> HttpResponse:
    """One item with everything that was said of it."""
    found = _item(request, pk)
    return render(request, "checklists/item.html", _context(request, found, TickForm(initial={"result": found.state})))


@require_POST
def create_tick(request: Request) -> HttpResponse:
    """Tick by one press: the button says which item and what result. The stream shows it to everybody."""
    key, _, result = request.POST.get("tick", "").partition(":")
    found = _item(request, key)
    lifecycle.tick(found, by=request.person, result=result)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return _back(found)


@require_POST
def create_tick_with_note(request: Request, pk: UUID) -> HttpResponse:
    """Tick with a note and evidence."""
    found = _item(request, pk)
    form = TickForm(request.POST)
    if not form.is_valid():
        return render(request, "checklists/item.html", _context(request, found, form), status=422)
    lifecycle.tick(found, by=request.person, **form.cleaned_data)
    return _back(found)


def _item(request: Request, key: Any) -> Item:
    try:
        pk = UUID(str(key))
    except ValueError:
        raise Missing("There is no such item here.")
    rows = Item.objects.select_related("checklist__incident__service").prefetch_related("ticks__person")
    found = seen_by(rows.filter(pk=pk), request.person).first()
    if found is None:
        raise Missing("There is no such item here.")
    may(request.person, SEE_INTERNAL, found).or_refuse()
    return found


def _context(request: Request, found: Item, form: TickForm) -> dict[str, Any]:
    incident = found.checklist.incident
    return {
        "item": found,
        "incident": incident,
        "form": form,
        "may_tick": may_tick(request.person, found),
        "strip": strip(incident),
    }


def _back(found: Item) -> HttpResponse:
    return redirect(f"{found.checklist.incident.get_absolute_url()}#item-{found.pk}")
