"""Snapshots: asked for, made, fetched as a ZIP, uploaded in parts, read, confirmed."""

import json
from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import deployment_of, refused

ROUTES = Routes()
NANOSECONDS = 1_000_000_000


@ROUTES.add("POST", "/api/export/request/zip")
def request_export(world: World, request: Request) -> Response:
    """Begin an export; only one may run."""
    deployment = deployment_of(world, request)
    if any(export["state"] != "completed" for export in deployment["exports"]):
        raise refused(400, "ExportInProgress", "There is already an export requested or in progress.")
    now = world.now()
    deployment["exports"].append(
        {
            "name": str(int(now * 1_000_000) * 1000),
            "requested": now,
            "due": now + world.settings("convex")["export_seconds"],
            "state": "in_progress",
            "tables": {name: list(rows) for name, rows in deployment["tables"].items()},
        }
    )
    request.effect("export", organisation=deployment["organisation"])
    return answer(200, None)


@ROUTES.add("GET", "/api/export/zip/{stamp}")
def fetch(world: World, request: Request, stamp: str) -> Response:
    """The ZIP of a completed export."""
    for export in deployment_of(world, request)["exports"]:
        if export["name"] == stamp and export["state"] == "completed":
            named = {"content-disposition": f"attachment; filename=snapshot_{stamp}.zip"}
            return Response(200, packed(export["tables"]), {"content-type": "application/zip", **named})
    raise refused(404, "ExportNotFound", f"The requested export {stamp} was not found.")


@ROUTES.add("POST", "/api/import/start_upload")
def start_upload(world: World, request: Request) -> Response:
    """Open an upload."""
    deployment_of(world, request)
    uploads = world.state("convex")["uploads"]
    token = f"upload{len(uploads) + 1}"
    uploads[token] = {}
    world.keep("convex")
    return answer(200, {"uploadToken": token})


@ROUTES.add("POST", "/api/import/upload_part")
def upload_part(world: World, request: Request) -> Response:
    """Keep one part."""
    deployment_of(world, request)
    token, number = request.first("uploadToken"), request.number("partNumber", 0)
    parts = world.state("convex")["uploads"].get(token)
    if parts is None or not 1 <= number < 10_000:
        raise refused(400, "InvalidUpload", "There is no such upload, or no such part.")
    parts[str(number)] = b64encode(request.body).decode()
    world.keep("convex")
    return answer(200, f"{token}-{number}")


@ROUTES.add("POST", "/api/import/finish_upload")
def finish_upload(world: World, request: Request) -> Response:
    """Put the parts together and read them; nothing is changed before the confirmation."""
    deployment, body = deployment_of(world, request), request.object()
    parts = world.state("convex")["uploads"].pop(body.get("uploadToken"), None)
    said = body.get("import") or {}
    if parts is None or said.get("mode") not in ("requireEmpty", "append", "replace", "replaceAll"):
        raise refused(400, "InvalidUpload", "There is no such upload, or no such mode.")
    if body.get("partTokens") != [f"{body['uploadToken']}-{number}" for number in sorted(map(int, parts))]:
        raise refused(400, "InvalidUpload", "The parts are not those that were uploaded.")
    content = b"".join(b64decode(parts[number]) for number in sorted(parts, key=int))
    one = {
        "id": f"i17{len(deployment['imports'])}",
        "at": float(world.now_ms()),
        "mode": said["mode"],
        "due": 0,
        "tables": {},
    }
    try:
        one |= {"state": "waiting_for_confirmation", "tables": unpacked(content)}
    except (BadZipFile, ValueError) as error:
        one |= {"state": "failed", "error": f"Not a valid ZIP file: {error}"}
    if world.settings("convex")["parse_fails"]:
        one |= {"state": "failed", "error": "Duplicate _id in table users"}
    deployment["imports"].append(one)
    world.keep("convex")
    return answer(200, {"importId": one["id"]})


@ROUTES.add("POST", "/api/perform_import")
def perform_import(world: World, request: Request) -> Response:
    """Confirm an import that waits for it."""
    deployment = deployment_of(world, request)
    for one in deployment["imports"]:
        if one["id"] == request.object().get("importId") and one["state"] == "waiting_for_confirmation":
            one |= {"state": "in_progress", "due": world.now() + world.settings("convex")["import_seconds"]}
            request.effect("import", organisation=deployment["organisation"], mode=one["mode"])
            return answer(200, None)
    raise refused(400, "ImportNotWaiting", "The import is not waiting for confirmation.")


def packed(tables: dict[str, list[Any]]) -> bytes:
    """A snapshot as Convex packs it: one file of lines for each table."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("_tables/documents.jsonl", "\n".join(json.dumps({"name": name}) for name in tables))
        for name, rows in tables.items():
            archive.writestr(f"{name}/documents.jsonl", "\n".join(json.dumps(row) for row in rows))
    return file.getvalue()


def unpacked(content: bytes) -> dict[str, list[Any]]:
    """The tables of a snapshot; raises BadZipFile or ValueError."""
    tables: dict[str, list[Any]] = {}
    with ZipFile(BytesIO(content)) as archive:
        for path in archive.namelist():
            name, _, kind = path.partition("/")
            if kind == "documents.jsonl" and not name.startswith("_"):
                tables[name] = [json.loads(line) for line in archive.read(path).decode().splitlines() if line]
    return tables
