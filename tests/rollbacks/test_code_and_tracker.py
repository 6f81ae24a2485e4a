"""Code taken back at GitHub and followed in Linear, from proposal to proof: by revert, and by forced reset."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.accounts.models import Person
from apps.deployments.models import EnvironmentConnection
from apps.rollbacks import lifecycle
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Unacceptable
from tests.accounts.factories import PersonFactory
from tests.providers.factories import ConnectionFactory
from tests.rollbacks.conftest import Stage

REPOSITORY = "motion-mavericks/portal"
REVERT = """
version: 1
slug: revert-release
name: Revert the release
approvals: {all_of: [cto]}
steps:
  - {name: Track it, use: tracker.create_issue, with: {title: "{release.version} fails", priority: urgent}}
  - {name: Say that it is worked on, use: tracker.set_status, with: {issue: MOT-12, status: In Progress}}
  - {name: Open the revert, use: code.revert_pull_request, with: {pull_request: 47}}
  - {name: Merge it, use: code.merge_pull_request, with: {reverts: 47}}
  - name: It was deployed
    check: {use: code.workflow_run, with: {workflow: deploy.yml}, within_seconds: 30}
  - {name: Release it, use: code.dispatch_workflow, with: {workflow: release.yml, inputs: {version: v2.30.4}}}
  - {name: Comment, use: tracker.comment, with: {issue: MOT-12, body: The release was reverted.}}
"""
RESET = """
version: 1
slug: reset-code
name: Set the code back
approvals: {all_of: [cto]}
steps:
  - {name: Keep what is there, use: code.keep_branch}
  - {name: Set the branch back, use: code.reset_branch, with: {commit: v2.30.4}}
  - {name: Freeze it, use: code.freeze}
"""


@pytest.fixture
def connected(stage: Stage) -> Stage:
    """The portal with its code at GitHub and its tracker at Linear."""
    for role, slug in (("code", "github"), ("tracker", "linear")):
        connection = ConnectionFactory(organisation=stage.organisation, provider=slug, simulators=stage.outside)
        EnvironmentConnection.objects.create(
            organisation=stage.organisation, environment=stage.environment, role=role, connection=connection
        )
    stage.outside.settings("github", run_seconds=1)
    return stage


@pytest.fixture
def theo(stage: Stage) -> Person:
    """The CTO, who may approve a loss in production."""
    return PersonFactory(organisation=stage.organisation, name="Theo", roles=["cto"])


def agreed(rollback: Rollback, person: Person) -> Rollback:
    """Let the CTO agree to the plan with everything that is lost."""
    question = rollback.question
    lifecycle.vote(
        rollback, by=person, decision="approve", plan_hash=rollback.plan_hash, accepts=question.losses,
        confirm=question.confirm,
    )  # fmt: skip
    rollback.refresh_from_db()
    return rollback


def code(stage: Stage) -> dict[str, Any]:
    """Return the repository as the simulator keeps it."""
    found: dict[str, Any] = stage.outside.state("github")["repositories"][REPOSITORY]
    return found


def files(repository: dict[str, Any], branch: str = "main") -> list[str]:
    """Return the changes that a branch has."""
    found: list[str] = repository["trees"][repository["commits"][repository["refs"][f"heads/{branch}"]]["tree"]]
    return found


def test_a_release_is_reverted_deployed_and_tracked(connected: Stage, theo: Person) -> None:
    rollback = connected.run(agreed(connected.propose(REVERT), theo))
    assert rollback.state == "succeeded", [(step.state, step.message) for step in rollback.steps.all()]
    assert "v2.31.0" not in files(code(connected))
    assert [one["kind"] for one in connected.outside.effects("github")] == ["open_pull_request", "merge", "dispatch"]
    assert [one["kind"] for one in connected.outside.effects("linear")] == ["issue", "update", "comment"]
    assert code(connected)["deployments"][-1]["sha"] == code(connected)["refs"]["heads/main"]


def test_a_forced_reset_is_agreed_to_by_its_loss_and_leaves_what_was_there(connected: Stage, theo: Person) -> None:
    rollback = connected.propose(RESET)
    plan = json.loads(bytes(rollback.plan.canonical))
    airlock = plan["steps"][1]["airlock"][""]
    assert airlock["loses"].startswith("4 commits of main after 4be02aa")
    assert airlock["safety_copy"].startswith("The branch kept-by-rollback-portal/main-9c41e7decc90")
    assert rollback.question.confirm == "portal"
    rollback = connected.run(agreed(rollback, theo))
    assert rollback.state == "succeeded", [(step.state, step.message) for step in rollback.steps.all()]
    repository = code(connected)
    assert repository["refs"]["heads/main"].startswith("4be02aa")
    assert "v2.31.0" in files(repository, "kept-by-rollback-portal/main-9c41e7decc90")
    assert [one["enforcement"] for one in repository["rulesets"]] == ["active"]


def test_a_protected_branch_is_not_even_proposed_to_be_reset(connected: Stage) -> None:
    connected.outside.do("github", "protect", repository=REPOSITORY, branch="main")
    with pytest.raises(Unacceptable, match="forbids force pushes"):
        connected.propose(RESET)


def test_a_push_after_the_approval_stops_the_reset(connected: Stage, theo: Person) -> None:
    rollback = agreed(connected.propose(RESET), theo)
    connected.outside.do("github", "commit", repository=REPOSITORY, message="Pushed meanwhile")
    rollback = connected.run(rollback)
    assert rollback.state == "needs_operator"
    assert "Pushed meanwhile" in files(code(connected))
    assert [one["kind"] for one in connected.outside.effects("github")] == []
