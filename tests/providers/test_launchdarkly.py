"""LaunchDarkly: one flag per request, approvals are a person's matter, conflicts are safe."""

import time
from dataclasses import replace

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Provider, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed
from tests.providers.simulators.accounts import LaunchDarkly

FLAGS = ["new-share-links", "share-signing-v2"]
OFF = Call("flags_off", {"flags": FLAGS})
FLAG = {"key": "f", "environments": {"production": {"on": True}}}
FIRST, SECOND = (replace(OFF, part=flag) for flag in FLAGS)


@pytest.fixture
def launchdarkly() -> Provider:
    """The adapter."""
    return provider("launchdarkly")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("launchdarkly")


def test_each_part_turns_one_flag(
    launchdarkly: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    before = launchdarkly.observe(access, OFF)
    assert before.identity == dict.fromkeys(FLAGS, True)
    assert launchdarkly.apply(access, FIRST, sending).kind is OutcomeKind.SUCCEEDED
    assert launchdarkly.observe(access, FIRST).seen is Seen.DESIRED
    assert launchdarkly.observe(access, OFF).seen is Seen.OTHER
    launchdarkly.apply(access, SECOND, sending)
    assert launchdarkly.observe(access, OFF).seen is Seen.DESIRED
    assert len(simulators.journal("launchdarkly")) == 2
    assert launchdarkly.inverse_of(OFF, before) == Call("flags_on", {"flags": FLAGS})


def test_only_flags_that_were_changed_are_put_back(
    launchdarkly: Provider, access: Access, simulators: Simulators
) -> None:
    simulators.do("launchdarkly", "switch", project="portal", flag=FLAGS[0], on=False)
    baseline = launchdarkly.observe(access, OFF)
    assert launchdarkly.inverse_of(OFF, baseline) == Call("flags_on", {"flags": [FLAGS[1]]})
    assert launchdarkly.inverse_of(FIRST, launchdarkly.observe(access, FIRST)) is None


def test_no_flags_are_nothing_to_do(
    launchdarkly: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    nothing = Call("flags_off", {"flags": []})
    assert launchdarkly.problems(nothing) == []
    assert launchdarkly.observe(access, nothing).seen is Seen.DESIRED
    assert launchdarkly.apply(access, nothing, sending).kind is OutcomeKind.SUCCEEDED
    assert simulators.journal("launchdarkly") == []


def test_several_flags_are_never_sent_in_one_request(
    launchdarkly: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    assert launchdarkly.apply(access, OFF, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("launchdarkly") == []


def test_a_wanted_approval_is_a_persons_matter(
    launchdarkly: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("launchdarkly", requires_approval=True)
    outcome = launchdarkly.apply(access, FIRST, sending)
    assert (outcome.kind, outcome.needs_operator, outcome.status) == (OutcomeKind.REJECTED, True, 405)
    assert "was not changed" in outcome.message
    assert "adopt" in outcome.message
    assert "No approval request" in outcome.message


def test_an_approval_request_that_stands_there_is_told_and_never_approved_by_the_portal(
    launchdarkly: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    simulators.settings("launchdarkly", requires_approval=True)
    there = LaunchDarkly(simulators)
    requests = f"/projects/portal/flags/{FLAGS[0]}/environments/production/approval-requests"
    for kind in ("turnFlagOn", "turnFlagOff"):
        made = there("POST", requests, {"description": f"INC-1 {kind}", "instructions": [{"kind": kind}]})
    outcome = launchdarkly.apply(access, FIRST, sending)
    assert "“INC-1 turnFlagOff” waits there for a review" in outcome.message
    simulators.do("launchdarkly", "approve", request=made.json()["_id"])
    outcome = launchdarkly.apply(access, FIRST, again)
    assert outcome.needs_operator
    assert "is approved there and waits to be applied" in outcome.message
    assert simulators.state("launchdarkly")["requests"][made.json()["_id"]]["status"] == "pending"
    assert launchdarkly.observe(access, FIRST).seen is Seen.OTHER


@pytest.mark.parametrize(
    ("status", "message", "needs_operator"),
    [
        (405, "Flag updates require approval (updateOn)", True),
        (405, "", True),
        (403, "This environment requires an approval for updateOn", True),
        (403, "Access denied", False),
        (422, "Approval required", True),
    ],
)
def test_both_readings_of_a_wanted_approval_are_a_persons_matter(
    status: int, message: str, needs_operator: bool, launchdarkly: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(routed({"PATCH /api/v2/flags/p/f": answer(status, {"code": "x", "message": message})}))
    here = Access(server.url, {"project_key": "p", "environment_key": "production"}, {"token": "api-1234567"})
    outcome = launchdarkly.apply(here, Call("flags_off", {"flags": ["f"]}), sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, needs_operator)
    assert ("adopt this step" in outcome.message) is needs_operator
    assert sum(request.method == "PATCH" for request in server.requests) == 1


def test_its_own_header_says_when_to_come_back(launchdarkly: Provider, serve: Serve, sending: Sending) -> None:
    in_four_seconds = str(int((time.time() + 4) * 1000))
    limits = {"X-Ratelimit-Route-Remaining": "0", "X-Ratelimit-Reset": in_four_seconds}
    server = serve(answer(429, {"code": "rate_limited", "message": "Slow down"}, limits))
    here = Access(server.url, {"project_key": "p", "environment_key": "production"}, {"token": "api-1234567"})
    outcome = launchdarkly.apply(here, Call("flags_off", {"flags": ["f"]}), sending)
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert 1 < (outcome.retry_after_seconds or 0) <= 4


def test_a_conflict_changed_nothing_and_may_be_sent_again(
    launchdarkly: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    simulators.settings("launchdarkly", conflicts=1)
    outcome = launchdarkly.apply(access, FIRST, sending)
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert outcome.retry_after_seconds is not None
    assert launchdarkly.apply(access, FIRST, again).kind is OutcomeKind.SUCCEEDED


def test_an_unknown_flag_is_named(launchdarkly: Provider, access: Access, sending: Sending) -> None:
    call = Call("flags_off", {"flags": ["ghost"]}, part="ghost")
    outcome = launchdarkly.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "ghost" in outcome.message
    seen = launchdarkly.observe(access, call)
    assert seen.seen is Seen.UNREADABLE
    assert "ghost" in seen.summary


def test_the_token_stands_alone_and_the_patch_says_what_it_is(
    launchdarkly: Provider, serve: Serve, sending: Sending
) -> None:
    flag = {"key": "f", "environments": {"production": {"on": False}}}
    server = serve(routed({"PATCH /api/v2/flags/p/f": answer(200, flag)}))
    here = Access(server.url, {"project_key": "p", "environment_key": "production"}, {"token": "api-1234567"})
    outcome = launchdarkly.apply(here, Call("flags_off", {"flags": ["f"]}), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    (request,) = server.requests
    assert request.headers["authorization"] == "api-1234567"
    assert request.headers["ld-api-version"] == "20240415"
    assert request.headers["content-type"] == "application/json; domain-model=launchdarkly.semanticpatch"
    assert request.json() == {
        "environmentKey": "production",
        "comment": sending.reason,
        "instructions": [{"kind": "turnFlagOff"}],
    }


@pytest.mark.parametrize(
    "flag",
    [{"key": "other"}, {}, [], {"key": "f", "environments": {"production": {"on": True}}}],
)
def test_an_answer_about_something_else_is_unknown(
    flag: object, launchdarkly: Provider, serve: Serve, sending: Sending
) -> None:
    server = serve(answer(200, flag))
    here = Access(server.url, {"project_key": "p", "environment_key": "production"}, {"token": "api-1234567"})
    assert launchdarkly.apply(here, Call("flags_off", {"flags": ["f"]}), sending).kind is OutcomeKind.AMBIGUOUS


def test_the_check_tells_an_sdk_key_and_a_missing_environment(
    launchdarkly: Provider, access: Access, connect: Connect
) -> None:
    assert launchdarkly.check(connect("launchdarkly", credentials={"token": "sdk-123456"}))[0].code == "token"
    for settings in ({"environment_key": "nowhere"}, {"project_key": "nothing"}):
        findings = launchdarkly.check(connect("launchdarkly", settings=settings))
        assert findings[-1].code == "environment"
        assert findings[-1].level != "ok"


def test_the_check_makes_do_with_flags_where_environments_are_not_to_be_had(
    launchdarkly: Provider, serve: Serve
) -> None:
    server = serve(routed({"GET /api/v2/flags/p": answer(200, {"items": [FLAG]})}))
    here = Access(server.url, {"project_key": "p", "environment_key": "production"}, {"token": "api-1234567"})
    assert {finding.level for finding in launchdarkly.check(here)} == {"ok"}


def test_the_check_warns_where_approvals_are_wanted(
    launchdarkly: Provider, access: Access, simulators: Simulators
) -> None:
    simulators.settings("launchdarkly", requires_approval=True)
    assert "approvals" in {one.code for one in launchdarkly.check(access) if one.level == "warning"}


@pytest.mark.parametrize(("role", "level"), [("reader", "error"), ("writer", "ok"), ("custom", "ok")])
def test_the_check_asks_what_the_token_may_do(
    role: str, level: str, launchdarkly: Provider, access: Access, simulators: Simulators
) -> None:
    simulators.settings("launchdarkly", role=role)
    (found,) = [one for one in launchdarkly.check(access) if one.code == "rights"]
    assert found.level == level
    assert ("tells only when it is used" in found.message) is (role == "custom")


def test_flags_with_a_tag_that_needs_approval_are_warned_about_and_refused(
    launchdarkly: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("launchdarkly", approval_tags=["release"])
    (found,) = [one for one in launchdarkly.check(access) if one.code == "approvals"]
    assert "release" in found.message
    assert launchdarkly.apply(access, FIRST, sending).needs_operator


def test_flags_are_proven_to_be_off_with_what_they_serve(
    launchdarkly: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    asked = Call("flag_state", {"flags": FLAGS, "state": "off"})
    assert launchdarkly.examine(access, asked).holds is False
    launchdarkly.apply(access, FIRST, sending)
    half = launchdarkly.examine(access, asked)
    assert (half.holds, [mark for mark, _ in half.readings]) == (False, ["done", "failed"])
    launchdarkly.apply(access, SECOND, sending)
    whole = launchdarkly.examine(access, asked)
    assert whole.holds is True
    assert whole.readings[0] == ("done", f"{FLAGS[0]} is off, serves off")
    assert len(simulators.journal("launchdarkly")) == 2


@pytest.mark.parametrize(
    "parameters",
    [
        {"flags": [], "state": "off"},
        {"flags": ["f"]},
        {"flags": ["a/b"], "state": "on"},
        {"flags": ["f"], "state": "x"},
    ],
)
def test_an_odd_question_about_flags_is_never_asked(
    parameters: dict[str, object], launchdarkly: Provider, access: Access
) -> None:
    assert launchdarkly.examine(access, Call("flag_state", parameters)).holds is None


def test_a_flag_that_cannot_be_read_is_neither_on_nor_off(launchdarkly: Provider, access: Access) -> None:
    result = launchdarkly.examine(access, Call("flag_state", {"flags": ["ghost"], "state": "off"}))
    assert result.holds is None
    assert "ghost" in result.message
