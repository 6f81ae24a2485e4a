"""Linear: everything is made once by our own id, and the error's type counts, not the status."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, Finding, Outcome, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.http import Answer
from apps.providers.linear.wire import authorization, made_id, wait_seconds
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Seen as Request
from tests.providers.raw import answer

CREATE = Call("create_issue", {"title": "Share links fail"})
COMMENT = Call("comment", {"issue": "MOT-12", "body": "Rolled back."})
LINK = Call("link", {"issue": "MOT-12", "url": "https://portal.example/r/1", "title": "RB-1"})
DONE = Call("set_status", {"issue": "MOT-12", "status": "Done"})
TEAM = {"teams": {"nodes": [{"id": "t1", "key": "PP", "name": "Portal"}]}}


@pytest.fixture
def linear() -> Provider:
    """The adapter."""
    return provider("linear")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("linear")


def space(simulators: Simulators) -> dict[str, Any]:
    """Return Motion Mavericks' workspace as the simulator keeps it."""
    found: dict[str, Any] = simulators.state("linear")["workspaces"]["motion-mavericks"]
    return found


def done(linear: Provider, access: Access, call: Call, sending: Sending) -> Outcome:
    """Apply a call that has to succeed."""
    outcome = linear.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    return outcome


def reach(server: Any, token: str = "lin_api_123456", **settings: str) -> Access:
    """Return the access to a raw server."""
    return Access(server.url, {"team": "PP", **settings}, {"token": token})


def serving(serve: Serve, mutation: Any, **queries: Any) -> Any:
    """Start a server that answers queries by the field they name, and every mutation in one way."""

    def respond(request: Request, connection: Any) -> None:
        text = request.json()["query"]
        known = next((data for name, data in queries.items() if f"{name}(" in text), {})
        (mutation if text.startswith("mutation") else answer(200, {"data": known}))(request, connection)

    return serve(respond)


def refusing(status: int, kind: str, **more: Any) -> Any:
    """Return an answer with one error of a kind."""
    error = {"message": "Said", "extensions": {"type": kind, **more}}
    return answer(status, {"errors": [error], "data": None})


def levels(found: list[Finding], code: str) -> set[str]:
    return {one.level for one in found if one.code == code}


def test_all_attempts_of_a_step_give_the_same_version_four_id(sending: Sending, again: Sending) -> None:
    assert made_id(sending) == made_id(again)
    assert uuid.UUID(made_id(sending)).version == 4
    assert uuid.UUID(made_id(sending)).variant == uuid.RFC_4122
    assert made_id(replace(sending, idempotency_key="other")) != made_id(sending)


@pytest.mark.parametrize("call", [CREATE, COMMENT, LINK], ids=lambda call: call.action)
@pytest.mark.parametrize("missing", ["error", "null"])
def test_the_same_attempt_again_makes_nothing_more(
    linear: Provider,
    access: Access,
    sending: Sending,
    again: Sending,
    simulators: Simulators,
    call: Call,
    missing: str,
) -> None:
    simulators.settings("linear", missing=missing, upserts_links=False)
    assert linear.observe(access, call, sending).seen is Seen.OTHER
    simulators.fault("reset_after", slug="linear")
    assert linear.apply(access, call, sending).kind is OutcomeKind.AMBIGUOUS
    outcome = done(linear, access, call, again)
    assert "already" in outcome.message
    assert len(simulators.effects("linear")) == 1
    assert linear.verify(access, call, again).proof is Proof.SATISFIED
    assert linear.observe(access, call, replace(sending, idempotency_key="other")).seen is (
        Seen.DESIRED if call is LINK else Seen.OTHER
    )


