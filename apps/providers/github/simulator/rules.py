"""Rulesets and the classic protection: what they forbid, and the addresses where they are managed."""

import fnmatch
from typing import Any

from ...simulation.messages import Request, Response, answer, empty
from ...simulation.routing import Routes
from ...simulation.world import World
from . import pushing
from .access import Refused, Repository, app_of, paged, repository_of, stamp
from .shapes import root_of

ROUTES = Routes()
AT = "/repos/{owner}/{repo}"
WORDS = {
    "update": "Cannot update this protected ref.",
    "creation": "Cannot create ref due to creations being restricted.",
    "deletion": "Cannot delete this protected ref.",
    "non_fast_forward": "Cannot force-push to this branch",
}
ENFORCEMENTS = ("active", "disabled", "evaluate")


def allow(
    world: World, request: Request, repository: Repository, ref: str, kinds: list[str], status: int = 422
) -> None:
    """Raises `Refused` when a ruleset or a protection forbids this to the caller."""
    app = app_of(world, request)
    for ruleset in active(repository, ref):
        broken = [kind for kind in kinds if any(rule.get("type") == kind for rule in ruleset["rules"])]
        if broken and not bypassed(ruleset, app):
            lines = "\n\n".join(WORDS[kind] for kind in broken)
            raise Refused(status, f"Repository rule violations found\n\n{lines}\n\n")
    protection = repository["protections"].get(ref.removeprefix("heads/"))
    if protection and protection["locked"] and "creation" not in kinds:
        raise Refused(status, "Cannot change this locked branch")
    if protection and "non_fast_forward" in kinds and not protection["force"]:
        raise Refused(status, "Cannot force-push to this branch")


def active(repository: Repository, ref: str) -> list[dict[str, Any]]:
    """The rulesets in force for a ref."""
    return [one for one in repository["rulesets"] if one["enforcement"] == "active" and _covers(repository, one, ref)]


def bypassed(ruleset: dict[str, Any], app: int | None) -> bool:
    """Whether the app is on the ruleset's bypass list."""
    listed = [one.get("actor_id") for one in ruleset["bypass_actors"] if one.get("actor_type") == "Integration"]
    return app is not None and app in listed


@ROUTES.add("GET", f"{AT}/rules/branches/{{branch:path}}")
def for_branch(world: World, request: Request, owner: str, repo: str, branch: str) -> Response:
    """Every rule in force for a branch, with the ruleset that it comes from."""
    repository = repository_of(world, request, owner, repo)
    source = {"ruleset_source_type": "Repository", "ruleset_source": repository["full_name"]}
    found = [
        {**rule, **source, "ruleset_id": ruleset["id"]}
        for ruleset in active(repository, f"heads/{branch}")
        for rule in ruleset["rules"]
    ]
    if (reviews := world.settings("github")["reviews"]) and branch == repository["default_branch"]:
        parameters = {"required_approving_review_count": reviews}
        found.append({"type": "pull_request", "parameters": parameters, **source, "ruleset_id": 0})
    return paged(request, found)


@ROUTES.add("GET", f"{AT}/rulesets")
def index(world: World, request: Request, owner: str, repo: str) -> Response:
    """Every ruleset, in short."""
    repository = _planned(world, request, owner, repo)
    left_out = ("rules", "conditions", "bypass_actors", "current_user_can_bypass")
    whole = [shown(world, request, repository, one) for one in repository["rulesets"]]
    return paged(request, [{k: v for k, v in one.items() if k not in left_out} for one in whole])


@ROUTES.add("POST", f"{AT}/rulesets")
def create(world: World, request: Request, owner: str, repo: str) -> Response:
    """Makes a ruleset; two may not have the same name."""
    repository = _planned(world, request, owner, repo, "admin")
    made = {**_read(repository, request.object()), "id": pushing.number(world), "at": world.now()}
    repository["rulesets"].append(made)
    request.effect("create_ruleset", repository=repository["full_name"], id=made["id"])
    return answer(201, shown(world, request, repository, made))


