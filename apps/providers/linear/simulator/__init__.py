"""The Linear simulator: issues, comments, links and statuses over GraphQL, as the official SDK asks for them.

Errors stand in the body with status 200, sign-in errors with 400 or 401, the rate limit with 400 or 429. An id that the
client chose is taken once; the same again is an error about the input. A link to an address that the issue has already
is updated.

Settings: `rights` (write | read), `limit_status` (400: what a rate limit answers with; or 429), `reset_in` (ms | s: the
unit of the reset headers), `requests_left` (1400), `issue_limit` (null: none), `missing` (error |
null: how an unknown issue or comment is told), `upserts_links` (true; false: a second link to the same address is an
error). Deeds: `move` {identifier, status}, `remove` {identifier}, `join` {organisation, versions}.
"""

from ...simulation.graphql import kind_of
from ...simulation.messages import Malformed, Request
from ...simulation.world import Simulator
from .access import finish, guard, refuse
from .beginning import describe, start
from .deeds import DEEDS
from .serving import ROUTES


def mutates(request: Request) -> bool:
    """Whether a request may change something: GraphQL is always POST and tells in its document."""
    try:
        return request.method == "POST" and kind_of(request.object()) == "mutation"
    except Malformed:
        return False


SIMULATOR = Simulator(
    slug="linear",
    routes=ROUTES,
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    guard=guard,
    mutates=mutates,
    finish=finish,
)
