"""Vercel: maintenance on and off by a routing rule that visitors feel, and the hard stop of a pause."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from apps.providers.vercel.provider import Vercel
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed
from tests.providers.simulators import accounts
from tests.providers.simulators.accounts import site

ON, OFF = Call("maintenance_on", {}), Call("maintenance_off", {})
ELSEWHERE = Call("maintenance_on", {"page": "https://status.example.com/now"})
PAUSE, UNPAUSE = Call("pause", {}), Call("unpause", {})
RULE = {"name": "Old shop", "route": {"src": "^/shop$", "dest": "/store", "status": 308}}
SPARSE = Access("", {"project_id": "prj_1"}, {"token": "vercel-token"})


@pytest.fixture
def vercel() -> Vercel:
    """The adapter."""
    found = provider("vercel")
    assert isinstance(found, Vercel)
    return found


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("vercel")


def test_every_visitor_is_sent_to_the_page_and_let_in_again(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    baseline = vercel.observe(access, ON)
    assert vercel.apply(access, ON, sending).kind is OutcomeKind.SUCCEEDED
    for path in ("/", "/api/health", "/share/demo"):
        gone = site(simulators, path)
        assert (gone.status, gone.headers["location"].endswith("/motion-mavericks/maintenance.html")) == (307, True)
    assert site(simulators, "/maintenance.html").status == 200, "the page itself is no loop"
    assert vercel.verify(access, ON, sending).proof is Proof.SATISFIED
    back = vercel.inverse_of(ON, baseline)
    assert back == OFF
    assert vercel.apply(access, back, sending).kind is OutcomeKind.SUCCEEDED
    assert site(simulators, "/share/errors").status == 200


def test_on_and_off_are_each_other_s_inverse(vercel: Vercel, access: Access, sending: Sending) -> None:
    vercel.apply(access, ELSEWHERE, sending)
    seen = vercel.observe(access, OFF)
    assert vercel.inverse_of(OFF, seen) == ELSEWHERE
    assert vercel.inverse_of(ON, seen) == ELSEWHERE
    assert vercel.inverse_of(ELSEWHERE, seen) is None


def test_another_page_replaces_the_first_one_in_the_same_rule(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    vercel.apply(access, ON, sending)
    assert vercel.observe(access, ELSEWHERE).seen is Seen.OTHER
    assert vercel.apply(access, ELSEWHERE, sending).kind is OutcomeKind.SUCCEEDED
    assert site(simulators, "/").headers["location"] == "https://status.example.com/now"
    vercel.apply(access, OFF, sending)
    assert site(simulators, "/").status == 200


def test_other_rules_stay_as_they_are(vercel: Vercel, access: Access, sending: Sending, simulators: Simulators) -> None:
    simulators.do("vercel", "add_rule", project="prj_portal", rule=RULE)
    vercel.apply(access, ON, sending)
    assert vercel.apply(access, OFF, sending).kind is OutcomeKind.SUCCEEDED
    rules = accounts.Vercel(simulators)("GET", "/v1/projects/prj_portal/routes").json()["routes"]
    assert [(rule["name"], rule["route"]) for rule in rules] == [("Old shop", RULE["route"])]


def test_somebody_else_s_draft_is_never_published(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.do("vercel", "add_rule", project="prj_portal", rule=RULE, draft=True)
    assert "not published" in vercel.observe(access, ON).summary
    outcome = vercel.apply(access, ON, sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "Nothing was changed" in outcome.message
    assert simulators.journal("vercel") == []


def test_an_attempt_that_ended_between_its_two_requests_is_taken_up_again(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.fault("status", slug="vercel", path="routes/versions", status=422)
    outcome = vercel.apply(access, ON, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "prepared as a draft" in outcome.message
    assert "Nothing was changed" not in outcome.message
    assert site(simulators, "/maintenance.html").status == 200
    assert vercel.observe(access, ON).seen is Seen.OTHER
    assert vercel.apply(access, ON, sending).kind is OutcomeKind.SUCCEEDED
    assert site(simulators, "/").status == 307
    staged = [entry for entry in simulators.journal("vercel") if entry["path"].endswith("/routes")]
    assert len(staged) == 1, "the draft was found and not made again"


def test_a_permission_withdrawn_between_the_two_requests_leaves_visitors_alone(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    answers = iter([True, False])
    outcome = vercel.apply(access, ON, replace(sending, permit=lambda: next(answers)))
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert site(simulators, "/share/errors").status == 200


@pytest.mark.parametrize(
    "page", ["maintenance.html", "//evil.example", "javascript:x", "http://a.example", "/a b", "/(x)"]
)
def test_what_is_no_page_is_refused_before_anything_is_sent(
    page: str, vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("maintenance_on", {"page": page})
    assert vercel.problems(call)
    assert vercel.apply(access, call, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("vercel") == []


def test_a_rule_that_was_switched_off_by_hand_is_off(vercel: Vercel, serve: Serve) -> None:
    rule: dict[str, Any] = {
        "id": "r1",
        "name": "Maintenance (rollback portal)",
        "enabled": False,
        "route": {"src": "^/.*$", "dest": "/maintenance.html", "status": 307},
    }
    base = "GET /v1/projects/prj_1/routes"
    versions = {"versions": [{"id": "v1", "isLive": True}]}
    table = {f"{base}/versions": answer(200, versions), base: answer(200, {"routes": [rule]})}
    seen = vercel.observe(replace(SPARSE, base_url=serve(routed(table)).url), ON)
    assert (seen.seen, seen.identity) == (Seen.OTHER, {"maintenance": "off"})


def test_a_pause_stops_every_visitor_and_is_taken_back(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    baseline = vercel.observe(access, PAUSE)
    assert vercel.apply(access, PAUSE, sending).kind is OutcomeKind.SUCCEEDED
    assert site(simulators, "/").status == 503
    assert vercel.inverse_of(PAUSE, baseline) == UNPAUSE
    assert vercel.inverse_of(UNPAUSE, vercel.observe(access, UNPAUSE)) == PAUSE
    assert vercel.inverse_of(PAUSE, vercel.observe(access, PAUSE)) is None
    vercel.apply(access, UNPAUSE, sending)
    assert site(simulators, "/").status == 200
    assert "pin" in " ".join(vercel.what_stays(UNPAUSE))
