"""Annotations: the marks in the charts."""

from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import paged, problem, project_of
from .beginning import annotation

ROUTES = Routes()
ALL = "/api/projects/{project}/annotations/"
LONGEST = 400


@ROUTES.add("GET", ALL)
def index(world: World, request: Request, project: str) -> Response:
    """Annotations that are not deleted, newest first; `search` looks into their text."""
    found = project_of(world, request, project, "annotation:read")
    shown = [one for one in found["annotations"] if not one["deleted"] and request.first("search") in one["content"]]
    return paged(request, list(reversed(shown)), world.settings("posthog")["page"])


@ROUTES.add("POST", ALL)
def create(world: World, request: Request, project: str) -> Response:
    """One more, even when one like it is there."""
    found = project_of(world, request, project, "annotation:write")
    body = request.object()
    content = body.get("content")
    if not isinstance(content, str) or not content or len(content) > LONGEST:
        text = f"Ensure this field has at most {LONGEST} characters." if content else "This field may not be blank."
        raise Refused(answer(400, problem("validation_error", "invalid_input", text, "content")))
    told = {name: body[name] for name in ("date_marker", "scope") if body.get(name)}
    made = annotation(len(found["annotations"]) + 1, content, world.now(), **told)
    found["annotations"].append(made)
    request.effect("annotation", content=content)
    return answer(201, made)


@ROUTES.add("GET", ALL + "{number}/")
def show(world: World, request: Request, project: str, number: str) -> Response:
    """One annotation."""
    return answer(200, _found(project_of(world, request, project, "annotation:read"), number))


@ROUTES.add("PATCH", ALL + "{number}/")
def change(world: World, request: Request, project: str, number: str) -> Response:
    """Another text or time, or `deleted`."""
    one = _found(project_of(world, request, project, "annotation:write"), number)
    body = request.object()
    one.update({name: body[name] for name in ("content", "date_marker", "scope", "deleted") if name in body})
    request.effect("annotation_changed", id=one["id"])
    return answer(200, one)


def _found(project: dict[str, Any], number: str) -> dict[str, Any]:
    one: dict[str, Any] | None = next((a for a in project["annotations"] if str(a["id"]) == number), None)
    if one is None:
        raise Refused(answer(404, problem("invalid_request", "not_found", "Not found.")))
    return one
