"""PyGithub works against the GitHub simulator, its silent repeats included."""

import github
import pytest
from github import Auth, Github, GithubException, GithubRetry
from github.GithubException import BadCredentialsException, UnknownObjectException
from github.Repository import Repository

from apps.providers.simulation import Simulators
from tests.simulators import ask

PORTAL = "motion-mavericks/portal"
BEFORE, LIVE = "4be02aa", "9c41e7d"


def client(simulators: Simulators, *, token: str = "", retry: int | None = None, per_page: int = 30) -> Github:
    """Return the official client, which repeats nothing unless `retry` says so."""
    token = token or simulators.describe()["github"]["credentials"]["token"]
    address = simulators.root_address("github")
    again = GithubRetry(total=retry, backoff_factor=0, secondary_rate_wait=0) if retry else None
    pause = {"seconds_between_requests": 0, "seconds_between_writes": 0}
    return Github(base_url=address, auth=Auth.Token(token), retry=again, per_page=per_page, **pause)


@pytest.fixture
def portal(simulators: Simulators) -> Repository:
    """Motion Mavericks' repository."""
    return client(simulators).get_repo(PORTAL)


def test_the_repository_tells_the_rights_of_the_token(portal: Repository, simulators: Simulators) -> None:
    assert (portal.full_name, portal.default_branch, portal.permissions.admin) == (PORTAL, "main", True)
    assert client(simulators).get_user().login == "rollback-portal"
    assert client(simulators).get_rate_limit().resources.core.limit == 5000


def test_a_hotfix_branch_is_made_from_an_annotated_tag(portal: Repository) -> None:
    reference = portal.get_git_ref("tags/v2.28.0")
    assert reference.object.type == "tag"
    commit = portal.get_git_tag(reference.object.sha).object.sha
    made = portal.create_git_ref("refs/heads/hotfix/PP-12", commit)
    assert made.ref == "refs/heads/hotfix/PP-12"
    assert portal.get_branch("hotfix/PP-12").commit.sha == commit
    with pytest.raises(GithubException) as refused:
        portal.create_git_ref("refs/heads/hotfix/PP-12", commit)
    assert (refused.value.status, refused.value.data["message"]) == (422, "Reference already exists")
    with pytest.raises(GithubException, match="Reference update failed"):
        portal.create_git_ref("refs/heads/hotfix", commit)


def test_history_is_listed_newest_first_and_paged(simulators: Simulators) -> None:
    small = client(simulators, per_page=2).get_repo(PORTAL)
    commits = list(small.get_commits())
    assert [commits[0].sha[:7], len(commits)] == [LIVE, 15]
    assert commits[0].get_pulls()[0].number == 47
    assert {tag.name for tag in small.get_tags()} >= {"v2.30.4", "v2.31.0"}


def test_two_commits_are_compared(portal: Repository) -> None:
    way = portal.compare("v2.30.4", "main")
    assert (way.status, way.ahead_by, way.behind_by, way.total_commits) == ("ahead", 4, 0, 4)
    assert way.merge_base_commit.sha.startswith(BEFORE)
    assert portal.compare("main", "v2.30.4").status == "behind"


def test_a_branch_is_set_back_by_force_only(portal: Repository, simulators: Simulators) -> None:
    earlier = portal.get_commit("v2.30.4").sha
    main = portal.get_git_ref("heads/main")
    with pytest.raises(GithubException, match="not a fast forward"):
        main.edit(earlier)
    main.edit(earlier, force=True)
    assert portal.get_branch("main").commit.sha == earlier
    assert simulators.effects("github")[0]["force"] is True


