"""The stream's host: manifests for whoever knows the playback id, and a token where its policy wants one."""

import base64
import binascii
import json
import re
from typing import Any

from ...simulation.messages import Request, Response
from ...simulation.routing import Routes
from ...simulation.world import World
from .assets import status
from .environment import refused

ROUTES = Routes()
M3U8 = "application/x-mpegURL"
SIGNATURE = re.compile(r"[A-Za-z0-9_-]{86,}")


@ROUTES.add("GET", "/{playback_id}.m3u8")
def manifest(world: World, request: Request, playback_id: str) -> Response:
    """The manifest of a recording, naming one playlist."""
    asset, policy = _playable(world, request, playback_id)
    if policy == "signed":
        _watchable(world, request, playback_id)
    if forced := world.settings("mux")["stream_status"]:
        raise refused(forced, "Scripted by the control door.")
    lines = ["#EXTM3U", "#EXT-X-VERSION:5", "#EXT-X-INDEPENDENT-SEGMENTS",
             "#EXT-X-STREAM-INF:BANDWIDTH=2516370,RESOLUTION=1920x1080,CODECS=\"avc1.640028\"",
             f"{request.address}/{playback_id}/rendition.m3u8?asset={asset['id']}"]  # fmt: skip
    return Response(200, "\n".join(lines).encode(), {"content-type": M3U8})


@ROUTES.add("GET", "/{playback_id}/rendition.m3u8")
def rendition(world: World, request: Request, playback_id: str) -> Response:
    """A playlist of segments."""
    if forced := world.settings("mux")["rendition_status"]:
        raise refused(forced, "Scripted by the control door.")
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:5", "#EXTINF:5.0,", f"{playback_id}/0.ts", "#EXT-X-ENDLIST"]
    return Response(200, "\n".join(lines).encode(), {"content-type": M3U8})


def _playable(world: World, request: Request, playback_id: str) -> tuple[dict[str, Any], str]:
    if not re.fullmatch(r"[A-Za-z0-9]+", playback_id):
        raise refused(400, "Invalid Parameters")
    for environment in world.state("mux")["environments"].values():
        if environment["live"]["playback_id"] == playback_id:
            raise refused(412, "Not Playable")
        for asset in environment["assets"].values():
            for one in asset["playback_ids"]:
                if one["id"] == playback_id:
                    if status(world, asset) != "ready":
                        raise refused(412, "Not Playable")
                    return asset, one["policy"]
    raise refused(404, "Not Found")


def _watchable(world: World, request: Request, playback_id: str) -> None:
    """Looks at a token's key, subject, audience and time; the signature only by its shape."""
    parts = request.first("token").split(".")
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (ValueError, binascii.Error):
        raise refused(403, "Forbidden") from None
    known = head.get("alg") == "RS256" and head.get("kid") in world.state("mux")["signing_keys"]
    right = claims.get("sub") == playback_id and claims.get("aud") == "v" and claims.get("exp", 0) > world.now()
    if not (known and right and len(parts) == 3 and SIGNATURE.fullmatch(parts[2])):
        raise refused(403, "Forbidden")
