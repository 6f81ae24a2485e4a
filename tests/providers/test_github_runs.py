"""GitHub: a run is followed to its end, a freeze is taken back, and old successes prove nothing."""

from dataclasses import replace

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.github.wire import graphql_access
from apps.providers.simulation import Simulators
from tests.providers.conftest import Serve
from tests.providers.hub import LIVE, PORTAL, RELEASE, access, done, hub, levels, reach, stand
from tests.providers.raw import answer, routed

__all__ = ["access", "hub"]


def test_a_run_is_followed_to_its_end(hub: Provider, access: Access, sending: Sending, simulators: Simulators) -> None:
    outcome = done(hub, access, RELEASE, sending)
    assert outcome.external_url.endswith(f"/actions/runs/{outcome.evidence['run']}")
    for _ in range(2):
        seen = hub.observe(access, RELEASE, sending)
        assert (seen.seen, seen.under_way) == (Seen.OTHER, True)
        assert hub.verify(access, RELEASE, sending).proof is Proof.NOT_YET
        simulators.advance(20)
    simulators.advance(60)
    assert hub.verify(access, RELEASE, sending).proof is Proof.SATISFIED


@pytest.mark.parametrize("ended", ["failure", "cancelled", "timed_out", "startup_failure", "action_required"])
def test_a_run_that_does_not_end_well_has_failed_for_good(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators, ended: str
) -> None:
    simulators.settings("github", run_conclusion=ended)
    done(hub, access, RELEASE, sending)
    simulators.advance(90)
    proof = hub.verify(access, RELEASE, sending)
    assert (proof.proof, ended in proof.message) == (Proof.VIOLATED, True)
    assert not hub.observe(access, RELEASE, sending).under_way


