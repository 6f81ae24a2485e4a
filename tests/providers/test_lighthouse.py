"""Lighthouse CI measures the newest build, and whether scores are back to the baseline after a rollback."""

from typing import Any

import pytest

from apps.providers import registry
from apps.providers.base import Access, Call, CheckResult
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Respond, answer, routed
from tests.simulators import ask as http_ask

LIGHTHOUSE = registry.provider("lighthouse")
GOOD, BROKEN = "4be02aa", "9c41e7d"  # the releases before and of today
PAGE = "https://portal.motion-mavericks.example/"
PROJECT = "5f4c1a2e-0000-4000-8000-000000000009"
BUILD, BEFORE = "7a9d3b60-0001-4000-8000-000000000002", "7a9d3b60-0001-4000-8000-000000000001"


@pytest.fixture
def access(connect: Connect) -> Access:
    """Motion Mavericks' project."""
    return connect("lighthouse")


def ask(access: Access, check: str, **given: Any) -> CheckResult:
    parameters = {"category": "performance", "window_minutes": 60, "above": -1000, **given}
    return LIGHTHOUSE.examine(access, Call(check, parameters))


def again(simulators: Simulators, commit: str = GOOD, **more: Any) -> None:
    """Let CI measure a commit."""
    simulators.do("lighthouse", "measure", organisation="motion-mavericks", hash=(commit * 6)[:40], **more)


def test_the_worst_pages_median_is_the_score(access: Access) -> None:
    result = ask(access, "score", above=90)
    assert (result.holds, result.value, result.samples) == (False, 61.0, 2)
    assert result.readings[-1] == ("done", f"Of the build {BROKEN}, the worst of 2 pages.")
    assert result.as_of is not None


def test_a_rollback_is_back_to_the_baseline_once_it_is_measured_again(access: Access, simulators: Simulators) -> None:
    assert ask(access, "change", above=-3, baseline=GOOD).value == pytest.approx(-33)
    again(simulators)
    back = ask(access, "change", above=-3, baseline=GOOD)
    assert (back.holds, back.value) == (True, pytest.approx(0))
    without = ask(access, "change", above=-3)
    assert (without.holds, without.value) == (True, pytest.approx(33)), "the build before is the broken release"


def test_the_page_that_lost_most_counts_and_one_page_can_be_named(access: Access, simulators: Simulators) -> None:
    again(simulators, scores={"performance": 0.9})
    assert ask(access, "score").value == pytest.approx(90)
    one = ask(access, "score", url=PAGE)
    assert (one.samples, one.readings[-1][1]) == (1, f"Of the build {GOOD}, 1 page.")
    missing = ask(access, "score", url="https://elsewhere.example/")
    assert (missing.holds, "has no score in performance" in missing.message) == (None, True)


def test_a_window_without_a_build_tells_nothing(access: Access) -> None:
    result = ask(access, "score", window_minutes=5)
    assert (result.holds, result.value) == (None, None)
    assert f"no build of main in the last 5 min; the newest, {BROKEN}, is of" in result.message


def test_another_branch_is_not_taken_for_the_one_that_is_live(access: Access, simulators: Simulators) -> None:
    again(simulators, commit="5f0a3e2", branch="try-share-page", scores={"performance": 0.2})
    assert ask(access, "score").value == 61.0


def test_a_build_that_is_not_whole_does_not_count(access: Access) -> None:
    begun = {"hash": "f" * 40, "branch": "main", "lifecycle": "unsealed"}
    made = http_ask(f"{access.base_url}/v1/projects/5f4c1a2e-0000-4000-8000-000000000001/builds", "POST", data=begun)
    assert made.status == 200
    assert BROKEN in ask(access, "score").readings[-1][1]


def test_an_old_server_has_averages_only(access: Access, simulators: Simulators) -> None:
    simulators.settings("lighthouse", averages=True)
    assert ask(access, "score").value == 61.0


def test_a_commit_that_was_never_measured_is_named(access: Access) -> None:
    result = ask(access, "change", baseline="abcdef0")
    assert (result.holds, "no whole build of the commit abcdef0" in result.message) == (None, True)


def test_a_full_commit_is_asked_for_by_itself(access: Access, log: list[str]) -> None:
    commit = (GOOD * 6)[:40]
    assert ask(access, "change", baseline=commit).value == pytest.approx(-33)
    assert any(f"hash={commit}" in line for line in log)


