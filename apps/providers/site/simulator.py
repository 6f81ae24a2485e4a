"""The customers' public sites, as visitors and probes see them: what is served follows hosting, flags and
cache.

`/<organisation>/` is a page for people. For the portal of Motion Mavericks, three addresses stand as path
prefixes and move one after the other: `portal` (everything else), `share` (`/share/…`) and `api` (`/api/…`,
`/notifications/…`). Every answer carries `x-deployment-id` and `x-version`. While the broken release serves
an address, `/api/health` is 500 and about 1 in 3 share links fails (about 1 in 4 with its flags off); after
the rollback the share pages that the broken release left in the cache still fail until they are cleared.
`/share/probe` opens another link each time. A live redirect among the hosting project's routing rules comes first.

Settings: `latency_ms` (15), `slow_ms` (320: added to share links while a broken release serves). Deeds that change
what monitoring counts here (see `simulation.measuring`): `rise` {organisation, percent, p95_ms?, since_minutes?},
`fall` {organisation}, `silence` {organisation, since_minutes?}, `speak` {organisation}.
"""

from collections.abc import Callable
from typing import Any

from ..simulation import measuring, traffic
from ..simulation.messages import Request, Response, answer, page
from ..simulation.organisations import MOTION_MAVERICKS, ORGANISATIONS
from ..simulation.routing import Routes
from ..simulation.world import Refusal, Simulator, State, World, habits
from . import pages
from .reality import Visit, link_opens, visit

ROUTES = Routes()
Answering = Callable[..., Response]  # world, request, visit and the names in the path
SMOKE = ("/projects/demo", "/milestones/demo", "/assets/demo/playback", "/share/demo", "/notifications/test")
SAMPLE = 100  # links behind `/share/errors`; their share of failures is exact


def start(epoch: float) -> State:
    """Nothing of its own: what the site shows is what hosting, flags and cache say."""
    return {"simulation": habits(latency_ms=15, slow_ms=320), "probes": 0}


def describe(state: State) -> dict[str, Any]:
    """Public addresses to check, relative to the base address."""
    each = {}
    for o in ORGANISATIONS:
        smoke = SMOKE if o is MOTION_MAVERICKS else ("/",)
        each[o.slug] = {
            "settings": {},
            "credentials": {},
            "objects": {
                "path": f"/{o.slug}",
                "serving": {"path": "/api/health", "header": "x-deployment-id", "json": "deployment"},
                "health": "/api/health",
                "smoke": list(smoke),
                "addresses": dict(zip(o.addresses, ("/", "/share/demo", "/api/health"), strict=False)),
            },
        }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def refuse(refusal: Refusal) -> Response:
    """A plain error page in JSON."""
    extra = {"retry_after": refusal.retry_after} if refusal.retry_after else {}
    return answer(refusal.status, {"error": refusal.message}, **extra)


def served(*paths: str, position: int) -> Callable[[Answering], Answering]:
    """Serves paths below `/{organisation}` from the project's address number `position`."""

    def register(handler: Answering) -> Answering:
        def serve(world: World, request: Request, organisation: str, **named: str) -> Response:
            seen = visit(world, organisation, position)
            if seen is None:
                return answer(404, {"error": "No such site"})
            if away := sent_away(world, request, seen):
                return away
            if seen.paused:
                response = page("<h1>This deployment is temporarily paused</h1>", 503)
            else:
                response = handler(world, request, seen, **named)
            response.headers.update({"x-deployment-id": seen.deployment, "x-version": seen.version})
            return response

        for method in ("GET", "POST", "PUT"):
            ROUTES.add(method, *(f"/{{organisation}}{path}" for path in paths), mutates=False)(serve)
        return handler

    return register


