"""The API: assets and what a playback id belongs to. An asset of another environment is not found."""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .environment import environment, refused

ROUTES = Routes()
DURATION = 61.25


@ROUTES.add("GET", "/video/v1/assets")
def index(world: World, request: Request) -> Response:
    """A page of assets, newest first; `next_cursor` is the page that follows."""
    own = sorted(environment(world, request)["assets"].values(), key=lambda one: -one["at"])
    limit = request.number("limit", 25)
    number = request.number("cursor", request.number("page", 1))
    begin = (number - 1) * limit
    following = str(number + 1) if len(own) > begin + limit else None
    return answer(200, {"data": [shown(world, one) for one in own[begin : begin + limit]], "next_cursor": following})


@ROUTES.add("GET", "/video/v1/assets/{key}")
def show(world: World, request: Request, key: str) -> Response:
    """One asset."""
    return answer(200, {"data": shown(world, _asset(world, request, key))})


@ROUTES.add("GET", "/video/v1/assets/{key}/playback-ids/{playback_id}")
def playback_id(world: World, request: Request, key: str, playback_id: str) -> Response:
    """One playback id of an asset."""
    found = [one for one in _asset(world, request, key)["playback_ids"] if one["id"] == playback_id]
    if not found:
        raise refused(404, "The requested playback id either doesn't exist or you don't have access to it.")
    return answer(200, {"data": found[0]})


@ROUTES.add("GET", "/video/v1/playback-ids/{playback_id}")
def belongs(world: World, request: Request, playback_id: str) -> Response:
    """What a playback id belongs to: an asset or a live stream."""
    own = environment(world, request)
    if own["live"]["playback_id"] == playback_id:
        thing = {"type": "live_stream", "id": own["live"]["id"]}
        return answer(200, {"data": {"id": playback_id, "policy": "public", "object": thing}})
    for asset in own["assets"].values():
        for one in asset["playback_ids"]:
            if one["id"] == playback_id:
                return answer(200, {"data": {**one, "object": {"type": "asset", "id": asset["id"]}}})
    raise refused(404, "The requested playback id either doesn't exist or you don't have access to it.")


def status(world: World, asset: dict[str, Any]) -> str:
    """An asset's status by the clock: what is being made becomes ready."""
    if asset["status"] == "preparing" and world.now() - asset["at"] >= world.settings("mux")["ready_after"]:
        return "ready"
    return str(asset["status"])


def shown(world: World, asset: dict[str, Any]) -> dict[str, Any]:
    """An asset as the API words it; tracks and duration come when it is ready."""
    body = {name: value for name, value in asset.items() if name != "at"}
    body["status"] = now = status(world, asset)
    share = (world.now() - asset["at"]) / max(world.settings("mux")["ready_after"], 1) * 100
    body["progress"] = {
        "state": "completed" if now == "ready" else "errored",
        "progress": 100 if now == "ready" else -1,
    }
    if now == "preparing":
        body["progress"] = {"state": "transcoding", "progress": round(share, 1)}
    if now == "ready":
        tracks = [{"id": f"{asset['id']}Video", "type": "video", "max_width": 1920, "max_height": 1080}]
        body |= {"duration": DURATION, "aspect_ratio": "16:9", "resolution_tier": "1080p", "tracks": tracks}
    return body


def _asset(world: World, request: Request, key: str) -> dict[str, Any]:
    found: dict[str, Any] | None = environment(world, request)["assets"].get(key)
    if found is None:
        raise refused(404, "The requested asset either doesn't exist or you don't have access to it.")
    return found
