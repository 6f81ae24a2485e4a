"""The journal is the outside truth: every change asked for, what it did and how it was answered."""

from pathlib import Path

from apps.providers.simulation import Simulators, run
from tests.providers.simulators.accounts import BEFORE, Vercel, site
from tests.simulators import ask


def test_the_journal_tells_received_effect_and_answered(simulators: Simulators) -> None:
    Vercel(simulators).rollback(BEFORE, X_Attempt_Id="attempt-7")
    (entry,) = simulators.journal()
    assert entry["attempt_id"] == "attempt-7"
    assert entry["path"] == f"/v1/projects/prj_portal/rollback/{BEFORE}"
    assert entry["received_at"] <= entry["effect_at"] <= entry["answered_at"]
    assert entry["effects"] == [{"kind": "rollback", "project": "prj_portal", "to": BEFORE, "was": "dpl_7Qm2xVtR"}]
    assert (entry["status"], entry["ending"]) == (201, "answered")


def test_a_refused_change_has_no_effect_in_the_journal(simulators: Simulators) -> None:
    Vercel(simulators).rollback("dpl_unknown")
    (entry,) = simulators.journal()
    assert (entry["status"], entry["effects"], entry["effect_at"]) == (404, [], None)


def test_reads_are_not_in_the_journal_and_no_secret_is(simulators: Simulators) -> None:
    vercel = Vercel(simulators)
    vercel.project()
    site(simulators, "/share/probe")
    assert simulators.journal() == []
    vercel.rollback(BEFORE)
    assert vercel.headers["Authorization"] not in str(simulators.journal())
    assert [entry["path"] for entry in simulators.control("requests?slug=vercel")][-1].endswith(BEFORE)


def test_state_and_journal_survive_a_crash(tmp_path: Path) -> None:
    with run(data_dir=tmp_path) as simulators:
        vercel = Vercel(simulators)
        vercel.rollback(BEFORE)
        started = simulators.describe()["vercel"]["objects"]["deployments"][0]["promoted_at"]
        simulators.kill()
        simulators.start()
        again = Vercel(simulators)
        assert [effect["to"] for effect in simulators.effects("vercel")] == [BEFORE]
        assert again.job()["toDeploymentId"] == BEFORE
        assert simulators.describe()["vercel"]["objects"]["deployments"][0]["promoted_at"] == started
        simulators.advance(8)
        assert again.live() == [BEFORE] * 3


def test_the_same_port_gives_the_same_addresses_after_a_restart(tmp_path: Path) -> None:
    with run(data_dir=tmp_path) as simulators:
        simulators.stop()
        simulators.start()
        before = [simulators.root_address(slug) for slug in ("vercel", "slack")]
        simulators.stop()
        simulators.start()
        assert [simulators.root_address(slug) for slug in ("vercel", "slack")] == before


def test_a_reset_starts_over(simulators: Simulators) -> None:
    vercel = Vercel(simulators)
    vercel.rollback(BEFORE)
    simulators.reset()
    assert simulators.journal() == []
    assert vercel.job() is None


def test_every_provider_answers_under_its_prefix_and_at_a_root_of_its_own(simulators: Simulators) -> None:
    headers = Vercel(simulators).headers
    for address in (simulators.address("vercel"), simulators.root_address("vercel")):
        assert ask(f"{address}/v2/user", headers=headers).status == 200
