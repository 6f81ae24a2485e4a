"""The Mux simulator: assets of one environment for each organisation, and the stream's host for its viewers.

The stream's host is at the same address as the API and takes no sign-in. Settings: `stream_status` (0: the usual; any
other is what every manifest answers), `rendition_status` (likewise for the playlists a manifest names), `ready_after`
(600: seconds until the asset that is being made is ready).
"""

from ...simulation.messages import Request, Response
from ...simulation.routing import Routes
from ...simulation.world import Simulator, World
from . import assets, stream
from .beginning import describe, start
from .environment import refuse


def finish(world: World, request: Request, response: Response) -> Response:
    """Every answer of the API tells the rate window."""
    if request.path.startswith("/video/"):
        left = "0" if response.status == 429 else "49"
        response.headers.update({"x-ratelimit-limit": "50", "x-ratelimit-remaining": left})
    return response


SIMULATOR = Simulator(
    slug="mux",
    routes=Routes().merge(assets.ROUTES, stream.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    finish=finish,
)
