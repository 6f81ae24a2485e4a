"""The LaunchDarkly simulator: feature flags by semantic patch, approvals, audit log.

The token stands bare in `Authorization` (no `Bearer`). A flag's PATCH needs the semantic patch content type;
without it the body is read as JSON Patch. A change to the state it already has answers 200 and changes
nothing.

Settings: `requires_approval` (false: PATCH answers 405), `conflicts` (0: how many of the next changes answer
409), `version_on_no_change` (false: whether a change of nothing raises the version). Deed: `switch` {project,
flag, on}: somebody else turns a flag.
"""

import uuid
from typing import Any

from ..simulation.messages import Malformed, Refused, Request, Response, answer, empty
from ..simulation.organisations import ORGANISATIONS, Organisation
from ..simulation.routing import Routes
from ..simulation.world import Refusal, Simulator, State, World, habits

ROUTES = Routes()
ENVIRONMENTS = ("production", "staging")
SEMANTIC = "domain-model=launchdarkly.semanticpatch"
CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "optimistic_locking_error",
    422: "unprocessable",
    429: "rate_limited",
}
WINDOW_MS = 10_000  # of the rate limits
RATES = ("x-ratelimit-global-remaining", "x-ratelimit-route-remaining", "x-ratelimit-reset")


def refuse(refusal: Refusal) -> Response:
    """An error in LaunchDarkly's shape; a 429 has no `Retry-After` unless the script says so."""
    code = CODES.get(refusal.status, "internal_server_error")
    body = {"code": code, "message": refusal.message, "id": str(uuid.uuid4())}
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, body, **extra)


def refused(status: int, message: str) -> Refused:
    """The same as an exception, for use deep in a handler."""
    return Refused(refuse(Refusal(status, message)))


def start(epoch: float) -> State:
    """A project with its flags for every organisation, called like the hosting project."""
    projects = {o.slug: _project(o, int((epoch - o.releases[-1].age) * 1000)) for o in ORGANISATIONS}
    return {
        "simulation": habits(requires_approval=False, conflicts=0, version_on_no_change=False),
        "tokens": {token(o): o.slug for o in ORGANISATIONS},
        "accounts": projects,
        "audit": [],
        "requests": {},
    }


def token(organisation: Organisation) -> str:
    """The access token of an organisation."""
    return f"api-simulated-{organisation.slug}"


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {}
    for organisation in ORGANISATIONS:
        flags = state["accounts"][organisation.slug]["flags"]
        each[organisation.slug] = {
            "settings": {"project_key": organisation.project_name, "environment_key": "production"},
            "credentials": {"token": token(organisation)},
            "objects": {
                "flags": {key: flag["environments"]["production"]["on"] for key, flag in flags.items()}
            },
        }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def guard(world: World, request: Request) -> Response | None:
    """401 for anything but a known bare token."""
    if account_slug(world, request) is None:
        return refuse(Refusal(401, "Invalid access token"))
    return None


