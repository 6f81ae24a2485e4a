"""Flags: read and turned."""

from typing import Any
from urllib.parse import urlencode

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from . import shapes
from .account import account_of, account_slug, flag_of, refused
from .beginning import ENVIRONMENTS
from .patches import SEMANTIC, comment, patched, semantic

ROUTES = Routes()


@ROUTES.add("GET", "/api/v2/flags/{project}")
def flags(world: World, request: Request, project: str) -> Response:
    """A page of flags; `environments` are shown only where asked for, as in version 20240415."""
    wanted, tags = _filters(request)
    every = [f for f in account_of(world, request, project)["flags"].values() if tags <= set(f["tags"])]
    limit, offset = request.number("limit", 20), request.number("offset", 0)
    links = {"self": shapes.link(request.path)}
    if offset + limit < len(every):
        links["next"] = shapes.link(_page(request, offset + limit))
    if offset:
        links["prev"] = shapes.link(_page(request, max(0, offset - limit)))
    items = [shapes.flag(record, wanted) for record in every[offset : offset + limit]]
    return answer(200, {"items": items, "totalCount": len(every), "_links": links})


@ROUTES.add("GET", "/api/v2/flags/{project}/{flag}")
def flag(world: World, request: Request, project: str, flag: str) -> Response:
    """One flag with its environments."""
    record = flag_of(world, request, project, flag)
    return answer(200, shapes.flag(record, set(request.query.get("env", [])) or set(ENVIRONMENTS)))


@ROUTES.add("PATCH", "/api/v2/flags/{project}/{flag}")
def change(world: World, request: Request, project: str, flag: str) -> Response:
    """Semantic patch (all instructions or none) or JSON Patch of `on`."""
    record = flag_of(world, request, project, flag)
    body = request.json()
    where, wanted = semantic(body) if SEMANTIC in request.headers.get("content-type", "") else patched(body)
    settings = world.settings("launchdarkly")
    if where not in record["environments"]:
        raise refused(400, f"Unknown environment key {where}")
    if settings["requires_approval"] or set(record["tags"]) & set(settings.get("approval_tags", [])):
        raise refused(405, f"Updating this flag in {where} requires approval (action updateOn).")
    if settings["conflicts"] > 0:
        settings["conflicts"] -= 1
        raise refused(409, "The flag was changed by somebody else in the meantime. Try again.")
    if request.first("dryRun") != "true":
        turn(world, request, account_slug(world, request) or "", record, where, wanted, comment(body))
    return answer(200, shapes.flag(record, set(ENVIRONMENTS)))


@ROUTES.add("GET", "/api/v2/flag-status/{project}/{flag}")
def status(world: World, request: Request, project: str, flag: str) -> Response:
    """Whether anybody evaluates the flag."""
    return answer(200, shapes.status(flag_of(world, request, project, flag)))


def turn(
    world: World,
    request: Request | None,
    account: str,
    flag: dict[str, Any],
    where: str,
    on: bool | None,
    comment: str,
) -> None:
    """Sets the flag in one environment and writes the audit log; nothing happens when it is so already."""
    place = flag["environments"][where]
    changes = on is not None and place["on"] != on
    if changes:
        place["on"] = on
    if changes or world.settings("launchdarkly")["version_on_no_change"]:
        place["version"] += 1
        flag["_version"] += 1
        place["lastModified"] = world.now_ms()
    if changes and request is not None:
        request.effect("flag", flag=flag["key"], environment=where, on=on)
    if changes:
        _write_audit(world, account, flag, where, comment)


def _write_audit(world: World, account: str, flag: dict[str, Any], where: str, comment: str) -> None:
    audit = world.state("launchdarkly")["audit"]
    resource = f"proj/{flag['project']}:env/{where}:flag/{flag['key']}"
    verb = "on" if flag["environments"][where]["on"] else "off"
    audit.append(
        {
            "_id": f"{len(audit):024x}",
            "date": world.now_ms(),
            "kind": "flag",
            "name": flag["name"],
            "titleVerb": f"turned {verb} the flag",
            "comment": comment,
            "accesses": [{"action": "updateOn", "resource": resource}],
            "account": account,
            "target": {"name": flag["name"], "resources": [resource]},
        }
    )


def _filters(request: Request) -> tuple[set[str], set[str]]:
    """Environments to show and tags to have, from `env`, `tag` and `filter`."""
    environments, tags = set(request.query.get("env", [])), set(request.query.get("tag", []))
    for part in request.first("filter").split(","):
        name, _, value = part.partition(":")
        if name == "filterEnv":
            environments |= set(value.split("+"))
        if name == "tags":
            tags |= set(value.split("+"))
    return environments, tags


def _page(request: Request, offset: int) -> str:
    query = {name: values for name, values in request.query.items() if name != "offset"}
    return f"{request.path}?{urlencode({**query, 'offset': [str(offset)]}, doseq=True)}"
