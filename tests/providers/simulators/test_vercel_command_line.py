"""The official command line, npm package `vercel`, is satisfied with our simulator."""

import subprocess
from pathlib import Path

import pytest

from apps.providers.simulation import Simulators
from tests.providers.simulators import vercel_command_line
from tests.providers.simulators.accounts import BEFORE, LIVE, OLDER, VERCEL_TOKEN, Vercel, site
from tests.providers.simulators.vercel_command_line import Finished

pytestmark = pytest.mark.slow


class Vc:
    """`vercel …` as a person types it, against the simulator's own port."""

    def __init__(self, simulators: Simulators, home: Path) -> None:
        self._command_line = vercel_command_line.installed(home)
        self._api = simulators.root_address("vercel")

    def __call__(self, *arguments: str) -> Finished:
        return self._command_line.run(*arguments, api=self._api, token=VERCEL_TOKEN)


@pytest.fixture
def vc(simulators: Simulators, tmp_path: Path) -> Vc:
    simulators.settings("vercel", propagation_seconds=0.6, edge_delay_seconds=0)
    return Vc(simulators, tmp_path)


def test_rollback_waits_until_every_address_has_moved(vc: Vc, simulators: Simulators) -> None:
    done = vc("rollback", BEFORE, "--yes")
    assert done.code == 0, done.output
    assert f"portal was rolled back to portal-4hc9nwbk.vercel.example ({BEFORE})" in done.output
    assert site(simulators, "/api/health").json()["version"] == "v2.30.4"
    assert [effect["kind"] for effect in simulators.effects("vercel")] == ["rollback"]


def test_rollback_status_tells_of_the_job_and_promote_goes_forward_again(vc: Vc, simulators: Simulators) -> None:
    assert vc("rollback", BEFORE, "--yes").code == 0
    status = vc("rollback", "status", "portal", "--yes")
    assert (status.code, "portal was rolled back to" in status.output) == (0, True), status.output
    promoted = vc("promote", LIVE, "--yes")
    assert (promoted.code, "portal was promoted to" in promoted.output) == (0, True), promoted.output
    assert Vercel(simulators).live() == [LIVE] * 3


def test_a_refusal_is_told_in_our_words(vc: Vc, simulators: Simulators) -> None:
    done = vc("rollback", LIVE, "--yes")
    assert (done.code, "already the current production deployment" in done.output) == (1, True), done.output
    simulators.settings("vercel", plan="hobby")
    done = vc("rollback", "dpl_9Gk4hVsJ", "--yes")
    assert (done.code, "upgrade to Pro" in done.output) == (1, True), done.output


def test_a_skipped_job_ends_well(vc: Vc, simulators: Simulators) -> None:
    simulators.settings("vercel", repeat="skipped")
    done = vc("rollback", LIVE, "--yes")
    assert (done.code, "Rollback was skipped" in done.output) == (0, True), done.output


def test_an_address_that_did_not_move_is_named(vc: Vc, simulators: Simulators) -> None:
    simulators.settings("vercel", failing_aliases=["share.motion-mavericks.example"])
    done = vc("rollback", BEFORE, "--yes")
    assert (done.code, "share.motion-mavericks.example" in done.output) == (1, True), done.output


def test_a_broken_line_after_the_effect_makes_it_repeat_and_report_a_failure(vc: Vc, simulators: Simulators) -> None:
    simulators.fault("reset_after", slug="vercel", path="rollback")
    done = vc("rollback", BEFORE, "--yes")
    assert done.code == 1, done.output
    entries = simulators.journal("vercel")
    assert [(entry["status"], len(entry["effects"])) for entry in entries] == [(None, 1), (409, 0)]


def test_an_alias_is_listed_and_set(vc: Vc, simulators: Simulators) -> None:
    assert "portal.motion-mavericks.example" in vc("alias", "ls").output
    done = vc("alias", "set", BEFORE, "api.motion-mavericks.example")
    assert done.code == 0, done.output
    assert Vercel(simulators).live() == [LIVE, LIVE, BEFORE]


