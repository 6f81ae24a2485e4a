"""GitHub: branches are found again, and a forced reset loses nothing that was not kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Provider, Seen, Sending
from apps.providers.github.wire import name_problem
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect
from tests.providers.hub import BEFORE, LIVE, PORTAL, RESET, access, done, hub, stand

__all__ = ["access", "hub"]


@pytest.mark.parametrize(("source", "sha"), [("v2.28.0", "a71c0d3"), ("v2.30.4", BEFORE), (BEFORE, BEFORE)])
def test_a_branch_begins_at_the_commit_of_any_kind_of_tag(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators, source: str, sha: str
) -> None:
    done(hub, access, Call("create_branch", {"branch": "hotfix/PP-12", "source": source}), sending)
    assert stand(simulators)["refs"]["heads/hotfix/PP-12"].startswith(sha)


def test_work_on_a_hotfix_branch_is_no_drift(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("create_branch", {"branch": "hotfix/PP-12", "source": "v2.31.0"})
    done(hub, access, call, sending)
    simulators.do("github", "commit", repository=PORTAL, branch="hotfix/PP-12", message="Fix it")
    seen = hub.observe(access, call, sending)
    assert (seen.seen, "1 commits on top" in seen.summary) == (Seen.DESIRED, True)


def test_a_branch_that_does_not_come_from_the_tag_needs_a_person(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    done(hub, access, Call("create_branch", {"branch": "hotfix/PP-12", "source": "v2.28.0"}), sending)
    call = Call("create_branch", {"branch": "hotfix/PP-12", "source": "v2.30.4"})
    outcome = hub.apply(access, call, sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "a71c0d3" in outcome.message
    assert BEFORE in outcome.message
    seen = hub.observe(access, call, sending)
    assert (seen.seen, seen.identity["branch"][:7]) == (Seen.OTHER, "a71c0d3"), "and it was left where it is"


def test_a_tag_that_is_not_there_is_refused_before_anything_is_sent(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    for source in ("v9.9.9", "abcdef0"):
        outcome = hub.apply(access, Call("create_branch", {"branch": "hotfix/x", "source": source}), sending)
        assert (outcome.kind, "Nothing was sent" in outcome.message) == (OutcomeKind.REJECTED, True)
    assert simulators.journal("github") == []


@pytest.mark.parametrize("name", ["hotfix/PP-12", "v1.2.3", "release/2026_03", "a"])
def test_names_that_git_takes(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize(
    "name", ["-x", "a..b", "a//b", "a/", "a.lock", "/a", "a b", "a/.b", "a~1", "a:b", "@{u}", "a\n"]
)
def test_names_that_git_does_not_take_are_refused(hub: Provider, name: str) -> None:
    assert name_problem(name)
    assert hub.problems(Call("create_branch", {"branch": name, "source": "v2.30.4"}))


def test_the_state_of_an_earlier_commit_is_put_on_top_of_production(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    done(hub, access, Call("restore_branch", {"branch": "rollback/to-v2.30.4", "commit": "v2.30.4"}), sending)
    repository = stand(simulators)
    made = repository["commits"][repository["refs"]["heads/rollback/to-v2.30.4"]]
    assert made["parents"] == [repository["refs"]["heads/main"]]
    (earlier,) = (one for sha, one in repository["commits"].items() if sha.startswith(BEFORE))
    assert made["tree"] == earlier["tree"]
    assert sending.marker in made["message"]


def test_a_commit_that_no_branch_shows_yet_may_be_made_again(
    hub: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    call = Call("restore_branch", {"branch": "rollback/to-v2.30.4", "commit": BEFORE})
    simulators.fault("reset_before", slug="github", path="git/refs")
    assert hub.apply(access, call, sending).kind is OutcomeKind.AMBIGUOUS
    assert hub.observe(access, call, sending).seen is Seen.OTHER
    done(hub, access, call, again)
    assert hub.observe(access, call, again).seen is Seen.DESIRED


def test_a_reset_insists_on_a_branch_that_keeps_what_is_there(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    refused = hub.apply(access, RESET, sending)
    assert (refused.kind, refused.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "keep_branch" in refused.message
    assert simulators.journal("github") == []
    done(hub, access, Call("keep_branch", {}), sending)
    assert done(hub, access, RESET, sending).evidence["sha"].startswith(BEFORE)
    refs = stand(simulators)["refs"]
    assert refs["heads/main"].startswith(BEFORE)
    assert refs["heads/kept-by-rollback-portal/main-9c41e7decc90"].startswith(LIVE)


def test_a_copy_of_an_older_head_is_no_safety_copy(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    done(hub, access, Call("keep_branch", {}), sending)
    simulators.do("github", "commit", repository=PORTAL, message="Pushed meanwhile")
    assert hub.apply(access, RESET, sending).kind is OutcomeKind.REJECTED
    assert hub.observe(access, Call("keep_branch", {}), sending).seen is Seen.OTHER


def test_a_push_after_the_plan_is_drift(hub: Provider, access: Access, simulators: Simulators) -> None:
    planned = hub.observe(access, RESET)
    simulators.do("github", "commit", repository=PORTAL, message="Pushed meanwhile")
    assert hub.observe(access, RESET).identity != planned.identity


def test_the_airlock_tells_how_many_commits_go_and_since_when(hub: Provider, access: Access) -> None:
    airlock = hub.airlock(access, RESET)
    assert airlock is not None
    assert airlock.loses.startswith(f"4 commits of main after {BEFORE}, up to {LIVE}")
    assert "kept-by-rollback-portal/main-9c41e7decc90" in airlock.safety_copy
    assert airlock.lost_from is not None
    assert airlock.lost_until is not None
    assert timedelta(days=1) < airlock.lost_until - airlock.lost_from < timedelta(days=5)
    assert airlock.refusals == ()
    assert hub.airlock(access, Call("freeze", {})) is None


def test_the_airlock_refuses_what_rules_and_protections_forbid(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators, connect: Connect
) -> None:
    simulators.do("github", "protect", repository=PORTAL, branch="main")
    airlock = hub.airlock(access, RESET)
    assert airlock is not None
    assert "forbids force pushes" in airlock.refusals[0]
    done(hub, access, Call("keep_branch", {}), sending)
    outcome = hub.apply(access, RESET, sending)
    assert (outcome.kind, "Cannot force-push" in outcome.message) == (OutcomeKind.REJECTED, True)
    simulators.do("github", "protect", repository=PORTAL, branch="main", force=True)
    assert hub.airlock(access, RESET).refusals == ()
    done(hub, access, Call("freeze", {}), sending)
    assert any("ruleset" in text for text in hub.airlock(access, RESET).refusals)
    assert any("no branch" in text for text in hub.airlock(access, replace(RESET, parameters={
        "commit": "v2.30.4", "branch": "nowhere"})).refusals)  # fmt: skip


def test_the_app_on_the_bypass_list_may_pass_the_freeze(
    hub: Provider, connect: Connect, sending: Sending, simulators: Simulators
) -> None:
    app = {"settings": {"app_id": "246813"}, "credentials": {"token": "ghs_simulated_motion_mavericks"}}
    ours = connect("github", **app)
    done(hub, ours, Call("freeze", {}), sending)
    assert hub.airlock(ours, RESET).refusals == ()
    done(hub, ours, Call("keep_branch", {}), sending)
    done(hub, ours, RESET, sending)
    assert hub.airlock(connect("github"), Call("reset_branch", {"commit": "v2.28.0"})).refusals
