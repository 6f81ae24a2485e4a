"""The GitHub repositories at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation, Release
from ...simulation.world import State, habits
from . import history

APP_ID = 246813
FIRST_PULL = 41
MARKED = "${{ inputs.rollback_portal }}"
DEPLOY = f"""name: Deploy
run-name: Deploy {MARKED}
on:
  push: {{branches: [main]}}
  workflow_dispatch:
    inputs:
      rollback_portal: {{required: false, default: ""}}
jobs: {{deploy: {{runs-on: ubuntu-latest, environment: production, steps: [{{run: ./deploy}}]}}}}
"""
RELEASE = f"""name: Release
run-name: Release ${{{{ inputs.version }}}} {MARKED}
on:
  workflow_dispatch:
    inputs:
      version: {{required: true}}
      rollback_portal: {{required: false, default: ""}}
jobs: {{release: {{runs-on: ubuntu-latest, steps: [{{run: ./release}}]}}}}
"""
NIGHTLY = """name: Nightly
on:
  workflow_dispatch:
    inputs:
      suite: {required: false, default: all}
jobs: {nightly: {runs-on: ubuntu-latest, steps: [{run: ./nightly}]}}
"""
CI = "name: CI\non: [push]\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: ./test}]}}\n"


def token(organisation: Organisation) -> str:
    """The fine-grained token of an organisation."""
    return f"github_pat_simulated_{organisation.slug.replace('-', '_')}"


def app_token(organisation: Organisation) -> str:
    """The token of the GitHub App `APP_ID` that is installed there."""
    return f"ghs_simulated_{organisation.slug.replace('-', '_')}"


def full_name(organisation: Organisation) -> str:
    """Owner and name of the organisation's repository."""
    return f"{organisation.slug}/{organisation.project_name}"


def start(epoch: float) -> State:
    """One repository for every organisation: a merged pull request, a tag and a deployment for each release."""
    state: State = {
        "simulation": habits(
            rights="admin",
            signs_in_with="fine-grained",
            expires_in_days=90,
            plan="team",
            sso=False,
            tells_run=True,
            knows_return_run_details=True,
            list_delay_seconds=0,
            run_seconds=60,
            run_conclusion="success",
            run_waits=False,
            revert_conflicts=False,
            requests_left=4900,
            reviews=0,
        ),
        "tokens": {},
        "repositories": {},
        "last_number": 7000,
    }
    for organisation in ORGANISATIONS:
        add(state, organisation, epoch)
    return state


def add(state: State, organisation: Organisation, epoch: float) -> None:
    """Puts an organisation with its repository into the world."""
    state["tokens"][token(organisation)] = {"organisation": organisation.slug}
    state["tokens"][app_token(organisation)] = {"organisation": organisation.slug, "app_id": APP_ID}
    repository: dict[str, Any] = {
        "id": 1000 * (len(state["repositories"]) + 1),
        "organisation": organisation.slug,
        "full_name": full_name(organisation),
        "name": organisation.project_name,
        "private": True,
        "archived": False,
        "default_branch": "main",
        **{name: {} for name in ("commits", "trees", "refs", "tags", "protections", "statuses")},
        **{name: [] for name in ("pulls", "rulesets", "runs", "deployments")},
        "workflows": _workflows(),
    }
    state["repositories"][full_name(organisation).lower()] = repository
    first = history.commit(
        repository, tree_sha=history.tree(repository, []), parents=[], message="Begin", at=epoch - 90 * 86400
    )
    repository["refs"]["heads/main"] = first
    for release in sorted(organisation.releases, key=lambda one: one.age, reverse=True):
        if release.state in ("PROMOTED", "ERROR"):
            _release(state, repository, release, epoch)


