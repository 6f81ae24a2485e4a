"""The Supabase simulator: the Management API's projects, their health, backups, restores and restore points.

A restore answers 201 with an empty body and has no id: the project is RESTORING, out of reach, and later ACTIVE_HEALTHY
or RESTORE_FAILED, all by the simulators' clock. Every answer carries X-RateLimit-Limit, -Remaining and -Reset (seconds
left); what is too much in one minute gets 429.

Settings: `restore_seconds` (600), `begins_after_seconds` (0: how long the project still says ACTIVE_HEALTHY after a
restore was taken), `restore_ends` (well | failed | never), `plan` (pro | free | team | enterprise), `pitr` (true),
`window_days` (7: how far back the physical backups reach), `lag_seconds` (120: age of the newest restorable moment),
`restore_points` (true; false: 403 as for accounts that do not have them), `point_seconds` (5: until a restore point is
AVAILABLE), `point_ends` (AVAILABLE | FAILED), `completed_on` (true; false: restore points do not tell their time),
`rights` (full | read), `status` (""; what every project says instead of its own), `unhealthy` ([]; names of services),
`refusal_status` (400: for a restore that cannot be), `requests_per_minute` (0: no limit). Deeds: `restored`
{organisation, seconds_ago} (somebody else restores), `look` {organisation}.
"""

from ...simulation.routing import Routes
from ...simulation.world import Simulator
from . import backups, points, projects
from .account import finish, guard, refuse
from .beginning import describe, start
from .deeds import DEEDS

SIMULATOR = Simulator(
    slug="supabase",
    routes=Routes().merge(projects.ROUTES, backups.ROUTES, points.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    guard=guard,
    finish=finish,
)
