"""What clients send: events are taken and counted, nothing is made of them."""

import gzip
import json
import zlib

from ...simulation.messages import Malformed, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import problem

ROUTES = Routes()


@ROUTES.add("POST", "/batch/", "/batch", "/capture/", "/capture", "/i/v0/e/", "/i/v0/e", "/e/")
def capture(world: World, request: Request) -> Response:
    """One event or many, for the project whose token stands in the body."""
    body = json.loads(opened(request))
    project = world.state("posthog")["tokens"].get(body.get("api_key") or body.get("token"))
    if not project:
        return answer(401, problem("authentication_error", "invalid_api_key", "Project API key invalid."))
    taken = len(body.get("batch") or [body])
    world.state("posthog")["projects"][project]["captured"] += taken
    request.effect("captured", events=taken)
    return answer(200, {"status": 1})


def opened(request: Request) -> bytes:
    """The body, unpacked where the client packed it. Raises `Malformed`."""
    if "gzip" not in (request.headers.get("content-encoding", ""), request.first("compression")):
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error) as error:
        raise Malformed(str(error)) from error