def commit_of(release: Release) -> str:
    """The whole SHA of a release's merge commit; it begins with the short one that the world tells."""
    return release.commit + history.sha_of(release.commit)[len(release.commit) :]


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {organisation.slug: described(state, organisation) for organisation in ORGANISATIONS}
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def described(state: State, organisation: Organisation) -> dict[str, Any]:
    """One organisation's settings, credentials and objects."""
    repository = state["repositories"][full_name(organisation).lower()]
    tags = {
        ref.removeprefix("tags/"): history.peeled(repository, sha)
        for ref, sha in repository["refs"].items()
        if ref.startswith("tags/")
    }
    return {
        "settings": {"repository": full_name(organisation), "branch": "main"},
        "credentials": {"token": token(organisation)},
        "objects": {
            "tags": tags,
            "pull_requests": {str(one["number"]): one["title"] for one in repository["pulls"]},
            "workflows": [one["path"].rpartition("/")[2] for one in repository["workflows"]],
        },
    }


def _release(state: State, repository: dict[str, Any], release: Release, epoch: float) -> None:
    """Merges the release's change by a pull request, tags it (every other one annotated), deploys it."""
    at, base = epoch - release.age, repository["refs"]["heads/main"]
    author = {"name": release.author, "email": f"{release.author.split()[0].lower()}@example.com"}
    changes = sorted({*history.changes_of(repository, base), release.version})
    tree = history.tree(repository, changes)
    work = history.commit(
        repository, tree_sha=tree, parents=[base], message=release.message, at=at - 3600, author=author
    )
    number = FIRST_PULL + len(repository["pulls"])
    branch = f"feature/{release.version}"
    message = f"Merge pull request #{number} from {branch}\n\n{release.message}"
    sha = history.commit(
        repository, tree_sha=tree, parents=[base, work], message=message, at=at, author=author, sha=commit_of(release)
    )
    repository["refs"]["heads/main"] = sha
    repository["pulls"].append(
        {
            "number": number, "title": release.message, "body": None, "head": branch, "base": "main", "head_sha": work,
            "state": "closed", "draft": False, "created": at - 7200, "merged": at, "merge_commit_sha": sha,
        }
    )  # fmt: skip
    _tag(repository, release, sha, at)
    _deployed(state, repository, sha, at, release)


def _tag(repository: dict[str, Any], release: Release, sha: str, at: float) -> None:
    name = f"tags/{release.version}"
    if len(repository["tags"]) * 2 >= len(repository["pulls"]):
        repository["refs"][name] = sha
        return
    tag = history.sha_of("tag", release.version, sha)
    repository["tags"][tag] = {"tag": release.version, "object": sha, "at": at}
    repository["refs"][name] = tag


def _deployed(state: State, repository: dict[str, Any], sha: str, at: float, release: Release) -> None:
    will = "failure" if release.state == "ERROR" else "success"
    for workflow in repository["workflows"]:
        if "push" in workflow["on"]:
            state["last_number"] += 1
            run = {"id": state["last_number"], "workflow_id": workflow["id"], "run_number": len(repository["runs"]) + 1}
            times = {"created": at, "listed": at, "ends": at + 90, "waits": False, "attempt": 1, "deployed": True}
            about = {"branch": "main", "head_sha": sha, "event": "push", "title": release.message, "will": will}
            repository["runs"].append({**run, **times, **about})
    state["last_number"] += 2
    status = {"id": state["last_number"], "state": will, "description": "", "at": at + 90}
    made = {"id": state["last_number"] - 1, "sha": sha, "at": at, "environment": "production", "statuses": [status]}
    repository["deployments"].append(made)


def _workflows() -> list[dict[str, Any]]:
    def one(number: int, file: str, text: str, **more: Any) -> dict[str, Any]:
        lines = {line.partition(": ")[0]: line.partition(": ")[2] for line in text.splitlines()}
        path = f".github/workflows/{file}"
        about = {"id": number, "path": path, "name": lines["name"], "run_name": lines.get("run-name", "")}
        return {**about, "text": text, "state": "active", "deploys": False, "inputs": {}, **more}

    marker = {"rollback_portal": {"default": ""}}
    both, by_hand = ["push", "workflow_dispatch"], ["workflow_dispatch"]
    return [
        one(101, "deploy.yml", DEPLOY, on=both, inputs=marker, deploys=True),
        one(102, "ci.yml", CI, on=["push"]),
        one(103, "release.yml", RELEASE, on=by_hand, inputs={"version": {"required": True}, **marker}),
        one(104, "nightly.yml", NIGHTLY, on=by_hand, inputs={"suite": {"default": "all"}}),
    ]
