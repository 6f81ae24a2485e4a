"""What each page of playbooks shows. Reads only."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from apps.accounts.models import Organisation, Person, Role
from apps.playbooks import editing, library, permissions, showing
from apps.playbooks.agreed import open_about
from apps.playbooks.difference import difference
from apps.playbooks.forms import DraftForm
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.step_form import StepForm
from apps.timeline.answers import Refused

LIVE = {
    "hx-trigger": "input changed delay:400ms",
    "hx-target": "#preview",
    "hx-swap": "outerHTML",
    "hx-include": "closest form",
}


def overview(organisation: Organisation, person: Person) -> dict[str, Any]:
    """Return the list of playbooks."""
    playbooks = list(library.of_organisation(organisation.pk))
    drafts, names = library.newest_drafts(playbooks), role_names(organisation.pk)
    rows = [_overview_row(one, drafts.get(one.pk), names) for one in playbooks]
    return {"playbooks": rows, "may_edit": permissions.may_edit(person)}


def _overview_row(one: Playbook, draft: Revision | None, names: dict[str, str]) -> dict[str, Any]:
    shown = one.published or draft
    definition = library.definition_of(shown) if shown else None
    return {
        "playbook": one,
        "draft": draft,
        "definition": definition,
        "who": showing.rules_of(definition, names)[0]["who"] if definition else "",
    }


def playbook(found: Playbook, shown: Revision | None, person: Person) -> dict[str, Any]:
    """Return the page of a playbook: what it does, who agrees, when it starts, its revisions."""
    return {
        "playbook": found,
        "shown": shown,
        "draft": library.newest_draft(found),
        "revisions": found.revisions.select_related("created_by", "published_by").defer("content"),
        "may_edit": permissions.may_edit(person),
        **(_contents(found, shown) if shown else {}),
    }


def revision(found: Playbook, shown: Revision, person: Person) -> dict[str, Any]:
    """Return the page of one revision with its text and what it changed."""
    before = found.revisions.filter(number__lt=shown.number, state="published").first()
    changed = None
    if before is not None:
        definitions = library.definition_of(before), library.definition_of(shown)
        changed = difference(*definitions, old_text=before.content, new_text=shown.content)
    return {
        "playbook": found,
        "shown": shown,
        "before": before,
        "changed": _changes(changed),
        "preview": editing.preview(shown.content, None, library.catalogue_for(found.organisation_id)),
        "may_edit": permissions.may_edit(person),
        "may_publish": permissions.may_publish(person),
        "is_live": found.published_id == shown.pk,
        "question": open_about(shown).select_related("requester").first(),
        **_contents(found, shown),
    }


def editor(
    found: Playbook | None, form: DraftForm, content: str, person: Person, refusal: Refused | None
) -> dict[str, Any]:
    """Return the editor with the writer's text and everything that speaks about it."""
    number = form["number"].value()
    address = reverse("playbooks:preview", args=[found.slug]) if found else reverse("playbooks:preview_new")
    form.fields["content"].widget.attrs |= LIVE | {"hx-post": address}
    return {
        "playbook": found,
        "form": form,
        "draft": library.newest_draft(found) if found and number else None,
        "refusal": refusal,
        "refused_difference": showing.sentences_of(refusal.extra.get("difference", ())) if refusal else [],
        "action": reverse("playbooks:draft", args=[found.slug]) if found else reverse("playbooks:create"),
        **preview(found, content, person),
    }


def step(
    found: Playbook,
    form: StepForm,
    content: str,
    position: int,
    person: Person,
    refusal: Refused | None,
    seen: dict[str, Any],
) -> dict[str, Any]:
    """Return the page of one step: the list of steps, its form, and what the side of the editor says."""
    if refusal and refusal.code == "changed_meanwhile":
        form.data = {
            **dict(form.data.items()),
            **{name: "" if value is None else value for name, value in seen.items()},
        }
    return {
        "form": form,
        "position": position,
        "refusal": refusal,
        "draft": library.newest_draft(found),
        "only_save": True,
        **preview(found, content, person),
    }


def preview(found: Playbook | None, content: str, person: Person) -> dict[str, Any]:
    """Return the live side of the editor: findings, steps, difference to what is published."""
    catalogue = library.catalogue_for(person.organisation_id)
    shown = editing.preview(content, found.published if found else None, catalogue)
    return {
        "playbook": found,
        "preview": shown,
        "findings": showing.findings_of(shown),
        "steps": showing.rows_of(shown.definition, role_names(person.organisation_id)) if shown.definition else [],
        "changed": _changes(shown.difference),
        "next_number": _next_number(found),
        "may_publish": permissions.may_publish(person) if found else None,
    }


def role_names(organisation_id: Any) -> dict[str, str]:
    """Return the names of the organisation's roles by slug."""
    return dict(Role.objects.filter(organisation_id=organisation_id).values_list("slug", "name"))


def _contents(found: Playbook, shown: Revision) -> dict[str, Any]:
    definition = library.definition_of(shown)
    names = role_names(found.organisation_id)
    steps = showing.rows_of(definition, names)
    return {
        "definition": definition,
        "steps": steps,
        "usual_seconds": sum(step["usual"] or 0 for step in steps),
        "rules": showing.rules_of(definition, names),
        "triggers": [showing.trigger_words(trigger) for trigger in definition.triggers],
    }


def _changes(changed: Any) -> dict[str, Any] | None:
    if changed is None:
        return None
    sentences, lines = showing.sentences_of(changed.sentences), showing.lines_of(changed)
    return {"sentences": sentences, "lines": lines, "is_empty": changed.is_empty}


def _next_number(found: Playbook | None) -> int:
    if found is None:
        return 1
    draft = library.newest_draft(found)
    if draft is not None:
        return draft.number
    newest = found.revisions.order_by("-number").first()
    return newest.number + 1 if newest else 1
