"""PostHog: figures computed now, silence told from zero, keys told apart, annotations found again."""

import json
from typing import Any

import pytest

from apps.providers.base import Access, Call, CheckResult, OutcomeKind, Provider, Seen, Sending
from apps.providers.posthog import wire
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Seen as Request
from tests.providers.raw import answer

MINUTES = {"window_minutes": 5, "below": 5}
BEFORE = "dpl_4Hc9nWbK"
SETTINGS, KEY = {"project_id": "7"}, {"api_key": "phx_123456"}


@pytest.fixture
def posthog() -> Provider:
    """The adapter."""
    return provider("posthog")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("posthog")


def asked(posthog: Provider, access: Access, check: str, **given: Any) -> CheckResult:
    return posthog.examine(access, Call(check, {**MINUTES, **given}))


def test_what_people_meet_gets_better_after_the_rollback(
    posthog: Provider, access: Access, connect: Connect, simulators: Simulators, sending: Sending
) -> None:
    broken = asked(posthog, access, "failed_sessions")
    assert (broken.holds, (broken.value or 0) > 20) == (False, True)
    exceptions = asked(posthog, access, "events", event="$exception", below=20)
    assert exceptions.holds is False
    assert asked(posthog, access, "web_vital_p95", below=1500).holds is False
    provider("vercel").apply(connect("vercel"), Call("rollback", {"deployment": BEFORE}), sending)
    simulators.advance(7 * 60)
    assert asked(posthog, access, "failed_sessions").holds is True
    assert asked(posthog, access, "events", event="$exception", below=20).holds is True
    assert asked(posthog, access, "web_vital_p95", vital="LCP", below=1500).holds is True
    people = asked(posthog, access, "active_users", below=None, above=50)
    assert people.holds is True
    assert people.as_of


def test_no_event_of_a_kind_is_zero_and_no_event_at_all_is_unknown(
    posthog: Provider, access: Access, simulators: Simulators
) -> None:
    never = asked(posthog, access, "events", event="signed_out")
    assert (never.value, never.holds) == (0, True)
    simulators.do("site", "silence", organisation="motion-mavericks", since_minutes=10)
    for check, given in (("events", {"event": "$exception"}), ("active_users", {}), ("failed_sessions", {})):
        told = asked(posthog, access, check, **given)
        assert (told.holds, told.value) == (None, None), check


def test_the_name_of_an_event_is_a_value_and_not_a_part_of_the_query(posthog: Provider, serve: Serve) -> None:
    server = serve(answer(200, {"results": [[3, 9, "2026-01-01T00:00:00Z"]]}))
    name = "it's') or 1=1 --"
    told = asked(posthog, Access(server.url, {**SETTINGS, "host": "a.example"}, KEY), "events", event=name)
    assert told.value == 3
    (request,) = server.requests
    assert request.target == "/api/projects/7/query/"
    body = json.loads(request.body)
    assert body["refresh"] == "force_blocking"
    assert body["query"]["values"] == {"event": name, "host": "a.example"}
    assert name not in body["query"]["query"]
    assert "interval 300 second" in body["query"]["query"]


def test_an_answer_from_a_cache_is_refused(posthog: Provider, access: Access, simulators: Simulators) -> None:
    simulators.settings("posthog", cached=True)
    told = asked(posthog, access, "active_users")
    assert told.holds is None
    assert "cache" in told.message