@ROUTES.add("GET", f"{AT}/rulesets/{{number}}")
def show(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """One ruleset, with whether the caller may pass it by."""
    repository = _planned(world, request, owner, repo)
    return answer(200, shown(world, request, repository, _find(repository, number)))


@ROUTES.add("PUT", f"{AT}/rulesets/{{number}}")
def update(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Changes a ruleset."""
    repository = _planned(world, request, owner, repo, "admin")
    one = _find(repository, number)
    one.update(_read(repository, {**one, **request.object()}, one["id"]))
    request.effect("update_ruleset", repository=repository["full_name"], id=one["id"], enforcement=one["enforcement"])
    return answer(200, shown(world, request, repository, one))


@ROUTES.add("DELETE", f"{AT}/rulesets/{{number}}")
def delete(world: World, request: Request, owner: str, repo: str, number: str) -> Response:
    """Takes a ruleset away."""
    repository = _planned(world, request, owner, repo, "admin")
    repository["rulesets"].remove(_find(repository, number))
    request.effect("delete_ruleset", repository=repository["full_name"], id=int(number))
    return empty(204)


def shown(world: World, request: Request, repository: Repository, one: dict[str, Any]) -> dict[str, Any]:
    """A ruleset as the API shows it."""
    url = f"{root_of(request.address, repository)}/rulesets/{one['id']}"
    return {
        **{name: one[name] for name in ("id", "name", "target", "enforcement", "conditions", "rules", "bypass_actors")},
        "source_type": "Repository",
        "source": repository["full_name"],
        "node_id": f"RRS_{one['id']}",
        "created_at": stamp(one["at"]),
        "updated_at": stamp(one["at"]),
        "current_user_can_bypass": "always" if bypassed(one, app_of(world, request)) else "never",
        "_links": {"self": {"href": url}, "html": {"href": url}},
    }


def _read(repository: Repository, body: dict[str, Any], own: int = 0) -> dict[str, Any]:
    name = str(body.get("name") or "")
    reasons = [] if name else ["Name can't be blank"]
    if any(one["name"] == name and one["id"] != own for one in repository["rulesets"]):
        reasons.append("Name must be unique")
    if body.get("enforcement") not in ENFORCEMENTS:
        reasons.append("Enforcement is not included in the list")
    if reasons:
        raise Refused(422, "Validation Failed", reasons)
    kept = ("name", "enforcement", "conditions", "rules", "bypass_actors")
    empty_ref: dict[str, Any] = {"conditions": {}, "rules": [], "bypass_actors": []}
    return {"target": "branch", **empty_ref, **{one: body[one] for one in kept if body.get(one) is not None}}


def _planned(world: World, request: Request, owner: str, repo: str, right: str = "") -> Repository:
    repository = repository_of(world, request, owner, repo, right)
    if world.settings("github")["plan"] == "free" and repository["private"]:
        raise Refused(403, "Upgrade to GitHub Pro or make this repository public to enable this feature.")
    return repository


def _covers(repository: Repository, ruleset: dict[str, Any], ref: str) -> bool:
    names = (ruleset.get("conditions") or {}).get("ref_name") or {"include": ["~ALL"]}
    default = f"heads/{repository['default_branch']}"

    def fits(pattern: str) -> bool:
        if pattern in ("~ALL", "~DEFAULT_BRANCH"):
            return ref.startswith("heads/") if pattern == "~ALL" else ref == default
        return fnmatch.fnmatchcase(f"refs/{ref}", pattern)

    return any(fits(p) for p in names.get("include", [])) and not any(fits(p) for p in names.get("exclude", []))


def _find(repository: Repository, number: str) -> dict[str, Any]:
    for one in repository["rulesets"]:
        if str(one["id"]) == number:
            found: dict[str, Any] = one
            return found
    raise Refused(404, "Not Found")
