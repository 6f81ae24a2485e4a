"""The control door of the simulators: what tests and demo scenarios may ask of the world itself.

All under `/_control` of the main port, JSON in and out (POST needs `Content-Type: application/json`):

`GET /_control/journal?slug=&after=&limit=`  every mutating request: received, effect, answered
`GET /_control/requests?slug=`               the last 2000 requests of this process, reads included
`GET /_control/state/<slug>`                 the provider's state as stored
`GET /_control/describe`                     the starting world, as `--describe` prints it
`POST /_control/reset`                       first states, empty journal, no faults, clock as on the wall
`POST /_control/clock {"advance_seconds"}`   jobs and delayed appearances come due without waiting
`GET|POST|DELETE /_control/faults?mark=`     the script of trouble: one line, or `{"faults": [line, …]}`
`POST /_control/settings/<slug> {...}`       habits: delays, plan, oddities; answers all of them
`POST /_control/do/<slug>/<deed> {...}`      what happens at the provider by other hands

Settings every provider has: `latency_ms`, `require_attempt_id` (refuse changes without `X-Attempt-Id`, 428).
Settings and deeds of one provider stand in its simulator's docstring. A fault line: `{"kind", "slug"?,
"method"?, "path"? (regex), "mark"? (regex), "reads"?, "times"?, "skip"?, "status"?, "retry_after"?,
"seconds"?, "location"?, "flapping"?, "body"?}`.
"""

from typing import TYPE_CHECKING, Any

from . import index
from .faults import UnknownFault
from .messages import Malformed, Request, Response, answer, page
from .routing import Routes

if TYPE_CHECKING:
    from .front import Front

ROUTES = Routes()


class Control:
    """Answers what is asked under `/_control` and the index page."""

    def __init__(self, front: "Front") -> None:
        self.front = front

    def answer(self, slug: str, request: Request) -> Response:
        """The answer to a call that is no provider's."""
        if slug == "":
            return page(index.html(self.front.world))
        if slug != "_control":
            return answer(404, {"error": f"No simulator is called {slug!r}."})
        posts = request.method == "POST"
        if posts and not request.headers.get("content-type", "").startswith("application/json"):
            return answer(415, {"error": "Send JSON with Content-Type: application/json."})
        found = ROUTES.find(request.method, request.path)
        if found is None:
            return answer(404, {"error": "The control door has no such address."})
        try:
            return answer(200, found[0].handler(self.front, request, **found[1]))
        except (Malformed, UnknownFault, LookupError, ValueError, TypeError) as error:
            return answer(422, {"error": str(error)})


@ROUTES.add("GET", "/journal")
def journal(front: "Front", request: Request) -> Any:
    """Every mutating request, oldest first."""
    return front.world.storage.journal(
        slug=request.first("slug"),
        after=request.number("after", 0),
        limit=request.number("limit", 1000),
    )


@ROUTES.add("GET", "/requests")
def requests(front: "Front", request: Request) -> Any:
    """The last requests of this process, reads included."""
    slug = request.first("slug")
    return [entry for entry in front.requests if slug in ("", entry["slug"])]


@ROUTES.add("GET", "/state/{slug}")
def state(front: "Front", request: Request, slug: str) -> Any:
    """A provider's state."""
    return front.world.state(slug)


@ROUTES.add("GET", "/describe")
def describe(front: "Front", request: Request) -> Any:
    """The starting world."""
    return index.described(front.world, request.address.removesuffix("/_control"))


@ROUTES.add("POST", "/reset")
def reset(front: "Front", request: Request) -> Any:
    """Everything as at the first start."""
    front.faults.clear()
    front.requests.clear()
    front.world.reset()
    return {"reset": True}


@ROUTES.add("POST", "/clock")
def clock(front: "Front", request: Request) -> Any:
    """Pushes the clock."""
    front.world.advance(float(request.object()["advance_seconds"]))
    return {"now": front.world.now()}


@ROUTES.add("GET", "/faults")
def faults(front: "Front", request: Request) -> Any:
    """The script with its counters."""
    mark = request.first("mark")
    return [fault.shown() for fault in front.faults.lines if mark in fault.mark]


@ROUTES.add("POST", "/faults")
def script(front: "Front", request: Request) -> Any:
    """Appends lines to the script."""
    body = request.object()
    for line in body.get("faults", [body]):
        front.faults.add(line)
    return [fault.shown() for fault in front.faults.lines]


@ROUTES.add("DELETE", "/faults")
def no_faults(front: "Front", request: Request) -> Any:
    """Forgets the script, or the lines of one mark; returns those with their counters."""
    mark = request.first("mark")
    gone = [fault.shown() for fault in front.faults.lines if mark in fault.mark]
    front.faults.clear(mark)
    return gone if mark else []


@ROUTES.add("POST", "/settings/{slug}")
def settings(front: "Front", request: Request, slug: str) -> Any:
    """Changes a provider's habits; a name it does not know is refused."""
    known = front.world.settings(slug)
    asked = request.object()
    if unknown := set(asked) - set(known):
        raise ValueError(f"{slug} has no setting {sorted(unknown)}; it has {sorted(known)}.")
    known.update(asked)
    front.world.keep(slug)
    return known


@ROUTES.add("POST", "/do/{slug}/{deed}")
def do(front: "Front", request: Request, slug: str, deed: str) -> Any:
    """Something happens at the provider by other hands."""
    deeds = front.world.simulators[slug].controls
    if deed not in deeds:
        raise ValueError(f"{slug} knows no deed {deed!r}; it knows {sorted(deeds)}.")
    done = deeds[deed](front.world, request.object())
    front.world.keep(slug)
    return done