def test_the_state_of_an_earlier_commit_comes_back_by_pull_request(portal: Repository) -> None:
    top, earlier = portal.get_branch("main").commit.sha, portal.get_git_commit(portal.get_commit("v2.30.4").sha)
    made = portal.create_git_commit("Go back", earlier.tree, [portal.get_git_commit(top)])
    assert made.tree.sha == earlier.tree.sha
    portal.create_git_ref("refs/heads/rollback/to-v2.30.4", made.sha)
    pull = portal.create_pull("main", "rollback/to-v2.30.4", title="Go back", body="INC-1")
    assert (pull.state, pull.mergeable, pull.merged) == ("open", True, False)
    with pytest.raises(GithubException) as refused:
        portal.create_pull("main", "rollback/to-v2.30.4", title="Again")
    assert "already exists" in refused.value.data["errors"][0]["message"]
    with pytest.raises(GithubException) as moved:
        pull.merge(sha=top)
    assert moved.value.status == 409
    assert pull.merge(sha=made.sha).merged is True
    assert portal.get_git_commit(portal.get_branch("main").commit.sha).tree.sha == earlier.tree.sha
    assert portal.get_pull(pull.number).is_merged()


def test_a_merged_pull_request_is_reverted_over_graphql(portal: Repository, simulators: Simulators) -> None:
    query = "mutation($input: RevertPullRequestInput!) { revertPullRequest(input: $input) { %s } }"
    wanted = "pullRequest { number } revertPullRequest { number headRefName state url }"
    variables = {"input": {"pullRequestId": portal.get_pull(47).raw_data["node_id"]}}
    requester = portal.requester
    _, told = requester.graphql_query(query % wanted, variables)
    made = told["data"]["revertPullRequest"]["revertPullRequest"]
    assert (made["state"], made["headRefName"]) == ("OPEN", "revert-47-feature/v2.31.0")
    with pytest.raises(GithubException):
        requester.graphql_query(query % wanted, variables)
    simulators.settings("github", revert_conflicts=True)
    variables["input"]["pullRequestId"] = portal.get_pull(44).raw_data["node_id"]
    with pytest.raises(GithubException, match="reverted automatically"):
        requester.graphql_query(query % wanted, variables)


def test_a_workflow_is_started_and_its_run_followed(portal: Repository, simulators: Simulators) -> None:
    release = portal.get_workflow("release.yml")
    inputs = {"version": "v2.30.4", "rollback_portal": "rp-1"}
    run = release.create_dispatch("main", inputs, throw=True, return_run_details=True)
    assert (run.status, run.conclusion, run.display_title) == ("queued", None, "Release v2.30.4 rp-1")
    simulators.advance(30)
    assert portal.get_workflow_run(run.id).status == "in_progress"
    simulators.advance(60)
    found = next(iter(release.get_runs(event="workflow_dispatch", branch="main")))
    assert (found.id, found.status, found.conclusion) == (run.id, "completed", "success")
    assert found.cancel() is False, "409: a run that has ended cannot be cancelled"
    assert found.rerun() is True
    assert portal.get_workflow_run(run.id).run_attempt == 2
    assert portal.get_workflow_run(run.id).cancel() is True


@pytest.mark.parametrize(
    ("workflow", "ref", "inputs", "message"),
    [
        ("ci.yml", "main", {}, "Workflow does not have 'workflow_dispatch' trigger"),
        ("release.yml", "nowhere", {"version": "1"}, "No ref found for: nowhere"),
        ("release.yml", "main", {"version": "1", "foo": "x"}, 'Unexpected inputs provided: ["foo"]'),
        ("release.yml", "main", {}, "Required input 'version' not provided"),
    ],
)
def test_a_dispatch_that_cannot_be_is_422(
    portal: Repository, workflow: str, ref: str, inputs: dict[str, str], message: str
) -> None:
    with pytest.raises(GithubException) as refused:
        portal.get_workflow(workflow).create_dispatch(ref, inputs, throw=True)
    assert (refused.value.status, refused.value.data["message"]) == (422, message)


def test_an_older_server_answers_204_or_refuses_the_new_field(portal: Repository, simulators: Simulators) -> None:
    nightly = portal.get_workflow("nightly.yml")
    simulators.settings("github", tells_run=False)
    assert nightly.create_dispatch("main") is True
    simulators.settings("github", knows_return_run_details=False)
    with pytest.raises(GithubException) as refused:
        nightly.create_dispatch("main", throw=True, return_run_details=True)
    assert refused.value.status == 400