def account_slug(world: World, request: Request) -> str | None:
    """The organisation whose token was sent."""
    slug: str | None = world.state("launchdarkly")["tokens"].get(request.headers.get("authorization", ""))
    return slug


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer carries the rate window; its reset is in milliseconds."""
    exhausted = response.status == 429
    reset = str(world.now_ms() // WINDOW_MS * WINDOW_MS + WINDOW_MS)
    values = ("0", "0", reset) if exhausted else ("199", "19", reset)
    response.headers.update(dict(zip(RATES, values, strict=True)))
    return response


@ROUTES.add("GET", "/api/v2/caller-identity")
def identity(world: World, request: Request) -> Response:
    """Whose token it is."""
    return answer(
        200, {"accountId": account_slug(world, request), "tokenName": "rollback portal", "tokenKind": "auth"}
    )


@ROUTES.add("GET", "/api/v2/projects/{project}")
def project(world: World, request: Request, project: str) -> Response:
    """The project."""
    _account(world, request, project)
    return answer(200, {"key": project, "name": project, "tags": []})


@ROUTES.add("GET", "/api/v2/projects/{project}/environments/{environment}")
def environment(world: World, request: Request, project: str, environment: str) -> Response:
    """The environment with its approval rule."""
    _account(world, request, project)
    if environment not in ENVIRONMENTS:
        raise refused(404, f"Unknown environment key {environment}")
    required = world.settings("launchdarkly")["requires_approval"]
    return answer(200, {"key": environment, "name": environment, "approvalSettings": {"required": required}})


@ROUTES.add("GET", "/api/v2/flags/{project}")
def flags(world: World, request: Request, project: str) -> Response:
    """A page of flags; `environments` are shown only where asked for, as in version 20240415."""
    wanted, tags = _filters(request)
    every = [f for f in _account(world, request, project)["flags"].values() if tags <= set(f["tags"])]
    limit, offset = int(request.first("limit") or 20), int(request.first("offset") or 0)
    links = {"self": {"href": request.path}}
    if offset + limit < len(every):
        links["next"] = {"href": f"{request.path}?limit={limit}&offset={offset + limit}"}
    items = [_shown(flag, wanted) for flag in every[offset : offset + limit]]
    return answer(200, {"items": items, "totalCount": len(every), "_links": links})


@ROUTES.add("GET", "/api/v2/flags/{project}/{flag}")
def flag(world: World, request: Request, project: str, flag: str) -> Response:
    """One flag with its environments."""
    record = _flag(world, request, project, flag)
    return answer(200, _shown(record, set(request.query.get("env", [])) or set(ENVIRONMENTS)))


@ROUTES.add("PATCH", "/api/v2/flags/{project}/{flag}")
def change(world: World, request: Request, project: str, flag: str) -> Response:
    """Semantic patch (all instructions or none) or JSON Patch of `on`."""
    record = _flag(world, request, project, flag)
    body = request.json()
    where, wanted = _semantic(body) if SEMANTIC in request.headers.get("content-type", "") else _patched(body)
    settings = world.settings("launchdarkly")
    if where not in record["environments"]:
        raise refused(400, f"Unknown environment key {where}")
    if settings["requires_approval"]:
        raise refused(405, f"Updating this flag in {where} requires approval (action updateOn).")
    if settings["conflicts"] > 0:
        settings["conflicts"] -= 1
        raise refused(409, "The flag was changed by somebody else in the meantime. Try again.")
    if request.first("dryRun") != "true":
        turn(world, request, account_slug(world, request) or "", record, where, wanted, _comment(body))
    return answer(200, _shown(record, set(ENVIRONMENTS)))


@ROUTES.add("GET", "/api/v2/flag-status/{project}/{flag}")
def status(world: World, request: Request, project: str, flag: str) -> Response:
    """Whether anybody evaluates the flag."""
    record = _flag(world, request, project, flag)
    states = {name: {"name": "active", "lastRequested": record["creationDate"]} for name in ENVIRONMENTS}
    return answer(200, {"environments": states, "key": record["key"]})


@ROUTES.add("GET", "/api/v2/auditlog")
def audit(world: World, request: Request) -> Response:
    """The newest changes first, up to 20."""
    mine = [e for e in world.state("launchdarkly")["audit"] if e["account"] == account_slug(world, request)]
    limit = max(1, min(int(request.first("limit") or 10), 20))
    after = int(request.first("after") or 0)
    spec = request.first("spec")
    fitting = [e for e in reversed(mine) if e["date"] > after and spec in ("", *e["target"]["resources"])]
    return answer(200, {"items": fitting[:limit], "_links": {}})


@ROUTES.add("POST", "/api/v2/projects/{project}/flags/{flag}/environments/{environment}/approval-requests")
def ask(world: World, request: Request, project: str, flag: str, environment: str) -> Response:
    """Asks LaunchDarkly's own people for a change."""
    _flag(world, request, project, flag)
    body = request.object()
    if not body.get("description") or not body.get("instructions"):
        raise refused(400, "description and instructions are required")
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"{flag}{len(world.state('launchdarkly')['requests'])}").hex[:24]
    asked = {
        "_id": key, "_version": 1, "status": "pending", "reviewStatus": "pending", "allReviews": [],
        "description": body["description"], "instructions": body["instructions"], "conflicts": [],
        "place": [project, flag, environment], "appliedDate": None,
    }  # fmt: skip
    world.state("launchdarkly")["requests"][key] = asked
    request.effect("ask_approval", flag=flag, request=key)
    return answer(201, asked)


@ROUTES.add(
    "GET", "/api/v2/projects/{project}/flags/{flag}/environments/{environment}/approval-requests/{key}"
)
def asked(world: World, request: Request, project: str, flag: str, environment: str, key: str) -> Response:
    """How the approval request stands."""
    return answer(200, _approval(world, key))


@ROUTES.add(
    "POST", "/api/v2/projects/{project}/flags/{flag}/environments/{environment}/approval-requests/{key}/apply"
)
def apply(world: World, request: Request, project: str, flag: str, environment: str, key: str) -> Response:
    """Carries out an approved request; 400 before that."""
    approval = _approval(world, key)
    if approval["reviewStatus"] != "approved" or approval["status"] == "completed":
        raise refused(400, "The approval request is not approved or already applied.")
    _, wanted = _semantic({"environmentKey": environment, "instructions": approval["instructions"]})
    record = _flag(world, request, project, flag)
    turn(
        world,
        request,
        account_slug(world, request) or "",
        record,
        environment,
        wanted,
        approval["description"],
    )
    approval.update(status="completed", appliedDate=world.now_ms())
    request.effect("apply_approval", request=key)
    return answer(200, approval)


@ROUTES.add(
    "DELETE", "/api/v2/projects/{project}/flags/{flag}/environments/{environment}/approval-requests/{key}"
)
def withdraw(world: World, request: Request, project: str, flag: str, environment: str, key: str) -> Response:
    """Takes an approval request back."""
    _approval(world, key)
    del world.state("launchdarkly")["requests"][key]
    request.effect("withdraw_approval", request=key)
    return empty(204)


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
        resource = f"proj/{flag['project']}:env/{where}:flag/{flag['key']}"
        entry = {
            "_id": f"{len(world.state('launchdarkly')['audit']):024x}", "date": world.now_ms(), "kind": "flag",
            "name": flag["name"], "titleVerb": f"turned {'on' if on else 'off'} the flag", "comment": comment,
            "accesses": [{"action": "updateOn", "resource": resource}], "account": account,
            "target": {"name": flag["name"], "resources": [resource]},
        }  # fmt: skip
        world.state("launchdarkly")["audit"].append(entry)


