"""The Vercel simulator: deployments, rollback and promote jobs, aliases, domains, settings of a project.

Any version prefix (`/v9/…`) or none is accepted. A rollback answers 201 with an empty body; the job then
moves one production address after the other and is told only to those who ask with `rollbackInfo=true`. After
a rollback the project is pinned: a later production deployment stays STAGED until somebody promotes.

Settings: `propagation_seconds` (6), `edge_delay_seconds` (1: how much later visitors see a move), `plan` (pro
| hobby), `repeat` (conflict: 409 for what is already live | skipped: a job that ends so), `job_ends` (true;
false: never), `failing_aliases` ([]), `flip_auto_assign` (false: whether a rollback also clears the project's
public `autoAssignCustomDomains`), `rolling_release` (false: promote is queued and answers 202), `rights` (full |
deploy: all but variables | read), `token_days` (90; 0: for ever, null: not told), `build_seconds` (5: of a rebuild),
`redeploy_env` (current | original: which variables a rebuild gets), `env_page` (100 variables), `sensitive_in_pull`
(empty | absent), `tells_deployment_env` (true: whether `env/pull/dpl_…` is allowed).

Deeds: `push` {project, version, commit?, author?, message?, deployment?, broken?, build_seconds?}, `remove`
{deployment} (410 from then on), `fail_build` {deployment}, `pause` {project}, `add_rule`
{project, rule, draft?} (a routing rule, live or only prepared), `move` {project, deployment} (somebody else points
production elsewhere), `join` {organisation, versions, flags?} (a new customer; every simulator knows this deed),
`look` {project}, `deliveries` {webhook} (what it gets, signed).
"""

from ...simulation.messages import Response, answer
from ...simulation.routing import Routes
from ...simulation.world import Refusal, Simulator
from . import account, aliases, deployments, moves, projects, routes, variables, webhooks
from .access import guard, refuse_with, unversioned
from .beginning import describe, start
from .deeds import DEEDS

CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    428: "precondition_required",
    429: "rate_limited",
    503: "service_unavailable",
}


def refuse(refusal: Refusal) -> Response:
    """An error in Vercel's shape; a 429 always says when to come back."""
    code = CODES.get(refusal.status, "internal_server_error" if refusal.status >= 500 else "bad_request")
    if refusal.status == 429:
        extra = {
            "retry_after": refusal.retry_after or "1",
            "x_ratelimit_limit": "100",
            "x_ratelimit_remaining": "0",
        }
        return answer(429, {"error": {"code": code, "message": refusal.message}}, **extra)
    if refusal.retry_after:
        body = {"error": {"code": code, "message": refusal.message}}
        return answer(refusal.status, body, retry_after=refusal.retry_after)
    return refuse_with(refusal.status, code, refusal.message)


SIMULATOR = Simulator(
    slug="vercel",
    routes=Routes().merge(
        account.ROUTES,
        deployments.ROUTES,
        moves.ROUTES,
        aliases.ROUTES,
        variables.ROUTES,
        routes.ROUTES,
        webhooks.ROUTES,
        projects.ROUTES,
    ),
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    path=unversioned,
    guard=guard,
)