def sent_away(world: World, request: Request, seen: Visit) -> Response | None:
    """The redirect of a routing rule of the hosting project, or None where no rule holds the visitor back."""
    inner = request.path.removeprefix(f"/{seen.organisation.slug}") or "/"
    found = traffic.redirected(world.state("vercel")["projects"][seen.organisation.project], inner)
    if found is None:
        return None
    status, to = found
    base = request.sent_path.removesuffix(inner).rstrip("/")
    return page("", status, location=f"{base}{to}" if to.startswith("/") else to)


@served("", "/", position=0)
def home(world: World, request: Request, seen: Visit) -> Response:
    """The page for people: which version serves, and whether share links open."""
    return page(pages.home(world, seen))


@served("/api/health", "/health", position=2)
def health(world: World, request: Request, seen: Visit) -> Response:
    """200 while a good release serves, 500 while a broken one does."""
    facts = {"version": seen.version, "deployment": seen.deployment, "commit": seen.commit}
    if seen.broken:
        return answer(500, {"status": "failing", "failing": ["share"], **facts})
    return answer(200, {"status": "ok", **facts})


@served("/maintenance.html", position=0)
def maintenance(world: World, request: Request, seen: Visit) -> Response:
    """The page that visitors see while maintenance is on."""
    return page("<h1>Back soon</h1><p>We are working on it.</p>")


@served("/projects/{name}", position=0)
def project(world: World, request: Request, seen: Visit, name: str) -> Response:
    """A project as agencies see it."""
    return answer(200, {"project": name, "milestones": 4, "version": seen.version})


@served("/milestones/{name}", position=0)
def milestone(world: World, request: Request, seen: Visit, name: str) -> Response:
    """A milestone is updated."""
    return answer(200, {"milestone": name, "updated": True, "version": seen.version})


@served("/assets/{name}/playback", position=0)
def playback(world: World, request: Request, seen: Visit, name: str) -> Response:
    """An asset can be played."""
    return answer(200, {"asset": name, "playback": "ready", "version": seen.version})


@served("/notifications/test", position=2)
def notification(world: World, request: Request, seen: Visit) -> Response:
    """A test notice goes out."""
    return answer(200, {"notification": "queued", "duplicates": 0, "version": seen.version})


@served("/share/errors", position=1)
def share_errors(world: World, request: Request, seen: Visit) -> Response:
    """How many of a fixed sample of links do not open."""
    failed = sum(not link_opens(world, seen, f"{number:05d}") for number in range(SAMPLE))
    return answer(200, {"opened": SAMPLE, "failed": failed, "error_rate": failed / SAMPLE, "version": seen.version})


@served("/share/probe", position=1)
def probe(world: World, request: Request, seen: Visit) -> Response:
    """The next of all links, so that a probe every few seconds sees the share that fails."""
    state = world.state("site")
    state["probes"] += 1
    return _opened(world, request, seen, f"{state['probes'] % 1284:05d}")


@served("/share/{link}", position=1)
def share(world: World, request: Request, seen: Visit, link: str) -> Response:
    """A page an agency shares with its client."""
    return _opened(world, request, seen, link)


def _opened(world: World, request: Request, seen: Visit, link: str) -> Response:
    opens = link_opens(world, seen, link)
    status = 200 if opens else 500
    if "text/html" in request.headers.get("accept", ""):
        response = page(pages.share(seen, link, opens), status)
    elif opens:
        response = answer(200, {"share": link, "opens": True, "version": seen.version})
    else:
        error = "The link's signature could not be read."
        response = answer(500, {"share": link, "error": error, "version": seen.version})
    response.late_ms = world.settings("site")["slow_ms"] if seen.broken else 0
    return response


def join(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: a site for a customer that has joined at the hosting provider."""
    world.state("site").setdefault("joined", {})[order["organisation"]] = order
    serving = {"path": "/health", "header": "x-deployment-id"}
    return {"objects": {"path": f"/{order['organisation']}", "serving": serving}}


SIMULATOR = Simulator("site", ROUTES, start, describe, refuse, controls={"join": join, **measuring.DEEDS})
