"""The GitHub simulator: refs, commits, pull requests, Actions runs, deployments, rulesets, and the revert mutation.

Trees are sets of changes, so that reverting, merging and resetting do what git would do. A push to the default branch
starts the workflows that listen to it, and one that deploys brings a deployment.

Settings: `rights` (admin | write | read), `signs_in_with` (fine-grained | classic), `expires_in_days` (90, null),
`plan` (team | free: no rulesets on private repositories), `sso` (false: 403 until the token is authorised), `tells_run`
(true: a dispatch may answer with its run; false: 204 always), `knows_return_run_details` (true; false: 400),
`list_delay_seconds` (0: how much later a run is listed), `run_seconds` (60), `run_conclusion` (success), `run_waits`
(false: runs wait for an approval), `revert_conflicts` (false), `requests_left` (4900), `reviews` (0: approvals that a
pull request to the default branch needs). Deeds: `commit` {repository, branch?, message}, `branch` {repository, branch,
message?}, `propose` {repository, branch, message, body?} (a pull request), `freeze` {repository, name}, `protect`
{repository, branch, force?, locked?}, `join` {organisation, versions}.
"""

from ...simulation.graphql import kind_of
from ...simulation.messages import Malformed, Request, Response
from ...simulation.routing import READING, Routes
from ...simulation.world import Refusal, Simulator
from . import actions, branches, commits, deployments, graph, pulls, refs, repositories, rules
from .access import finish, guard, refuse_with
from .beginning import describe, start
from .deeds import DEEDS


def refuse(refusal: Refusal) -> Response:
    """An error in GitHub's shape; a rate limit is a secondary one and tells when to come back."""
    if refusal.status == 429:
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        return refuse_with(429, message, retry_after=refusal.retry_after or "60")
    message = "Problems parsing JSON" if refusal.message.startswith("Invalid JSON") else refusal.message
    if refusal.retry_after:
        return refuse_with(refusal.status, message, retry_after=refusal.retry_after)
    return refuse_with(refusal.status, message)


def mutates(request: Request) -> bool:
    """Whether a request may change something: GraphQL is always POST and tells in its document."""
    if request.path != "/graphql":
        return request.method not in READING
    try:
        return kind_of(request.object()) == "mutation"
    except Malformed:
        return False


SIMULATOR = Simulator(
    slug="github",
    routes=Routes().merge(
        refs.ROUTES, branches.ROUTES, commits.ROUTES, pulls.ROUTES, actions.ROUTES, deployments.ROUTES, rules.ROUTES,
        graph.ROUTES, repositories.ROUTES,
    ),
    start=start,
    describe=describe,
    refuse=refuse,
    controls=DEEDS,
    guard=guard,
    mutates=mutates,
    finish=finish,
)  # fmt: skip
