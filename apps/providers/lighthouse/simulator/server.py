"""The server: its one password, how it refuses, and how it words projects, builds and moments."""

import base64
from datetime import UTC, datetime
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.world import Refusal, World

PLAIN = {"content-type": "text/plain; charset=utf-8"}


def refuse(refusal: Refusal) -> Response:
    """An error as Express gives it: plain text for 404, otherwise a message."""
    if refusal.status == 404:
        return Response(404, b"Not Found", PLAIN)
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"message": refusal.message}, **extra)


def missing() -> Refused:
    """404 for what is not there."""
    return Refused(Response(404, b"Not Found", PLAIN))


def unacceptable(message: str) -> Refused:
    """422 for what the storage does not take."""
    return Refused(answer(422, {"message": message}))


def guard(world: World, request: Request) -> Response | None:
    """401 without the password, where there is one; the health address is open."""
    password = world.settings("lighthouse")["password"]
    if not password or request.path == "/healthz":
        return None
    word = base64.b64encode(f"lhci:{password}".encode()).decode()
    if request.headers.get("authorization") == f"Basic {word}":
        return None
    return Response(401, b"", {"www-authenticate": "Basic"})


def project_of(world: World, key: str) -> dict[str, Any]:
    """The project with this id or, behind `slug:`, slug."""
    for project in world.state("lighthouse")["projects"].values():
        if key in (project["id"], f"slug:{project['slug']}"):
            found: dict[str, Any] = project
            return found
    raise missing()


def build_of(project: dict[str, Any], key: str) -> dict[str, Any]:
    """A build of the project."""
    for build in project["builds"]:
        if build["id"] == key:
            found: dict[str, Any] = build
            return found
    raise missing()


def shown_project(project: dict[str, Any], *, token: bool = False) -> dict[str, Any]:
    """A project as the API words it; its token only to whoever sent it."""
    names = ("id", "slug", "name", "baseBranch", "externalUrl")
    return {**{name: project[name] for name in names}, "token": project["token"] if token else "", "adminToken": ""}


def shown_build(project: dict[str, Any], build: dict[str, Any]) -> dict[str, Any]:
    """A build as the API words it."""
    at = moment(build["at"])
    return {
        "id": build["id"], "projectId": project["id"], "lifecycle": build["lifecycle"], "hash": build["hash"],
        "branch": build["branch"], "commitMessage": build["message"], "author": build["author"], "avatarUrl": "",
        "ancestorHash": build["ancestor"], "externalBuildUrl": "", "runAt": at, "committedAt": at,
        "ancestorCommittedAt": at, "createdAt": at, "updatedAt": at,
    }  # fmt: skip


def moment(at: float) -> str:
    """A moment as JavaScript writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