@pytest.fixture
def linked(vc: Vc, tmp_path: Path) -> Vc:
    """The command line in a folder that belongs to the project, as after `vercel link`."""
    (tmp_path / ".vercel").mkdir()
    (tmp_path / ".vercel" / "project.json").write_text('{"projectId": "prj_portal", "orgId": "team_motion"}')
    return vc


def test_variables_are_listed_and_pulled(linked: Vc, simulators: Simulators, tmp_path: Path) -> None:
    listed = linked("env", "ls", "production")
    assert (listed.code, "SHARE_SIGNING_KEY_ID" in listed.output) == (0, True), listed.output
    assert "localhost" not in listed.output
    pulled = linked("env", "pull", ".env.production", "--environment", "production", "--yes")
    assert pulled.code == 0, pulled.output
    text = (tmp_path / ".env.production").read_text()
    assert 'SHARE_SIGNING_KEY_ID="2"' in text
    assert "re_simulated" not in text, "a sensitive value never leaves"


def test_a_variable_is_added_changed_and_removed(linked: Vc, simulators: Simulators) -> None:
    account = Vercel(simulators)
    added = linked("env", "add", "FEATURE_X", "production", "--value", "on", "--yes", "--no-sensitive")
    assert added.code == 0, added.output
    changed = linked("env", "update", "FEATURE_X", "production", "--value", "off", "--yes")
    assert changed.code == 0, changed.output
    envs = account("GET", "/v10/projects/prj_portal/env?decrypt=true").json()["envs"]
    assert [one["value"] for one in envs if one["key"] == "FEATURE_X"] == ["off"]
    removed = linked("env", "rm", "FEATURE_X", "production", "--yes")
    assert removed.code == 0, removed.output
    assert "FEATURE_X" not in linked("env", "ls").output


def test_routing_rules_are_prepared_published_and_deleted(linked: Vc, simulators: Simulators) -> None:
    rule = ("--src", "/(.*)", "--src-syntax", "regex", "--action", "redirect", "--dest", "/maintenance.html")
    added = linked("routes", "add", "Down", *rule, "--status", "307", "--yes")
    assert added.code == 0, added.output
    assert site(simulators, "/").status == 200, "a draft changes nothing"
    published = linked("routes", "publish", "--yes")
    assert published.code == 0, published.output
    assert "Down" in linked("routes", "list").output
    assert site(simulators, "/").status == 307
    assert linked("routes", "delete", "Down", "--yes").code == 0
    assert linked("routes", "publish", "--yes").code == 0
    assert site(simulators, "/").status == 200


def test_what_else_people_look_up_is_there(linked: Vc, simulators: Simulators) -> None:
    assert "motion-mavericks.example" in linked("domains", "ls").output
    made = linked("webhooks", "create", "https://portal.example/hook", "--event", "deployment.rollback")
    assert (made.code, "secret" in made.output) == (0, True), made.output
    assert "https://portal.example/hook" in linked("webhooks", "ls").output
    removed = linked("remove", OLDER, "--yes")
    assert removed.code == 0, removed.output
    assert Vercel(simulators).rollback(OLDER).status == 410


def test_a_redeploy_waits_until_the_new_build_is_live(vc: Vc, simulators: Simulators) -> None:
    simulators.settings("vercel", build_seconds=1)
    done = vc("redeploy", LIVE)
    assert done.code == 0, done.output
    (effect,) = simulators.effects("vercel")
    assert effect["source"] == LIVE
    assert Vercel(simulators).live() == [effect["deployment"]] * 3


def test_node_comes_as_a_wheel_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    node = vercel_command_line.find_node()
    assert (node.folder / "node").exists()
    version = subprocess.run([*node.npm, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.strip()