def test_the_newer_version_of_the_api_always_tells_the_run(simulators: Simulators) -> None:
    about = simulators.describe()["github"]
    url = f"{simulators.root_address('github')}/repos/{PORTAL}/actions/workflows/nightly.yml/dispatches"
    headers = {"Authorization": f"Bearer {about['credentials']['token']}", "X-GitHub-Api-Version": "2026-03-10"}
    newer = ask(url, "POST", headers=headers, data={"ref": "main"})
    assert (newer.status, set(newer.json())) == (200, {"workflow_run_id", "run_url", "html_url"})
    assert newer.headers["x-github-api-version-selected"] == "2026-03-10"
    older = ask(url, "POST", headers={**headers, "X-GitHub-Api-Version": "2022-11-28"}, data={"ref": "main"})
    assert (older.status, older.body) == (204, b"")


def test_the_client_starts_a_run_twice_when_the_line_breaks(portal: Repository, simulators: Simulators) -> None:
    simulators.fault("status_after", slug="github", path="dispatches", status=502)
    repeating = client(simulators, retry=3).get_repo(PORTAL)
    assert repeating.get_workflow("nightly.yml").create_dispatch("main", throw=True) is True
    assert [effect["kind"] for effect in simulators.effects("github")] == ["dispatch", "dispatch"]


def test_statuses_and_deployments(portal: Repository) -> None:
    commit = portal.get_commit("main")
    assert commit.get_combined_status().state == "pending", "as long as nobody has reported"
    commit.create_status("success", context="smoke")
    commit.create_status("failure", context="lint")
    combined = commit.get_combined_status()
    assert (combined.state, combined.total_count) == ("failure", 2)
    assert {run.name: run.conclusion for run in commit.get_check_runs()} == {"Deploy": "success", "CI": "success"}
    newest = portal.get_deployments(environment="production")[0]
    assert newest.sha == commit.sha
    newest.create_status("inactive", description="Rolled back")
    assert [one.state for one in newest.get_statuses()] == ["inactive", "success"]
    made = portal.create_deployment("v2.30.4", environment="staging", auto_merge=False, required_contexts=[])
    assert (made.environment, made.sha[:7]) == ("staging", BEFORE)
    assert [one.name for one in portal.get_environments()] == ["production", "staging"]


def test_a_protected_branch_refuses_force(portal: Repository) -> None:
    main = portal.get_branch("main")
    with pytest.raises(GithubException) as unprotected:
        main.get_protection()
    assert (unprotected.value.status, unprotected.value.data["message"]) == (404, "Branch not protected")
    main.edit_protection(enforce_admins=True)
    assert portal.get_branch("main").protected is True
    with pytest.raises(GithubException, match="Cannot force-push"):
        portal.get_git_ref("heads/main").edit(portal.get_commit("v2.30.4").sha, force=True)
    main.remove_protection()
    assert portal.get_branch("main").protected is False


def test_a_wrong_token_and_a_foreign_repository(portal: Repository, simulators: Simulators) -> None:
    with pytest.raises(BadCredentialsException):
        client(simulators, token="ghp_nobody").get_repo(PORTAL)
    with pytest.raises(UnknownObjectException):
        client(simulators).get_repo("derrimut/derrimut-platform")
    with pytest.raises(UnknownObjectException):
        portal.get_pull(999)


def test_both_rate_limits_are_known_to_the_client(simulators: Simulators) -> None:
    said = '{"message": "You have exceeded a secondary rate limit."}'
    simulators.fault("status", slug="github", reads=True, status=403, body=said)
    with pytest.raises(github.RateLimitExceededException, match="secondary rate limit"):
        client(simulators).get_repo(PORTAL)
    simulators.settings("github", requests_left=0)
    with pytest.raises(github.RateLimitExceededException) as refused:
        client(simulators).get_repo(PORTAL)
    assert refused.value.headers["x-ratelimit-remaining"] == "0"