def test_a_branch_without_builds_is_named(connect: Connect) -> None:
    access = connect("lighthouse", settings={"branch": "release"})
    assert "no whole build of the branch release" in ask(access, "score").message
    assert [(one.level, one.code) for one in LIGHTHOUSE.check(access)] == [("ok", "sign-in"), ("warning", "builds")]


def test_a_password_is_sent_and_a_wrong_one_is_an_error(connect: Connect, simulators: Simulators) -> None:
    simulators.settings("lighthouse", password="open sesame")
    assert ask(connect("lighthouse"), "score").holds is None
    assert ask(connect("lighthouse", credentials={"password": "open sesame"}), "score").value == 61.0
    wrong = connect("lighthouse", credentials={"password": "close sesame"})
    assert [(one.level, one.code) for one in LIGHTHOUSE.check(wrong)] == [("error", "sign-in")]


def test_a_project_may_be_given_by_its_id(connect: Connect) -> None:
    by_id = connect("lighthouse", settings={"project": "5f4c1a2e-0000-4000-8000-000000000001"})
    assert ask(by_id, "score").value == 61.0
    nobody = connect("lighthouse", settings={"project": "nobody"})
    assert "knows no project “nobody”" in ask(nobody, "score").message


def build(key: str, commit: str, run_at: str) -> dict[str, Any]:
    return {"id": key, "hash": commit, "branch": "main", "lifecycle": "sealed", "runAt": run_at}


def served(statistics: list[Any], **more: Any) -> dict[str, Respond]:
    """Return a server with one project, two builds and these statistics for both."""
    project, runs = f"GET /v1/projects/{PROJECT}", [build(BEFORE, "b" * 40, "2026-01-01T00:00:00Z")]
    runs.append(build(BUILD, "a" * 40, more.get("run_at", "2999-01-01T00:00:00.000Z")))
    return {
        project: answer(200, {"id": PROJECT, "name": "p", "baseBranch": "main"}),
        f"{project}/builds": answer(200, runs),
        f"{project}/builds/{BUILD}/statistics": answer(200, statistics),
        f"{project}/builds/{BEFORE}/statistics": answer(200, statistics),
    }


def statistic(value: Any, url: str = PAGE, name: str = "category_performance_median") -> dict[str, Any]:
    return {"name": name, "url": url, "value": value}


@pytest.mark.parametrize(
    "statistics",
    [
        [],
        [statistic(-1)],
        [statistic("0.9")],
        [statistic(True)],
        [statistic(90)],
        [statistic(0.9, name="category_performance_max")],
        ["nonsense", None],
    ],
)
def test_what_is_no_score_is_not_taken_for_one(statistics: list[Any], serve: Serve) -> None:
    access = Access(serve(routed(served(statistics))).url, {"project": PROJECT}, {})
    result = ask(access, "score")
    assert (result.holds, result.value) == (None, None)


def test_the_latest_run_counts_in_whatever_order_builds_come(serve: Serve) -> None:
    access = Access(serve(routed(served([statistic(0.5)]))).url, {"project": PROJECT}, {})
    assert "aaaaaaa" in ask(access, "score").readings[-1][1]


def test_builds_without_a_page_in_common_cannot_be_compared(serve: Serve) -> None:
    table = served([statistic(0.5)])
    table[f"GET /v1/projects/{PROJECT}/builds/{BEFORE}/statistics"] = answer(200, [statistic(0.5, "https://old/")])
    access = Access(serve(routed(table)).url, {"project": PROJECT}, {})
    result = ask(access, "change", baseline="bbbbbbb")
    assert (result.holds, "no page in common" in result.message) == (None, True)


def test_the_first_build_has_nothing_to_be_compared_with(serve: Serve) -> None:
    access = Access(serve(routed(served([statistic(0.5)]))).url, {"project": PROJECT}, {})
    assert "Name a commit." in ask(access, "change").message


@pytest.mark.parametrize("run_at", ["yesterday", "2026-01-01T00:00:00"])
def test_a_build_without_a_time_tells_nothing(run_at: str, serve: Serve) -> None:
    table = served([statistic(0.5)])
    table[f"GET /v1/projects/{PROJECT}/builds"] = answer(200, [build(BUILD, "a" * 40, run_at)])
    access = Access(serve(routed(table)).url, {"project": PROJECT}, {})
    assert ask(access, "score").holds is None


def test_the_preflight_names_server_project_and_newest_build(access: Access) -> None:
    first, second = LIGHTHOUSE.check(access)
    assert first.message == "Lighthouse CI 0.15.1 answers; the project portal is there."
    assert second.message.startswith("The newest build of the branch main was run at 20")
