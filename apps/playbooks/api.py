"""Playbooks for programs: drafted from YAML or JSON, read revision by revision, published."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from ninja import Query, Router, Status
from pydantic import Field

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.playbooks import agreed, exporting, library, lifecycle, permissions
from apps.playbooks.linter import lint
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.nodes import LARGEST_BYTES
from apps.playbooks.parsing import parse_json_text
from apps.playbooks.problems import Invalid
from apps.timeline.answers import Missing, Unacceptable

router = Router(tags=["playbooks"])
JSON_TYPES = {"application/json", "text/json"}
MARKDOWN_TYPES = {"text/markdown", "text/x-markdown"}
ACCEPTED = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


class Playbooks(programs.Listing):
    """The query of the list."""


class Publication(programs.Body):
    """Why the revision is published; `edits` refuses a draft that changed since it was read."""

    comment: str = Field(default="", max_length=lifecycle.LONGEST_COMMENT)
    edits: int | None = None


@router.get("/playbooks", summary="List playbooks")
def list_playbooks(request: Request, listing: Query[Playbooks]) -> dict[str, Any]:
    """Return the organisation's playbooks, oldest first."""
    permissions.may_read(programs.actor_of(request)).or_refuse()
    rows = Playbook.objects.filter(organisation=request.organisation).select_related("published")
    return programs.page(request, rows, render=playbook_as_json)


@router.post("/playbooks", response={201: dict}, openapi_extra=ACCEPTED, summary="Draft a revision from YAML or JSON")
@programs.idempotent
def create_draft(request: Request) -> Any:
    """Keep the body as a new draft revision; the first makes the playbook. 422 names every line to repair."""
    programs.require_scope(request, programs.WRITE, programs.ADMIN)
    person = programs.person_of(request)
    permissions.may_edit(person, request.organisation).or_refuse()  # before anything is said about the text
    revision = lifecycle.draft(request.organisation, by=person, content=_content(request))
    return Status(201, revision_as_json(revision))


@router.get("/playbooks/{slug}", summary="One playbook")
def get_playbook(request: Request, slug: str) -> dict[str, Any]:
    """Return a playbook with its published revision."""
    permissions.may_read(programs.actor_of(request)).or_refuse()
    playbook = programs.find(Playbook.objects.select_related("published"), request, slug=slug)
    published = playbook.published
    return playbook_as_json(playbook) | {"definition": _document(published) if published else None}


@router.get("/playbooks/{slug}/revisions/{number}", summary="One revision")
def get_revision(request: Request, slug: str, number: str) -> dict[str, Any]:
    """Return a revision: its text, what it says, and what the linter finds."""
    permissions.may_read(programs.actor_of(request)).or_refuse()
    return revision_as_json(_find(request, slug, number))


@router.post(
    "/playbooks/{slug}/revisions/{number}/publication",
    response={201: dict, 202: dict},
    summary="Publish a revision",
)
@programs.idempotent
def create_publication(request: Request, slug: str, number: str, body: Publication | None = None) -> Any:
    """Make the draft what new plans use; 202 with `approval` where others must agree first.

    409 where it is published already, 422 where findings stop it.
    """
    programs.require_scope(request, programs.ADMIN)
    body = body or Publication()
    by = programs.person_of(request)
    revision = lifecycle.publish(
        _find(request, slug, number),
        by=by,
        comment=body.comment or f"Published by a program of {by.name}, without a comment.",
        edits=body.edits,
    )
    if question := agreed.open_about(revision).first():
        return Status(202, {**revision_as_json(revision), "approval": str(question.pk)})
    return Status(201, revision_as_json(revision))


def playbook_as_json(playbook: Playbook) -> dict[str, Any]:
    """Return what programs see of a playbook."""
    draft = library.newest_draft(playbook)
    return {
        "id": str(playbook.pk),
        "slug": playbook.slug,
        "name": playbook.name,
        "kind": playbook.kind,
        "published_revision": playbook.published.number if playbook.published else None,
        "draft_revision": draft.number if draft else None,
        "created_at": playbook.created_at,
        "html_url": _address("playbook", playbook.slug),
    }


def revision_as_json(revision: Revision) -> dict[str, Any]:
    """Return what programs see of a revision; `number` and `revision` are the same."""
    findings = lint(library.definition_of(revision), library.catalogue_for(revision.organisation_id))
    return {
        "id": str(revision.pk),
        "slug": revision.playbook.slug,
        "number": revision.number,
        "revision": revision.number,
        "state": revision.state,
        "content": revision.content,
        "content_hash": revision.content_hash,
        "definition": _document(revision),
        "findings": [vars(finding) for finding in findings],
        "edits": revision.edits,
        "comment": revision.comment,
        "created_at": revision.created_at,
        "created_by": revision.created_by.name if revision.created_by else None,
        "published_at": revision.published_at,
        "published_by": revision.published_by.name if revision.published_by else None,
        "html_url": _address("revision", revision.playbook.slug, revision.number),
    }


def _address(page: str, *names: Any) -> str:
    return settings.BASE_URL + reverse(f"playbooks:{page}", args=names)


def _document(revision: Revision) -> dict[str, Any]:
    return exporting.document(library.definition_of(revision))


def _find(request: Request, slug: str, number: str) -> Revision:
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Missing("There is no such thing here.")
    rows = Revision.objects.select_related("playbook", "created_by", "published_by")
    return programs.find(rows, request, playbook__slug=slug, number=int(number))


def _content(request: Request) -> str:
    """Return the body as YAML text, whatever it came as. Raises TooLarge or Unacceptable."""
    if len(request.body) > LARGEST_BYTES:
        raise programs.TooLarge("A playbook has at most 256 KB. Nothing was saved.")
    kind = (request.content_type or "").lower()
    if kind in MARKDOWN_TYPES:
        raise Unacceptable("Documents cannot be imported yet. Send YAML or JSON.", field="Content-Type")
    if kind in JSON_TYPES:
        try:
            return exporting.to_yaml(parse_json_text(request.body))
        except Invalid as invalid:
            raise lifecycle.unacceptable(invalid) from invalid
    try:
        return request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unacceptable("The body is not UTF-8 text. Nothing was saved.", code="malformed") from error
