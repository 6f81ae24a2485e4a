"""Pages of playbooks: the list, one playbook, its revisions, and the editor, which needs no JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.programs import find
from apps.accounts.requests import Request
from apps.playbooks import editing, library, lifecycle, pages, permissions
from apps.playbooks.agreed import open_about
from apps.playbooks.forms import DraftForm
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.schema import json_schema
from apps.timeline.answers import Refused

ROWS = Playbook.objects.select_related("organisation", "published__published_by", "published__created_by")


@require_GET
def list_playbooks(request: Request) -> HttpResponse:
    """Show every playbook with what is published and what is being written."""
    permissions.may_read(request.person).or_refuse()
    context = pages.overview(request.organisation, request.person)
    return render(request, "playbooks/list.html", context)


@require_GET
def playbook(request: Request, slug: str) -> HttpResponse:
    """Show what the published revision does, or the draft where nothing is published yet."""
    permissions.may_read(request.person).or_refuse()
    found = find(ROWS.all(), request, slug=slug)
    shown = found.published or library.newest_draft(found)
    return render(request, "playbooks/playbook.html", pages.playbook(found, shown, request.person))


@require_GET
def revision(request: Request, slug: str, number: int) -> HttpResponse:
    """Show one revision, and how it differs from the one before."""
    permissions.may_read(request.person).or_refuse()
    found = find(ROWS.all(), request, slug=slug)
    shown = find(found.revisions.select_related("playbook", "created_by", "published_by"), request, number=number)
    return render(request, "playbooks/revision.html", pages.revision(found, shown, request.person))


@require_GET
def new_playbook(request: Request) -> HttpResponse:
    """Show the editor with the smallest useful playbook."""
    permissions.may_edit(request.person).or_refuse()
    return _editor(request, None, DraftForm(initial={"content": editing.EMPTY}), editing.EMPTY)


@require_POST
def create_playbook(request: Request) -> HttpResponse:
    """Keep the text as the first draft of a new playbook."""
    permissions.may_edit(request.person).or_refuse()
    form = DraftForm(request.POST)
    content = request.POST.get("content", "")
    if not form.is_valid():
        return _editor(request, None, form, content, status=422)
    try:
        made = editing.create(request.organisation, by=request.person, content=content)
    except Refused as refusal:
        return _refused(request, None, form, content, refusal)
    return _saved(request, made, "saved as a draft")


@require_http_methods(["GET", "POST"])
def edit_draft(request: Request, slug: str) -> HttpResponse:
    """Show the editor with the newest draft; a POST saves it, and publishes it where that was asked."""
    permissions.may_edit(request.person).or_refuse()
    found = find(ROWS.all(), request, slug=slug)
    if request.method == "POST":
        return _save(request, found)
    content, draft = editing.starting_text(found)
    initial = {"content": content, "number": draft and draft.number, "edits": draft and draft.edits}
    return _editor(request, found, DraftForm(initial=initial), content)


@require_POST
def preview(request: Request, slug: str = "") -> HttpResponse:
    """Return what the linter thinks of the text in the editor; nothing is saved."""
    permissions.may_edit(request.person).or_refuse()
    found = find(ROWS.all(), request, slug=slug) if slug else None
    context = pages.preview(found, request.POST.get("content", ""), request.person)
    return render(request, "playbooks/_preview.html", context)


@require_POST
def create_publication(request: Request, slug: str, number: int) -> HttpResponse:
    """Publish a draft as it was read."""
    found = _find_revision(request, slug, number)
    edits = request.POST.get("edits", "")
    made = lifecycle.publish(
        found,
        by=request.person,
        comment=request.POST.get("comment", ""),
        edits=int(edits) if edits.isdecimal() and len(edits) < 10 else None,
    )
    return _saved(request, made, _what(made))


@require_POST
def create_restoration(request: Request, slug: str, number: int) -> HttpResponse:
    """Take an earlier revision up again as a draft, and go on in the editor."""
    again = lifecycle.restore(_find_revision(request, slug, number), by=request.person)
    messages.success(request, f"Revision {number} is draft {again.number} now. Nothing is published yet.")
    return redirect("playbooks:draft", slug)


@require_POST
def create_disposal(request: Request, slug: str, number: int) -> HttpResponse:
    """Throw a draft away."""
    lifecycle.discard(_find_revision(request, slug, number), by=request.person)
    messages.success(request, f"The draft of revision {number} was discarded. What is published stays as it is.")
    return redirect("playbooks:playbook", slug)


@login_not_required
@require_GET
def schema(request: Request) -> HttpResponse:
    """Give editors and pipelines the form of a playbook."""
    return JsonResponse(json_schema(), content_type="application/schema+json")


def _find_revision(request: Request, slug: str, number: int) -> Revision:
    rows = Revision.objects.select_related("playbook__organisation", "playbook__published")
    return find(rows, request, playbook__slug=slug, number=number)


def _save(request: Request, found: Playbook) -> HttpResponse:
    form = DraftForm(request.POST)
    content = request.POST.get("content", "")
    if not form.is_valid():
        return _editor(request, found, form, content, status=422)
    seen = {"number": form.cleaned_data["number"], "edits": form.cleaned_data["edits"]}
    try:
        if request.POST.get("deed") == "publish":
            comment = form.cleaned_data["comment"]
            made = editing.save_and_publish(found, by=request.person, content=content, comment=comment, **seen)
        else:
            made = editing.save(found, by=request.person, content=content, **seen)
    except Refused as refusal:
        return _refused(request, found, form, content, refusal)
    return _saved(request, made, _what(made))


def _refused(request: Request, found: Playbook | None, form: DraftForm, content: str, refusal: Refused) -> HttpResponse:
    """Show the writer's own text again with the reason, ready to be saved over what is there now."""
    if refusal.status in (403, 404):
        raise refusal
    if refusal.code == "changed_meanwhile" and found is not None:
        draft = library.newest_draft(found)
        now = {"number": draft.number if draft else "", "edits": draft.edits if draft else ""}
        form = DraftForm({**request.POST.dict(), **now})
    return _editor(request, found, form, content, refusal=refusal, status=refusal.status)


def _editor(
    request: Request,
    found: Playbook | None,
    form: DraftForm,
    content: str,
    *,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = pages.editor(found, form, content, request.person, refusal)
    return render(request, "playbooks/draft.html", context, status=status)


def _what(made: Revision) -> str:
    """Say what became of a revision; it may have to wait for others who agree."""
    if made.state == "published":
        return "published"
    return (
        "asked about: it is published when everybody needed has agreed"
        if open_about(made).exists()
        else "saved as a draft"
    )


def _saved(request: Request, made: Revision, what: str) -> HttpResponse:
    messages.success(request, f"Revision {made.number} of {made.playbook.name} is {what}.")
    page = "playbooks:playbook" if what == "published" else "playbooks:draft"
    return redirect(page, made.playbook.slug)
