"""GitHub: a revert is opened once, found by what it reverts, and merged as it was looked at."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.simulation import Simulators
from tests.providers.conftest import Serve
from tests.providers.hub import PORTAL, REVERT, access, done, hub, reach, stand
from tests.providers.raw import answer, routed

__all__ = ["access", "hub"]


def test_a_revert_is_opened_found_and_merged_by_what_it_reverts(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    merge = Call("merge_pull_request", {"reverts": 47})
    assert hub.observe(access, merge, sending).seen is Seen.UNREADABLE, "there is none to merge yet"
    assert hub.apply(access, merge, sending).kind is OutcomeKind.REJECTED
    opened = done(hub, access, REVERT, sending)
    assert opened.evidence == {"pull_request": 48}
    assert opened.external_url.endswith("/pull/48")
    text = stand(simulators)["pulls"][-1]["body"]
    assert "Reverts motion-mavericks/portal#47" in text
    assert sending.marker in text
    done(hub, access, merge, sending)
    repository = stand(simulators)
    live = repository["trees"][repository["commits"][repository["refs"]["heads/main"]]["tree"]]
    assert "v2.31.0" not in live
    assert hub.verify(access, merge, sending).proof is Proof.SATISFIED
    assert hub.observe(access, REVERT, replace(sending, marker="another")).seen is Seen.DESIRED


def test_somebody_elses_revert_counts_and_a_closed_one_does_not(
    hub: Provider, access: Access, simulators: Simulators
) -> None:
    order = {"repository": PORTAL, "branch": "mine", "message": "Revert", "body": "Reverts #470"}
    simulators.do("github", "propose", **order)
    assert hub.observe(access, REVERT).seen is Seen.OTHER, "#470 is not #47"
    simulators.do("github", "propose", **{**order, "branch": "yours", "body": f"Reverts {PORTAL}#47"})
    assert hub.observe(access, REVERT).seen is Seen.DESIRED


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"errors": [{"type": "UNPROCESSABLE", "message": "It conflicts."}]}, OutcomeKind.REJECTED),
        ({"errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}, OutcomeKind.REJECTED),
        ({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, OutcomeKind.RETRY_LATER),
        ({"errors": [{"message": "Something went wrong while executing your query."}]}, OutcomeKind.AMBIGUOUS),
        ({"data": {"revertPullRequest": None}}, OutcomeKind.AMBIGUOUS),
        ({}, OutcomeKind.AMBIGUOUS),
    ],
)
def test_two_hundred_from_graphql_says_nothing(
    hub: Provider, serve: Serve, sending: Sending, body: dict[str, Any], kind: OutcomeKind
) -> None:
    pull = {"number": 47, "node_id": "PR_1", "title": "Faster", "merged": True}
    table = {"GET /repos/acme/portal/pulls/47": answer(200, pull), "POST /graphql": answer(200, body)}
    server = serve(routed(table))
    assert hub.apply(reach(server), REVERT, sending).kind is kind
    (sent,) = [one for one in server.requests if one.method == "POST"]
    assert sent.json()["variables"]["id"] == "PR_1"


def test_an_exhausted_limit_of_graphql_is_200_with_nothing_remaining(
    hub: Provider, serve: Serve, sending: Sending
) -> None:
    pull = {"number": 47, "node_id": "PR_1", "title": "Faster", "merged": True}
    said = answer(200, {"errors": [{"message": "No."}]}, {"x-ratelimit-remaining": "0"})
    server = serve(routed({"GET /repos/acme/portal/pulls/47": answer(200, pull), "POST /graphql": said}))
    assert hub.apply(reach(server), REVERT, sending).kind is OutcomeKind.RETRY_LATER


def test_a_conflicting_revert_names_the_other_way(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("github", revert_conflicts=True)
    outcome = hub.apply(access, REVERT, sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "restore_branch" in outcome.message


def test_a_pull_request_that_was_not_merged_cannot_be_reverted(
    hub: Provider, access: Access, simulators: Simulators
) -> None:
    number = simulators.do("github", "propose", repository=PORTAL, branch="x", message="Open")["number"]
    seen = hub.observe(access, Call("revert_pull_request", {"pull_request": number}))
    assert (seen.seen, "not merged" in seen.summary) == (Seen.UNREADABLE, True)


def test_reviews_that_are_missing_keep_a_pull_request_from_being_merged(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    done(hub, access, REVERT, sending)
    simulators.settings("github", reviews=1)
    outcome = hub.apply(access, Call("merge_pull_request", {"reverts": 47}), sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "approving review" in outcome.message


@pytest.mark.parametrize(
    ("status", "message"),
    [(409, "Head branch was modified."), (405, "Base branch was modified. Review and try again.")],
)
def test_a_push_in_the_same_moment_is_no_refusal_for_good(
    hub: Provider, serve: Serve, sending: Sending, status: int, message: str
) -> None:
    pull = {"number": 9, "title": "Fix", "state": "open", "merged": False, "head": {"sha": "a" * 40, "ref": "x"}}
    table = {
        "GET /repos/acme/portal/pulls/9": answer(200, pull),
        "PUT /repos/acme/portal/pulls/9/merge": answer(status, {"message": message}),
    }
    server = serve(routed(table))
    call = Call("merge_pull_request", {"pull_request": 9, "method": "squash"})
    assert hub.apply(reach(server), call, sending).kind is OutcomeKind.RETRY_LATER
    body = server.requests[-1].json()
    assert (body["sha"], body["merge_method"]) == ("a" * 40, "squash")


def test_a_pull_request_is_named_in_exactly_one_way(hub: Provider) -> None:
    for given in ({}, {"branch": "x", "reverts": 4}, {"pull_request": 1.5}, {"pull_request": 0}):
        assert hub.problems(Call("merge_pull_request", given)), given
    assert not hub.problems(Call("merge_pull_request", {"pull_request": 4}))
