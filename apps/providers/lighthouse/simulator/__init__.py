"""The Lighthouse CI simulator: a project with builds for each organisation, measured when its releases went live.

Its own client can upload builds: lookup by token, build, runs, seal. Settings: `password` (""; otherwise Basic sign-in
is asked for), `averages` (false: statistics as an old server names them). Deed: `measure` {organisation, hash, scores?
{category: 0 to 1}, branch?}: CI measures again.
"""

from ...simulation.routing import Routes
from ...simulation.world import Simulator
from . import projects, uploading
from .beginning import describe, start
from .server import guard, refuse

SIMULATOR = Simulator(
    slug="lighthouse",
    routes=Routes().merge(uploading.ROUTES, projects.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    controls={"measure": uploading.measure},
    guard=guard,
)