def test_a_query_that_is_computed_by_itself_is_waited_for(
    posthog: Provider, access: Access, simulators: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "POLL_SECONDS", 0.01)
    simulators.settings("posthog", async_queries=True)
    assert asked(posthog, access, "active_users").value


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"id": "q1", "complete": True, "error": True, "error_message": "Out of memory"}, "Out of memory"),
        ({"id": "q1", "complete": False}, "did not compute"),
        ({"id": "../q1", "complete": False}, "cannot be a query's id"),
    ],
)
def test_a_query_that_does_not_come_to_an_end_is_told(
    posthog: Provider, serve: Serve, monkeypatch: pytest.MonkeyPatch, status: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(wire, "POLL_SECONDS", 0.001)
    server = serve(answer(202, {"query_status": status}))
    told = asked(posthog, Access(server.url, SETTINGS, KEY), "active_users")
    assert (told.holds, told.value) == (None, None)
    assert words in told.message


NO_RESULT = {
    "no rows": {"results": []},
    "nulls": {"results": [[None, 9, "2026-01-01T00:00:00Z"]]},
    "NaN": {"results": [["NaN", 9, "2026-01-01T00:00:00Z"]]},
    "nothing happened": {"results": [[0, 0, None]]},
    "another shape": {"results": {"a": 1}},
    "a list": [],
}


@pytest.mark.parametrize("body", NO_RESULT.values(), ids=NO_RESULT.keys())
def test_what_is_no_result_is_unknown(posthog: Provider, serve: Serve, body: Any) -> None:
    told = asked(posthog, Access(serve(answer(200, body)).url, SETTINGS, KEY), "active_users")
    assert (told.holds, told.value) == (None, None)


def test_a_refused_query_is_told_in_its_own_words(posthog: Provider, serve: Serve) -> None:
    body = {"type": "validation_error", "code": "illegal_hogql", "detail": "Unable to resolve field", "attr": None}
    told = asked(posthog, Access(serve(answer(400, body)).url, SETTINGS, KEY), "active_users")
    assert told.holds is None
    assert "PostHog answered 400" in told.message
    assert "Unable to resolve field" in told.message


def test_the_public_token_and_the_public_host_are_told_apart(posthog: Provider, connect: Connect) -> None:
    (found,) = posthog.check(connect("posthog", credentials={"api_key": "phc_abcdef"}))
    assert (found.level, found.code) == ("error", "api-key")
    (found,) = posthog.check(Access("https://eu.i.posthog.com", SETTINGS, KEY))
    assert (found.level, found.code) == ("error", "address")


@pytest.mark.parametrize(
    ("scopes", "codes"),
    [
        (["query:read", "annotation:read", "feature_flag:read"], {"annotation:write", "feature_flag:write"}),
        (["query:read"], {"annotation:write"}),
        (["query:read", "annotation:read", "annotation:write"], {"feature_flag:write"}),
        (["query:read", "annotation:read", "annotation:write", "feature_flag:read", "feature_flag:write"], set()),
    ],
)
def test_missing_scopes_are_named(
    posthog: Provider, access: Access, simulators: Simulators, scopes: list[str], codes: set[str]
) -> None:
    simulators.settings("posthog", scopes=scopes)
    assert {finding.code for finding in posthog.check(access) if finding.level == "warning"} == codes


def test_a_project_without_events_is_warned_of(posthog: Provider, access: Access, simulators: Simulators) -> None:
    simulators.do("site", "silence", organisation="motion-mavericks", since_minutes=120)
    assert "events" in {finding.code for finding in posthog.check(access) if finding.level == "warning"}


def test_an_annotation_is_found_behind_many_pages(
    posthog: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("annotation", {"text": "Rolled back to v2.30.4", "time": "2026-03-01T02:15:00Z"})
    assert posthog.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    annotations = simulators.state("posthog")["projects"][access.settings["project_id"]]["annotations"]
    assert annotations[-1]["date_marker"] == "2026-03-01T02:15:00Z"
    assert posthog.observe(access, call, sending).seen is Seen.DESIRED


def test_a_search_that_is_ignored_is_no_harm(posthog: Provider, serve: Serve, sending: Sending) -> None:
    def pages(request: Request, connection: Any) -> None:
        last = "offset=200" in request.target
        ours = {"content": f"ours [{sending.marker}]", "deleted": False}
        items = [{"content": "another", "deleted": False}] * 100 + ([ours] if last else [])
        body = {"results": items, "next": None if last else "https://elsewhere.example/?offset=100"}
        answer(200, body)(request, connection)

    server = serve(pages)
    call = Call("annotation", {"text": "Rolled back"})
    assert posthog.observe(Access(server.url, SETTINGS, KEY), call, sending).seen is Seen.DESIRED
    assert len(server.requests) == 3


def test_a_deleted_annotation_is_not_there(posthog: Provider, serve: Serve, sending: Sending) -> None:
    gone = {"content": f"ours [{sending.marker}]", "deleted": True}
    server = serve(answer(200, {"results": [gone], "next": None}))
    seen = posthog.observe(Access(server.url, SETTINGS, KEY), Call("annotation", {"text": "x"}), sending)
    assert seen.seen is Seen.OTHER


def test_a_text_without_room_is_refused_unsent(posthog: Provider, access: Access) -> None:
    assert posthog.problems(Call("annotation", {"text": "x" * 341}))
    assert not posthog.problems(Call("annotation", {"text": "x" * 340}))


def test_a_flag_is_found_by_its_key_behind_many_pages_and_put_back(
    posthog: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("posthog", page=1)
    call = Call("flags_off", {"flags": ["share-signing-v2"]}, part="share-signing-v2")
    before = posthog.observe(access, call)
    assert before.identity == {"share-signing-v2": True}
    assert posthog.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    assert posthog.observe(access, call).seen is Seen.DESIRED
    assert posthog.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED, "once more is harmless"
    assert posthog.inverse_of(call, before) == Call("flags_on", {"flags": ["share-signing-v2"]})
    assert posthog.inverse_of(call, posthog.observe(access, call)) is None


def test_a_flag_that_nobody_knows_is_refused_unsent(
    posthog: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("flags_off", {"flags": ["nobody"]}, part="nobody")
    outcome = posthog.apply(access, call, sending)
    assert (outcome.kind, "no feature flag nobody" in outcome.message) == (OutcomeKind.REJECTED, True)
    assert posthog.observe(access, call).seen is Seen.UNREADABLE
    assert simulators.journal("posthog") == []


def test_several_flags_are_never_switched_by_one_request(posthog: Provider, access: Access, sending: Sending) -> None:
    call = Call("flags_off", {"flags": ["new-share-links", "share-signing-v2"]})
    assert posthog.apply(access, call, sending).kind is OutcomeKind.REJECTED
    assert posthog.apply(access, Call("flags_off", {"flags": []}), sending).kind is OutcomeKind.SUCCEEDED


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"key": "a", "active": True}, OutcomeKind.AMBIGUOUS),
        ({"key": "b", "active": False}, OutcomeKind.AMBIGUOUS),
        ({"key": "a", "active": False}, OutcomeKind.SUCCEEDED),
    ],
)
def test_only_the_flag_as_it_was_wanted_is_success(
    posthog: Provider, serve: Serve, sending: Sending, body: dict[str, Any], kind: OutcomeKind
) -> None:
    def flags(request: Request, connection: Any) -> None:
        listed = {"results": [{"id": 1, "key": "a", "deleted": True}, {"id": 7, "key": "a", "active": True}]}
        answer(200, body if request.method == "PATCH" else listed)(request, connection)

    server = serve(flags)
    call = Call("flags_off", {"flags": ["a"]}, part="a")
    assert posthog.apply(Access(server.url, SETTINGS, KEY), call, sending).kind is kind
    assert server.requests[-1].target == "/api/projects/7/feature_flags/7/"


def test_a_throttled_query_says_how_long(posthog: Provider, access: Access, simulators: Simulators) -> None:
    simulators.fault("status", slug="posthog", reads=True, times=9, status=429, retry_after=59)
    told = asked(posthog, access, "active_users")
    assert told.holds is None
    assert "Expected available in 59 seconds" in told.message
