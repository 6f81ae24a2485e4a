"""Trouble on demand: the script's words come true for the next requests, and the journal tells the truth."""

import gzip
from http.client import IncompleteRead
from time import monotonic

import pytest

from apps.providers.simulation import Simulators, SimulatorsDown
from tests.providers.simulators.accounts import BEFORE, LIVE, LaunchDarkly, Vercel
from tests.simulators import ask


@pytest.fixture
def vercel(simulators: Simulators) -> Vercel:
    return Vercel(simulators)


def applied(simulators: Simulators) -> int:
    return len(simulators.effects("vercel"))


def test_500_before_changes_nothing_and_500_after_has_changed(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("status", slug="vercel", status=500)
    assert (vercel.rollback(BEFORE).status, applied(simulators)) == (500, 0)
    simulators.fault("status_after", slug="vercel", status=500)
    assert (vercel.rollback(BEFORE).status, applied(simulators)) == (500, 1)


@pytest.mark.parametrize(("kind", "effects"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_comes_before_or_after_the_effect(
    vercel: Vercel, simulators: Simulators, kind: str, effects: int
) -> None:
    simulators.fault(kind, slug="vercel")
    with pytest.raises(ConnectionResetError):
        vercel.rollback(BEFORE)
    assert applied(simulators) == effects
    assert [(entry["status"], entry["ending"]) for entry in simulators.journal()] == [(None, kind)]


@pytest.mark.parametrize(("kind", "effects"), [("hang_before", 0), ("hang_after", 1)])
def test_a_line_that_hangs_is_broken_in_the_end(
    vercel: Vercel, simulators: Simulators, kind: str, effects: int
) -> None:
    simulators.fault(kind, slug="vercel", seconds=0.2)
    with pytest.raises(ConnectionResetError):
        vercel.rollback(BEFORE)
    assert applied(simulators) == effects


def test_half_an_answer_is_half_an_answer(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("truncate", slug="vercel", reads=True)
    with pytest.raises(IncompleteRead):
        vercel.project()


@pytest.mark.parametrize("kind", ["html", "not_json"])
def test_a_body_may_be_no_json(vercel: Vercel, simulators: Simulators, kind: str) -> None:
    simulators.fault(kind, slug="vercel", reads=True)
    with pytest.raises(ValueError):
        vercel.project()


def test_an_answer_may_speak_of_somebody_else(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("wrong_id", slug="vercel", reads=True)
    assert vercel.project()["id"] != "prj_portal"


def test_a_redirect_goes_where_the_script_says(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("redirect", slug="vercel", reads=True)
    answer = vercel("GET", "/v9/projects/prj_portal")
    assert (answer.status, answer.headers["location"][:24]) == (307, "http://169.254.169.254/l")


def test_200_may_carry_an_error(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("error_body", slug="vercel")
    answer = vercel.rollback(BEFORE)
    assert answer.status == 200
    assert answer.json()["error"]["code"] == "internal_error"


def test_a_drip_is_slow_but_whole(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("drip", slug="vercel", path="/user", reads=True, seconds=0.0005)
    assert vercel("GET", "/v2/user").json()["user"]["username"] == "motion-mavericks"


def test_a_bomb_is_small_on_the_wire_and_a_flood_is_not(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("gzip_bomb", slug="vercel", reads=True)
    bomb = vercel("GET", "/v2/user")
    assert len(bomb.body) < 200_000
    assert gzip.decompress(bomb.body)[:3] == b"000"
    simulators.fault("big", slug="vercel", reads=True)
    assert len(vercel("GET", "/v2/user").body) == 100 * 1024 * 1024


def test_a_late_effect_happens_even_when_the_client_has_left(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("delay", slug="vercel", seconds=0.2)
    with pytest.raises(TimeoutError):
        ask(
            f"{vercel.base}/v1/projects/prj_portal/rollback/{BEFORE}",
            "POST",
            headers=vercel.headers,
            timeout=0.05,
        )
    assert applied(simulators) == 0
    gives_up = monotonic() + 5
    while not applied(simulators):
        assert monotonic() < gives_up, "The delayed effect never came."


def test_429_says_when_to_come_back_however_absurd(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("status", slug="vercel", status=429, retry_after=99999999)
    assert vercel.rollback(BEFORE).headers["retry-after"] == "99999999"
    flags = LaunchDarkly(simulators)
    simulators.fault("status", slug="launchdarkly", status=429)
    refused = flags.turn("new-share-links", "turnFlagOff")
    assert (refused.status, refused.json()["code"]) == (429, "rate_limited")
    assert "retry-after" not in refused.headers
    assert len(refused.headers["x-ratelimit-reset"]) == 13  # milliseconds


def test_stale_reads_show_the_state_before_the_effect(vercel: Vercel, simulators: Simulators) -> None:
    simulators.settings("vercel", propagation_seconds=0)
    simulators.fault("stale", slug="vercel", times=2)
    assert vercel.live() == [LIVE] * 3  # before any effect there is no past
    vercel.rollback(BEFORE)
    assert [vercel.job() is None for _ in range(3)] == [True, True, False]
    assert vercel.live() == [BEFORE] * 3


def test_flapping_reads_alternate(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("stale", slug="vercel", times=4, flapping=True)
    vercel.rollback(BEFORE)
    assert [vercel.job() is None for _ in range(5)] == [True, False, True, False, False]


def test_a_line_waits_for_its_turn_and_is_used_up(vercel: Vercel, simulators: Simulators) -> None:
    simulators.fault("status", slug="vercel", status=503, skip=1, times=2, path="rollback")
    statuses = [vercel.rollback(LIVE).status for _ in range(4)]
    assert statuses == [409, 503, 503, 409]


def test_changes_without_an_attempt_id_can_be_refused(vercel: Vercel, simulators: Simulators) -> None:
    simulators.settings("vercel", require_attempt_id=True)
    assert (vercel.rollback(BEFORE).status, applied(simulators)) == (428, 0)
    assert vercel.rollback(BEFORE, X_Attempt_Id="a-1").status == 201


def test_an_unknown_fault_is_refused_by_name(simulators: Simulators) -> None:
    with pytest.raises(SimulatorsDown, match="Kinds:"):
        simulators.fault("explode")


def test_a_mark_hits_one_customer_and_is_forgotten_alone(simulators: Simulators) -> None:
    for slug in ("acmeaa", "acmeab"):
        for provider in ("vercel", "launchdarkly", "slack", "pagerduty", "http", "site"):
            simulators.do(provider, "join", organisation=slug, versions=["v1", "v2"], flags={"release": True})
    simulators.fault("status", slug="http", mark="acmeaa", status=503)
    simulators.fault("status", slug="http", mark="acmeab", status=503)
    known = {
        slug: {"Authorization": f"Bearer admin-simulated-{slug}"} for slug in ("acmeaa", "acmeab")
    }  # as `join` has returned them
    address = f"{simulators.address('http')}/echo"
    gone = simulators.control("faults?mark=acmeab", method="DELETE")
    assert [(line["mark"], line["hits"]) for line in gone] == [("acmeab", 0)]
    assert ask(address, "POST", headers=known["acmeab"], data={}).status == 200
    assert ask(address, "POST", headers=known["acmeaa"], data={}).status == 503
    assert ask(f"{simulators.address('site')}/acmeaa/health").headers["x-version"] == "v2"
    assert simulators.do("vercel", "look", project="prj_acmeaa") == {"live": "dpl_acmeaa1", "moving": False}