def switch(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: somebody turns a flag in LaunchDarkly's own page."""
    for slug, account in world.state("launchdarkly")["accounts"].items():
        if account["project"] == order["project"]:
            turn(world, None, slug, account["flags"][order["flag"]], "production", bool(order["on"]), "")
            return {"flag": order["flag"], "on": bool(order["on"])}
    raise LookupError(f"No project {order['project']!r}.")


def approve(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: one of LaunchDarkly's own people approves or declines a request."""
    approval = _approval(world, order["request"])
    approval["reviewStatus"] = "declined" if order.get("decline") else "approved"
    return approval


def _project(organisation: Organisation, at_ms: int) -> dict[str, Any]:
    return {
        "project": organisation.project_name,
        "flags": {key: _new_flag(organisation, key, on, at_ms) for key, on in organisation.flags.items()},
    }


def _new_flag(organisation: Organisation, key: str, on: bool, at_ms: int) -> dict[str, Any]:
    def place(is_on: bool) -> dict[str, Any]:
        return {
            "on": is_on, "archived": False, "version": 7, "lastModified": at_ms, "offVariation": 1,
            "fallthrough": {"variation": 0}, "rules": [], "targets": [], "contextTargets": [], "prerequisites": [],
        }  # fmt: skip

    return {
        "key": key, "name": key.replace("-", " ").capitalize(), "kind": "boolean", "_version": 12,
        "project": organisation.project_name, "creationDate": at_ms - 86_400_000, "archived": False,
        "deprecated": False, "temporary": True, "tags": ["release"],
        "variations": [{"_id": f"{key}-yes", "value": True, "name": "on"},
                       {"_id": f"{key}-no", "value": False, "name": "off"}],
        "defaults": {"onVariation": 0, "offVariation": 1},
        "environments": {name: place(on if name == "production" else True) for name in ENVIRONMENTS},
    }  # fmt: skip


def _account(world: World, request: Request, project: str) -> dict[str, Any]:
    account: dict[str, Any] = world.state("launchdarkly")["accounts"][account_slug(world, request)]
    if account["project"] != project:
        raise refused(404, f"Unknown project key {project}")
    return account


def _flag(world: World, request: Request, project: str, flag: str) -> dict[str, Any]:
    flags: dict[str, dict[str, Any]] = _account(world, request, project)["flags"]
    if flag not in flags:
        raise refused(404, f"Unknown feature flag key {flag}")
    return flags[flag]


def _approval(world: World, key: str) -> dict[str, Any]:
    found: dict[str, Any] | None = world.state("launchdarkly")["requests"].get(key)
    if found is None:
        raise refused(404, "Unknown approval request")
    return found


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


def _shown(flag: dict[str, Any], environments: set[str]) -> dict[str, Any]:
    shown = {name: value for name, value in flag.items() if name not in ("project", "environments")}
    chosen = {name: place for name, place in flag["environments"].items() if name in environments}
    return {**shown, "environments": chosen} if chosen else shown


def _semantic(body: Any) -> tuple[str, bool | None]:
    """Environment and wanted state of a semantic patch; raises a 400 for what is not understood."""
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("instructions"), list)
        or not body["instructions"]
    ):
        raise refused(400, "instructions are required")
    wanted = None
    for instruction in body["instructions"]:
        kind = instruction.get("kind")
        if kind not in ("turnFlagOff", "turnFlagOn"):
            raise refused(400, f"Unknown instruction kind {kind}")
        wanted = kind == "turnFlagOn"
    return str(body.get("environmentKey", "")), wanted


def _patched(body: Any) -> tuple[str, bool | None]:
    """The same from a JSON Patch; a semantic patch with the wrong content type ends here, with 400."""
    patch = body.get("patch") if isinstance(body, dict) else body
    if not isinstance(patch, list) or not patch:
        raise refused(400, "The body is not a JSON Patch. A semantic patch needs its own content type.")
    for operation in patch:
        parts = str(operation.get("path", "")).strip("/").split("/")
        if (
            operation.get("op") == "replace"
            and len(parts) == 3
            and parts[0] == "environments"
            and parts[2] == "on"
        ):
            return parts[1], bool(operation.get("value"))
    raise Malformed("Only /environments/<key>/on can be replaced here.")


def _comment(body: Any) -> str:
    return str(body.get("comment", "")) if isinstance(body, dict) else ""


SIMULATOR = Simulator(
    slug="launchdarkly",
    routes=ROUTES,
    start=start,
    describe=describe,
    refuse=refuse,
    controls={"switch": switch, "approve": approve},
    guard=guard,
    finish=finish,
)
