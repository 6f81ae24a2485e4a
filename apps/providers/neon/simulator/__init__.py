"""The Neon simulator: branches with a history, restores that keep the old branch, snapshots, operations by the clock.

All under `/api/v2`. What changes a project answers at once with its operations; they run one after the other by the
simulators' clock, and until the last has ended the project answers 423 to the next change. A restore leaves id and
name of the branch as they are, moves its old content and its children to the branch of `preserve_under_name`, and
drops the connections.

Settings: `operation_seconds` (2: how long each operation lasts), `operations_end` (true; false: never),
`failing_action` (""; the operation with this action fails), `failing_as` (failed | error: is tried again and ends
well half a minute later), `plan` (launch), `history_retention_seconds` (604800), `branches_limit` (10),
`snapshots_limit` (10), `rights` (full | read), `taken_status` (409: for a name that is there already), `restricted`
(""; the reason why branches may not be restored), `page` (100: most items of one page). Deeds: `branch`
{organisation, name} (somebody else makes a branch), `restored` {organisation, seconds_ago} (somebody else restores),
`look` {organisation}.
"""

from ...simulation.routing import Routes
from ...simulation.world import Simulator
from . import branches, computes, operations, projects, restoring, snapshots
from .account import finish, guard, refuse, rooted
from .beginning import describe, start
from .deeds import DEEDS

SIMULATOR = Simulator(
    slug="neon",
    routes=Routes().merge(
        projects.ROUTES, operations.ROUTES, branches.ROUTES, restoring.ROUTES, snapshots.ROUTES, computes.ROUTES
    ),
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    path=rooted,
    guard=guard,
    finish=finish,
)
