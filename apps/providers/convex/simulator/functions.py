"""Functions over HTTP, public ones and Convex' own, and what the deployment tells of itself."""

from base64 import b64encode
from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import deployment_of, sent_key

ROUTES = Routes()
VERSION = "precompiled-2026-08-22-simulated"


class Failed(Exception):
    """A function failed; carries the data of its ConvexError, where it threw one."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.data = data


@ROUTES.add("GET", "/version")
def version(world: World, request: Request) -> Response:
    """Which backend answers."""
    return Response(200, VERSION.encode(), {"content-type": "text/plain; charset=utf-8"})


@ROUTES.add("GET", "/api/v1/deployment_info")
def deployment_info(world: World, request: Request) -> Response:
    """Which deployment this is."""
    return answer(200, {"deploymentName": deployment_of(world, request)["name"], "deploymentType": "prod"})


@ROUTES.add("POST", "/api/query_ts")
def query_timestamp(world: World, request: Request) -> Response:
    """The time at which consistent queries read."""
    return answer(200, {"ts": b64encode(int(world.now() * 1e9).to_bytes(8, "little")).decode()})


@ROUTES.add("POST", "/api/query", "/api/query_at_ts", "/api/function", "/api/mutation")
def call(world: World, request: Request) -> Response:
    """A function by its path; arguments as an object, or as the list that JavaScript's client sends."""
    body = request.object()
    if not isinstance(body.get("path"), str) or "args" not in body:
        return answer(400, {"code": "BadJsonBody", "message": "path and args are needed."})
    args = body["args"][0] if isinstance(body["args"], list) and body["args"] else body["args"] or {}
    try:
        value = _run(world, request, body["path"], args)
    except Failed as failed:
        told: dict[str, Any] = {"status": "error", "errorMessage": f"[Request ID: 5f1a] {failed}", "logLines": []}
        if failed.data is not None:
            told["errorData"] = failed.data
        return answer(int(world.settings("convex")["failed_status"]), told)
    encoded = body.get("format") == "convex_encoded_json"
    return answer(200, {"status": "success", "value": _written(value, encoded), "logLines": []})


def _run(world: World, request: Request, name: str, args: dict[str, Any]) -> Any:
    deployment = deployment_of(world, request, public=True)
    if name in deployment["broken"]:
        raise Failed("Server Error\nUncaught TypeError: Cannot read properties of undefined", {"kind": "broken"})
    if name in PUBLIC:
        return PUBLIC[name](world, request, deployment, args)
    if not name.startswith("_system/") or name not in SYSTEM or not sent_key(request):
        raise Failed(
            f"Server Error\nCould not find public function for '{name}'. Did you forget to run `npx convex dev`?"
        )
    return SYSTEM[name](deployment, args)


def _user(world: World, request: Request, deployment: dict[str, Any], args: dict[str, Any]) -> Any:
    wanted = args.get("clerkId")
    if not isinstance(wanted, str):
        raise Failed("ArgumentValidationError: Object is missing the required field `clerkId`.")
    return next((one for one in deployment["tables"].get("users", []) if one["name"] == wanted), None)


def _add(world: World, request: Request, deployment: dict[str, Any], args: dict[str, Any]) -> Any:
    row = {"_id": f"k17{args.get('name')}", "_creationTime": float(world.now_ms()), "name": args.get("name")}
    deployment["tables"].setdefault("users", []).append(row)
    request.effect("mutation", organisation=deployment["organisation"])
    return row["_id"]


PUBLIC = {
    "version:current": lambda world, request, deployment, args: {"commit": deployment["commit"]},
    "users:count": lambda world, request, deployment, args: len(deployment["tables"].get("users", [])),
    "users:getUserByClerkId": _user,
    "users:add": _add,
}


def _latest(deployment: dict[str, Any], args: dict[str, Any]) -> Any:
    if not deployment["exports"]:
        return None
    export = deployment["exports"][-1]
    if export["state"] != "completed":
        return {"_id": "x17", "state": export["state"], "requestor": "snapshotExport"}
    stamp = int(export["name"])
    return {"_id": "x17", "state": "completed", "start_ts": Int64(stamp), "complete_ts": Int64(stamp + 1)}


def _import(deployment: dict[str, Any], args: dict[str, Any]) -> Any:
    found = [one for one in deployment["imports"] if one["id"] == args.get("importId")]
    return _import_told(found[0]) if found else None


def _import_told(one: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {"state": one["state"]}
    if one["state"] == "waiting_for_confirmation":
        state.update(
            message_to_confirm="Import change summary: users will be replaced", require_manual_confirmation=True
        )
    if one["state"] == "in_progress":
        state |= {"progress_message": "Importing users", "checkpoint_messages": []}
    if one["state"] == "completed":
        state["num_rows_written"] = Int64(sum(len(rows) for rows in one["tables"].values()))
    if one["state"] == "failed":
        state["error_message"] = one["error"]
    return {
        "_id": one["id"],
        "_creationTime": one["at"],
        "mode": one["mode"],
        "format": {"format": "zip"},
        "state": state,
    }


SYSTEM = {
    "_system/cli/exports:getLatest": _latest,
    "_system/cli/queryImport": _import,
    "_system/cli/queryImport:default": _import,
    "_system/cli/queryImport:list": lambda deployment, args: [_import_told(one) for one in deployment["imports"]],
}


class Int64(int):
    """A 64-bit number, which JSON writes in a shape of its own."""


def _written(value: Any, encoded: bool) -> Any:
    """Write a value in one of Convex' two formats: 64-bit numbers as bytes in base64, or as digits."""
    if isinstance(value, Int64):
        return {"$integer": b64encode(int(value).to_bytes(8, "little")).decode()} if encoded else str(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # every other number of Convex is a float, which Python's client insists on
    if isinstance(value, dict):
        return {name: _written(item, encoded) for name, item in value.items()}
    if isinstance(value, list):
        return [_written(item, encoded) for item in value]
    return value