def test_a_run_that_waits_for_an_approval_says_so(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("github", run_waits=True)
    done(hub, access, RELEASE, sending)
    simulators.advance(500)
    seen = hub.observe(access, RELEASE, sending)
    assert (seen.under_way, "approval" in seen.summary) == (True, True)
    assert levels(hub.check(access), "approvals") == {"warning"}


def test_a_run_is_listed_late_and_a_lost_answer_is_cleared_up_then(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("github", list_delay_seconds=5)
    simulators.fault("reset_after", slug="github")
    assert hub.apply(access, RELEASE, sending).kind is OutcomeKind.AMBIGUOUS
    assert hub.observe(access, RELEASE, sending).seen is Seen.OTHER
    assert hub.action("dispatch_workflow").settle_seconds > 5, "it is looked again after this time"
    simulators.advance(6)
    assert hub.observe(access, RELEASE, sending).under_way
    assert hub.observe(access, RELEASE, replace(sending, marker="rp-other")).identity == {"run": "absent"}


def test_a_workflow_that_does_not_show_our_marker_is_not_started(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("dispatch_workflow", {"workflow": "nightly.yml"})
    outcome = hub.apply(access, call, sending)
    assert (outcome.kind, "run-name" in outcome.message) == (OutcomeKind.REJECTED, True)
    assert hub.observe(access, call).seen is Seen.UNREADABLE
    assert simulators.journal("github") == []
    done(hub, access, Call("dispatch_unmarked", {"workflow": "nightly.yml", "inputs": {"suite": "all"}}), sending)


@pytest.mark.parametrize("tells", [True, False])
def test_both_answers_to_a_dispatch_are_taken(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators, tells: bool
) -> None:
    simulators.settings("github", tells_run=tells)
    assert ("run" in done(hub, access, RELEASE, sending).evidence) is tells
    assert hub.observe(access, RELEASE, sending).under_way


def test_an_enterprise_server_is_not_sent_the_field_that_it_refuses(
    hub: Provider, serve: Serve, sending: Sending
) -> None:
    root = "/api/v3/repos/acme/portal/actions/workflows/nightly.yml"
    server = serve(routed({f"POST {root}/dispatches": answer(204)}))
    there = replace(reach(server), base_url=f"{server.url}/api/v3")
    done(hub, there, Call("dispatch_unmarked", {"workflow": "nightly.yml", "inputs": {"a": True, "b": 3}}), sending)
    assert server.requests[-1].json() == {"ref": "main", "inputs": {"a": "true", "b": "3"}}
    assert graphql_access(there).base_url == f"{server.url}/api"


NIGHTLY = Call("dispatch_unmarked", {"workflow": "nightly.yml"})


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(("ended", "proof"), [("success", Proof.SATISFIED), ("failure", Proof.VIOLATED)])
def test_a_run_without_our_marker_is_followed_by_its_number_or_as_the_only_new_one(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators, tells: bool, ended: str, proof: Proof
) -> None:
    simulators.settings("github", tells_run=tells, list_delay_seconds=3, run_conclusion=ended)
    done(hub, access, NIGHTLY, sending)
    assert hub.observe(access, NIGHTLY, sending).under_way is tells, "the list has it a little later"
    simulators.advance(10)
    assert hub.observe(access, NIGHTLY, sending).under_way
    simulators.advance(90)
    assert hub.verify(access, NIGHTLY, sending).proof is proof


def test_of_two_new_runs_nobody_can_tell_which_is_ours(
    hub: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    simulators.settings("github", tells_run=False)
    done(hub, access, NIGHTLY, replace(sending, idempotency_key="one"))
    done(hub, access, NIGHTLY, replace(again, idempotency_key="two"))
    first = hub.observe(access, NIGHTLY, replace(sending, idempotency_key="one"))
    assert (first.seen, "cannot be told" in first.summary) == (Seen.UNREADABLE, True)
    assert hub.observe(access, NIGHTLY, replace(again, idempotency_key="two")).under_way


def test_another_process_does_not_claim_to_know_the_run(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    done(hub, access, NIGHTLY, replace(sending, idempotency_key="of another process"))
    simulators.advance(90)
    seen = hub.observe(access, NIGHTLY, replace(sending, idempotency_key="unheard of"))
    assert (seen.seen, seen.identity) == (Seen.OTHER, {"run": "unknown"})
    assert hub.verify(access, NIGHTLY, replace(sending, idempotency_key="unheard of")).proof is Proof.NOT_YET


def test_the_number_of_the_run_is_enough_where_runs_may_not_be_listed(
    hub: Provider, serve: Serve, sending: Sending
) -> None:
    run = {"id": 99, "status": "in_progress", "conclusion": None, "html_url": "https://github.com/r/99"}
    table = {
        "POST /repos/acme/portal/actions/workflows/nightly.yml/dispatches": answer(200, {"workflow_run_id": 99}),
        "GET /repos/acme/portal/actions/runs/99": answer(200, run),
    }
    there = reach(serve(routed(table)))
    mine = replace(sending, idempotency_key="numbered")
    done(hub, there, NIGHTLY, mine)
    assert hub.observe(there, NIGHTLY, mine).under_way


def test_a_freeze_and_its_lifting_take_each_other_back(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    freeze, lift = Call("freeze", {}), Call("lift_freeze", {})
    assert hub.inverse_of(freeze, hub.observe(access, freeze)) == lift
    done(hub, access, freeze, sending)
    assert hub.inverse_of(freeze, hub.observe(access, freeze)) is None, "it was frozen before"
    assert hub.inverse_of(lift, hub.observe(access, lift)) == freeze
    order = Call("merge_pull_request", {"branch": "late"})
    simulators.do("github", "propose", repository=PORTAL, branch="late", message="New feature")
    refused = hub.apply(access, order, sending)
    assert (refused.kind, "rule violations" in refused.message) == (OutcomeKind.REJECTED, True)
    done(hub, access, lift, sending)
    done(hub, access, order, sending)
    assert stand(simulators)["rulesets"] == []


def test_a_freeze_that_was_switched_off_is_switched_on_again(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators, serve: Serve
) -> None:
    name = "Freeze of main by Rollback Portal"
    off = {"id": 5, "name": name, "enforcement": "disabled"}
    table = {
        "GET /repos/acme/portal/rulesets": answer(200, [off]),
        "PUT /repos/acme/portal/rulesets/5": answer(200, {**off, "enforcement": "active"}),
    }
    server = serve(routed(table))
    assert hub.observe(reach(server), Call("freeze", {})).identity == {"freeze": "switched off"}
    done(hub, reach(server, app_id="77"), Call("freeze", {}), sending)
    sent = server.requests[-1].json()
    assert sent["bypass_actors"] == [{"actor_id": 77, "actor_type": "Integration", "bypass_mode": "always"}]
    assert sent["conditions"]["ref_name"]["include"] == ["refs/heads/main"]


def test_a_freeze_that_is_gone_already_is_lifted(hub: Provider, serve: Serve, sending: Sending) -> None:
    ours = {"id": 5, "name": "Freeze of main by Rollback Portal", "enforcement": "active"}
    server = serve(routed({"GET /repos/acme/portal/rulesets": answer(200, [ours])}))
    assert done(hub, reach(server), Call("lift_freeze", {}), sending).message.endswith("gone already.")


def test_a_free_plan_has_no_rulesets_for_private_repositories(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.fault(
        "status", slug="github", status=403, body='{"message": "Upgrade to GitHub Pro or make it public."}'
    )
    outcome = hub.apply(access, Call("freeze", {}), sending)
    assert (outcome.kind, "plan" in outcome.message) == (OutcomeKind.REJECTED, True)
    simulators.settings("github", plan="free")
    assert levels(hub.check(access), "plan") == {"warning"}


def test_the_newest_status_counts_in_whatever_order_they_come(hub: Provider, serve: Serve) -> None:
    root = "/repos/acme/portal/deployments"
    statuses = [{"id": 1, "state": "in_progress"}, {"id": 9, "state": "success"}, {"id": 4, "state": "failure"}]
    table = {
        f"GET {root}": answer(200, [{"id": 3, "sha": "a" * 40}, {"id": 8, "sha": "b" * 40}]),
        f"GET {root}/8/statuses": answer(200, statuses),
    }
    call = Call("deployment_status", {"environment": "production", "state": "success"})
    assert hub.observe(reach(serve(routed(table))), call).seen is Seen.DESIRED


def test_a_deployment_that_is_not_there_is_said(hub: Provider, access: Access, sending: Sending) -> None:
    call = Call("deployment_status", {"environment": "moon", "state": "inactive"})
    assert "no deployment to moon" in hub.observe(access, call).summary
    assert hub.apply(access, call, sending).kind is OutcomeKind.REJECTED


def test_an_older_commits_success_proves_nothing(hub: Provider, access: Access, simulators: Simulators) -> None:
    ask = Call("workflow_run", {"workflow": "deploy.yml"})
    assert hub.examine(access, ask).holds is True
    simulators.settings("github", list_delay_seconds=3, run_conclusion="failure")
    simulators.do("github", "commit", repository=PORTAL, message="Next")
    assert "has not run" in hub.examine(access, ask).message
    assert hub.examine(access, Call("commit_status", {})).holds is False, "its runs have only begun"
    simulators.advance(5)
    under_way = hub.examine(access, ask)
    assert (under_way.holds, "under way" in under_way.message) == (False, True)
    simulators.advance(90)
    assert hub.examine(access, ask).holds is False
    assert hub.examine(access, Call("workflow_run", {**ask.parameters, "commit": LIVE})).holds is True
    assert hub.examine(access, Call("deployment", {"environment": "production"})).holds is False


def test_nothing_reported_is_not_passed(hub: Provider, serve: Serve) -> None:
    root = f"/repos/acme/portal/commits/{'a' * 40}"
    table = {
        "GET /repos/acme/portal/git/ref/heads/main": answer(
            200, {"ref": "refs/heads/main", "object": {"sha": "a" * 40}}
        ),
        f"GET {root}/status": answer(200, {"state": "pending", "statuses": [], "total_count": 0}),
        f"GET {root}/check-runs": answer(200, {"total_count": 0, "check_runs": []}),
    }
    result = hub.examine(reach(serve(routed(table))), Call("commit_status", {}))
    assert (result.holds, "Nothing has reported" in result.message) == (False, True)


def test_what_cannot_be_read_is_neither_good_nor_bad(hub: Provider, access: Access, simulators: Simulators) -> None:
    simulators.fault("status", slug="github", reads=True, status=403, times=50, body='{"message": "rate limit"}')
    for ask in (Call("workflow_run", {"workflow": "deploy.yml"}), Call("commit_status", {})):
        assert hub.examine(access, ask).holds is None
