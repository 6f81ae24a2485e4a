"""The Lighthouse CI projects at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits

SCORES = {"performance": 0.94, "accessibility": 0.97, "best-practices": 1.0, "seo": 0.92, "pwa": 0.5}
BROKEN = {**SCORES, "performance": 0.61, "best-practices": 0.83}
MEASURED_AFTER = 120  # seconds after a release went live
PATHS = ("/", "/share/1")


def project_id(number: int) -> str:
    """The id of the n-th project."""
    return f"5f4c1a2e-0000-4000-8000-{number:012d}"


def build_id(project: int, number: int) -> str:
    """The id of the n-th build of a project."""
    return f"7a9d3b60-{project:04d}-4000-8000-{number:012d}"


def start(epoch: float) -> State:
    """A project with a build for each release that went live, for every organisation."""
    return {
        "simulation": habits(password="", averages=False),
        "projects": {o.slug: _project(o, number, epoch) for number, o in enumerate(ORGANISATIONS, start=1)},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"project": o.project_name},
            "credentials": {},
            "objects": {
                "project": state["projects"][o.slug]["id"],
                "build_token": state["projects"][o.slug]["token"],
                "builds": [build["hash"] for build in state["projects"][o.slug]["builds"]],
            },
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def runs_of(address: str, scores: dict[str, float]) -> list[dict[str, Any]]:
    """The runs of a build: each page, with the scores of its median run."""
    return [{"url": f"https://{address}{path}", "scores": scores} for path in PATHS]


def _project(organisation: Organisation, number: int, epoch: float) -> dict[str, Any]:
    address = organisation.addresses[0]
    live = [release for release in organisation.releases if release.state == "PROMOTED"]
    builds = [
        {
            "id": build_id(number, n), "hash": (release.commit * 6)[:40], "branch": "main", "lifecycle": "sealed",
            "message": release.message, "author": release.author, "at": epoch - release.age + MEASURED_AFTER,
            "ancestor": "", "runs": runs_of(address, BROKEN if release.broken else SCORES),
        }
        for n, release in enumerate(live, start=1)
    ]  # fmt: skip
    return {
        "id": project_id(number), "slug": organisation.project_name, "name": organisation.project_name,
        "baseBranch": "main", "externalUrl": f"https://{address}", "token": f"build-token-{organisation.slug}",
        "address": address, "number": number, "builds": builds,
    }  # fmt: skip