def test_a_link_to_the_same_address_is_updated(
    linear: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    done(linear, access, LINK, sending)
    done(linear, access, LINK, replace(again, idempotency_key="other"))
    assert len(space(simulators)["attachments"]) == 1


def test_an_issue_is_made_as_it_was_written(
    linear: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    more = {"description": "**Since** v2.31.0", "priority": "urgent", "status": "in progress", "labels": ["Incident"]}
    person = "technical-lead@motion-mavericks.example"
    call = Call("create_issue", {**CREATE.parameters, **more, "assignee": person})
    outcome = done(linear, access, call, sending)
    assert (outcome.evidence["identifier"], outcome.external_url[-14:]) == ("MOT-13", "s/issue/MOT-13")
    (made,) = (one for one in space(simulators)["issues"].values() if one["number"] == 13)
    assert (made["id"], made["priority"], made["description"]) == (made_id(sending), 1, "**Since** v2.31.0")
    assert space(simulators)["states"][made["state"]]["name"] == "In Progress"
    assert made["labels"] == [space(simulators)["labels"][0]["id"]]
    assert made["assignee"] == space(simulators)["users"][1]["id"]


@pytest.mark.parametrize("more", [{"labels": ["nonsense"]}, {"assignee": "nobody@x.example"}, {"status": "Shipped"}])
def test_a_name_that_fits_nothing_is_refused_before_anything_is_sent(
    linear: Provider, access: Access, sending: Sending, simulators: Simulators, more: dict[str, Any]
) -> None:
    outcome = linear.apply(access, Call("create_issue", {**CREATE.parameters, **more}), sending)
    assert (outcome.kind, "Nothing was sent" in outcome.message) == (OutcomeKind.REJECTED, True)
    assert simulators.journal("linear") == []


def test_the_former_status_is_put_back(
    linear: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    inverse = linear.inverse_of(DONE, linear.observe(access, DONE))
    assert inverse == Call("set_status", {"issue": "MOT-12", "status": "Todo"})
    done(linear, access, DONE, sending)
    assert linear.inverse_of(DONE, linear.observe(access, DONE)) is None, "it was done before"
    done(linear, access, inverse, sending)
    assert linear.observe(access, DONE).identity == {"status": "Todo"}
    assert linear.inverse_of(CREATE, linear.observe(access, CREATE)) is None


def test_a_status_changed_by_others_is_drift(linear: Provider, access: Access, simulators: Simulators) -> None:
    planned = linear.observe(access, DONE)
    simulators.do("linear", "move", identifier="MOT-12", status="Canceled")
    assert linear.observe(access, DONE).identity != planned.identity


def test_an_unknown_status_names_those_that_there_are(linear: Provider, access: Access) -> None:
    seen = linear.observe(access, Call("set_status", {"issue": "MOT-12", "status": "Shipped"}))
    assert (seen.seen, "Backlog, Todo, In Progress" in seen.summary) == (Seen.UNREADABLE, True)


@pytest.mark.parametrize("missing", ["error", "null"])
def test_an_issue_that_is_not_there_is_said(
    linear: Provider, access: Access, sending: Sending, simulators: Simulators, missing: str
) -> None:
    simulators.settings("linear", missing=missing)
    simulators.do("linear", "remove", identifier="MOT-12")
    for call in (COMMENT, LINK, DONE):
        assert linear.observe(access, call).seen is Seen.UNREADABLE
        assert linear.apply(access, call, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("linear") == []


def test_a_check_proves_that_a_migration_was_compensated(
    linear: Provider, access: Access, simulators: Simulators
) -> None:
    ask = Call("issue_status", {"issue": "MOT-11", "status": "Done"})
    assert linear.examine(access, ask).holds is False
    simulators.do("linear", "move", identifier="MOT-11", status="Done")
    assert linear.examine(access, ask).holds is True
    assert linear.examine(access, Call("issue_status", {"issue": "MOT-99", "status": "Done"})).holds is None
    assert linear.examine(access, Call("issue_status", {"issue": "nonsense", "status": "Done"})).holds is None


@pytest.mark.parametrize(
    ("status", "kind", "more", "ending"),
    [
        (200, "invalid input", {}, OutcomeKind.REJECTED),
        (200, "forbidden", {}, OutcomeKind.REJECTED),
        (400, "authentication error", {}, OutcomeKind.REJECTED),
        (200, "feature not accessible", {}, OutcomeKind.REJECTED),
        (200, "usage limit exceeded", {}, OutcomeKind.REJECTED),
        (200, "user error", {}, OutcomeKind.REJECTED),
        (400, "graphql error", {}, OutcomeKind.REJECTED),
        (400, "ratelimited", {}, OutcomeKind.RETRY_LATER),
        (429, "ratelimited", {}, OutcomeKind.RETRY_LATER),
        (200, "ratelimited", {}, OutcomeKind.RETRY_LATER),
        (400, "", {"code": "RATELIMITED"}, OutcomeKind.RETRY_LATER),
        (400, "other", {"code": "RATELIMITED"}, OutcomeKind.RETRY_LATER),
        (200, "internal error", {}, OutcomeKind.AMBIGUOUS),
        (400, "lock timeout", {}, OutcomeKind.AMBIGUOUS),
        (403, "network error", {}, OutcomeKind.AMBIGUOUS),
        (200, "", {}, OutcomeKind.AMBIGUOUS),
        (400, "something new", {}, OutcomeKind.AMBIGUOUS),
    ],
)
def test_the_errors_type_counts_and_not_the_status(
    linear: Provider, serve: Serve, sending: Sending, status: int, kind: str, more: dict[str, str], ending: OutcomeKind
) -> None:
    server = serving(serve, refusing(status, kind, **more), teams=TEAM)
    assert linear.apply(reach(server), CREATE, sending).kind is ending
    assert sum(one.json()["query"].startswith("mutation") for one in server.requests) == 1


@pytest.mark.parametrize(
    "payload",
    [
        {"success": False, "issue": None},
        {"success": True, "issue": None},
        {"success": False, "issue": {"id": "x"}},
        None,
    ],
)
def test_a_yes_that_confirms_nothing_is_unknown(linear: Provider, serve: Serve, sending: Sending, payload: Any) -> None:
    server = serving(serve, answer(200, {"data": {"issueCreate": payload}}), teams=TEAM)
    assert linear.apply(reach(server), CREATE, sending).kind is OutcomeKind.AMBIGUOUS


def test_the_words_for_people_are_shown(
    linear: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("linear", issue_limit=2)
    outcome = linear.apply(access, CREATE, sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "You've reached the issue limit" in outcome.message
    assert levels(linear.check(access), "plan") == {"warning"}
    simulators.settings("linear", rights="read", issue_limit=None)
    assert "scope: `write`" in linear.apply(access, CREATE, sending).message


@pytest.mark.parametrize("unit", [1, 1000])
def test_a_budgets_reset_is_understood_in_seconds_and_milliseconds(unit: int) -> None:
    now = 1_770_000_000.0
    headers = {"x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": str(int(now + 42) * unit)}
    assert wait_seconds(Answer("Linear", 400, headers, b"", 0.1), now) == 42
    complexity = {name.replace("requests", "complexity"): value for name, value in headers.items()}
    assert wait_seconds(Answer("Linear", 400, complexity, b"", 0.1), now) == 42
    assert wait_seconds(Answer("Linear", 429, {**headers, "retry-after": "7"}, b"", 0.1), now) == 7
    assert wait_seconds(Answer("Linear", 429, {"x-ratelimit-requests-remaining": "9"}, b"", 0.1), now) is None


@pytest.mark.parametrize("unit", ["ms", "s"])
def test_a_rate_limit_before_the_change_is_waited_for(
    linear: Provider, access: Access, sending: Sending, simulators: Simulators, unit: str
) -> None:
    simulators.settings("linear", requests_left=0, reset_in=unit)
    assert linear.apply(access, CREATE, sending).kind is OutcomeKind.RETRY_LATER
    assert linear.observe(access, DONE).seen is Seen.UNREADABLE
    assert simulators.journal("linear") == []


def test_lists_are_read_to_their_last_page(linear: Provider, serve: Serve) -> None:
    issue = {"id": "i1", "identifier": "PP-1", "state": {"id": "s1", "name": "Todo"}, "team": {"id": "t1"}}

    def respond(request: Request, connection: Any) -> None:
        sent = request.json()
        last = sent["variables"].get("after") == "c1"
        nodes = [{"id": "s9", "name": "Done"}] if last else [{"id": "s1", "name": "Todo"}]
        page = {"nodes": nodes, "pageInfo": {"hasNextPage": not last, "endCursor": "c1"}}
        data = {"team": {"states": page}} if "states(" in sent["query"] else {"issue": issue}
        answer(200, {"data": data})(request, connection)

    seen = linear.observe(reach(serve(respond)), Call("set_status", {"issue": "PP-1", "status": "Done"}))
    assert (seen.seen, seen.identity) == (Seen.OTHER, {"status": "Todo"})


@pytest.mark.parametrize(
    ("token", "sign_in", "header"),
    [
        ("lin_api_abc", "", "lin_api_abc"),
        ("lin_oauth_abc", "", "Bearer lin_oauth_abc"),
        ("Bearer abcdef", "", "Bearer abcdef"),
        ("abcdef", "", "abcdef"),
        ("abcdef", "OAuth token", "Bearer abcdef"),
        ("Bearer lin_api_abc", "personal API key", "lin_api_abc"),
    ],
)
def test_a_personal_key_stands_alone_and_a_token_after_bearer(token: str, sign_in: str, header: str) -> None:
    assert authorization(Access("", {"sign_in": sign_in}, {"token": token})) == header


def test_the_preflight_names_who_what_and_how_much_is_left(
    linear: Provider, access: Access, connect: Connect, simulators: Simulators
) -> None:
    found = linear.check(access)
    assert "Motion Mavericks as Rollback Portal with a personal API key" in found[0].message
    assert {one.level for one in found} == {"ok"}
    oauth = connect("linear", credentials={"token": "lin_oauth_simulatedmotionmavericks"})
    assert "OAuth" in linear.check(oauth)[0].message
    simulators.settings("linear", requests_left=20)
    assert levels(linear.check(access), "rate-limit") == {"warning"}
    assert levels(linear.check(connect("linear", settings={"team": "NOPE"})), "team") == {"error"}
    team = simulators.describe()["linear"]["objects"]["team_id"]
    assert levels(linear.check(connect("linear", settings={"team": team})), "team") == {"ok"}
    wrong = connect("linear", settings={"sign_in": "OAuth token"})
    assert "Bearer" in linear.check(wrong)[0].message
    assert simulators.journal("linear") == []


def test_what_can_be_no_issue_is_never_asked_for(linear: Provider) -> None:
    for name in ("12", "PP", "PP-0", "PP-1; x", "../x", "PP-1\n"):
        assert linear.problems(Call("comment", {"issue": name, "body": "x"})), name
    assert linear.problems(Call("link", {**LINK.parameters, "url": "javascript:alert(1)"}))
    assert not linear.problems(Call("comment", {"issue": str(uuid.uuid4()), "body": "x"}))
