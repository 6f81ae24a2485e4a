"""Slack: one message, found again by its marker, never posted twice in doubt."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed

POST = Call("post", {"text": "Rolled back <!channel> & done"})


@pytest.fixture
def slack() -> Provider:
    """The adapter."""
    return provider("slack")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("slack")


def on_wire(serve: Serve, **pages: Any) -> Any:
    """Start a server with these methods; anything else is an unknown method, as Slack says it."""
    table = {
        f"{verb} /api/{name.replace('_', '.')}": answer(200, body)
        for name, body in pages.items()
        for verb in ("GET", "POST")
    }
    return serve(routed(table))


def reach(server: Any, channel: str = "C0123456") -> Access:
    """Return the access to a raw server."""
    return Access(server.url, {"channel": channel}, {"bot_token": "xoxb-123456"})


def test_the_message_is_plain_text_with_our_marker(slack: Provider, serve: Serve, sending: Sending) -> None:
    server = on_wire(serve, chat_postMessage={"ok": True, "channel": "C0123456", "ts": "1.2"})
    outcome = slack.apply(reach(server), POST, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert outcome.evidence == {"channel": "C0123456", "ts": "1.2"}
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer xoxb-123456"
    assert request.json() == {
        "channel": "C0123456",
        "text": "Rolled back &lt;!channel&gt; &amp; done",
        "metadata": {"event_type": "rollback_portal", "event_payload": {"marker": sending.marker}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_another_channel_can_be_named(
    slack: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("post", {"text": "Hello", "channel": "#portal-release"})
    assert slack.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    assert slack.observe(access, call, sending).seen is Seen.DESIRED
    assert slack.observe(access, Call("post", {"text": "Hello"}), sending).seen is Seen.OTHER


def test_another_steps_message_with_the_same_text_is_not_ours(
    slack: Provider, access: Access, sending: Sending
) -> None:
    slack.apply(access, POST, sending)
    assert slack.observe(access, POST, replace(sending, marker="rp-other")).seen is Seen.OTHER


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("channel_not_found", OutcomeKind.REJECTED),
        ("not_in_channel", OutcomeKind.REJECTED),
        ("is_archived", OutcomeKind.REJECTED),
        ("invalid_auth", OutcomeKind.REJECTED),
        ("something_new", OutcomeKind.REJECTED),
        ("ratelimited", OutcomeKind.RETRY_LATER),
        ("rate_limited", OutcomeKind.RETRY_LATER),
        ("fatal_error", OutcomeKind.AMBIGUOUS),
        ("internal_error", OutcomeKind.AMBIGUOUS),
        (None, OutcomeKind.AMBIGUOUS),
    ],
)
def test_two_hundred_says_nothing(
    error: str | None, kind: OutcomeKind, slack: Provider, serve: Serve, sending: Sending
) -> None:
    server = on_wire(serve, chat_postMessage={"ok": False, "error": error})
    assert slack.apply(reach(server), POST, sending).kind is kind


def test_a_channel_that_cannot_be_read_back_leaves_the_truth_open(
    slack: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("slack", scopes=["chat:write", "channels:read"])
    seen = slack.observe(access, POST, sending)
    assert seen.seen is Seen.UNREADABLE
    assert "history" in seen.summary
    assert "history" in {finding.code for finding in slack.check(access) if finding.level == "warning"}
    assert slack.apply(access, POST, sending).kind is OutcomeKind.SUCCEEDED
    verdict = slack.verify(access, POST, sending)
    assert verdict.proof is Proof.SATISFIED
    assert "could not be read back" in verdict.message


def test_history_without_metadata_is_no_proof_of_absence(slack: Provider, serve: Serve, sending: Sending) -> None:
    twin = {"ts": "1.2", "text": "Rolled back &lt;!channel&gt; &amp; done"}
    server = on_wire(serve, conversations_history={"ok": True, "messages": [twin]})
    assert slack.observe(reach(server), POST, sending).seen is Seen.UNREADABLE
    assert slack.verify(reach(server), POST, sending).proof is Proof.SATISFIED


def test_older_pages_are_searched_too(
    slack: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    slack.apply(access, POST, sending)
    for number in range(210):
        simulators.do("slack", "say", organisation="motion-mavericks", channel="incidents", text=f"Noise {number}")
    assert slack.observe(access, POST, sending).seen is Seen.DESIRED


def test_an_endpoint_that_only_posts_is_enough_to_post(slack: Provider, serve: Serve, sending: Sending) -> None:
    server = on_wire(serve, chat_postMessage={"ok": True, "ts": "1.2"}, auth_test={"ok": True})
    here = reach(server, "incidents")
    assert slack.observe(here, POST, sending).seen is Seen.UNREADABLE
    assert slack.apply(here, POST, sending).kind is OutcomeKind.SUCCEEDED
    assert slack.verify(here, POST, sending).proof is Proof.SATISFIED
    assert "error" not in {finding.level for finding in slack.check(here)}


def test_the_check_names_what_stands_in_the_way(
    slack: Provider, access: Access, connect: Connect, simulators: Simulators
) -> None:
    def errors(there: Access) -> set[str]:
        return {finding.code for finding in slack.check(there) if finding.level == "error"}

    assert errors(access) == set()
    assert errors(connect("slack", credentials={"bot_token": "xoxb-wrong"})) == {"sign-in"}
    assert errors(connect("slack", settings={"channel": "CNOTTHERE"})) == {"channel"}
    simulators.do("slack", "leave", organisation="motion-mavericks", channel="incidents")
    assert errors(access) == {"channel"}
    assert simulators.journal("slack") == []


def test_a_text_that_slack_would_cut_is_refused(slack: Provider, access: Access, sending: Sending) -> None:
    assert slack.apply(access, Call("post", {"text": "x" * 40_001}), sending).kind is OutcomeKind.REJECTED


GREETING = "1700000000.000100"
REPLY = Call("reply", {"thread": GREETING, "channel": "general", "text": "See https://status.example & wait"})
UPDATE = Call("update", {"message": GREETING, "channel": "general", "text": "See https://status.example & wait"})


def said_in(simulators: Simulators, channel: str = "general") -> list[dict[str, Any]]:
    """Return the messages of a channel as the workspace keeps them."""
    channels = simulators.state("slack")["workspaces"]["motion-mavericks"]["channels"].values()
    return next(one["messages"] for one in channels if one["name"] == channel)


def test_an_answer_stands_in_its_thread_and_is_found_there_only(
    slack: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    assert slack.apply(access, REPLY, sending).kind is OutcomeKind.SUCCEEDED
    assert [one.get("thread_ts") for one in said_in(simulators)] == [None, GREETING]
    assert slack.observe(access, REPLY, sending).seen is Seen.DESIRED
    in_channel = Call("post", {"text": "See https://status.example & wait", "channel": "general"})
    assert slack.observe(access, in_channel, sending).seen is Seen.OTHER


def test_an_answer_is_found_beyond_the_first_page_of_a_thread(
    slack: Provider, access: Access, sending: Sending, simulators: Simulators, log: list[str]
) -> None:
    noise = {"organisation": "motion-mavericks", "channel": "general", "thread": GREETING}
    for number in range(210):
        simulators.do("slack", "say", text=f"Noise {number}", **noise)
    slack.apply(access, REPLY, sending)
    log.clear()
    assert slack.observe(access, REPLY, sending).seen is Seen.DESIRED
    assert sum("conversations.replies" in line for line in log) == 2


def test_a_thread_that_is_not_there_is_not_taken_for_an_empty_one(
    slack: Provider, access: Access, sending: Sending
) -> None:
    nowhere = replace(REPLY, parameters={**REPLY.parameters, "thread": "1600000000.000100"})
    seen = slack.observe(access, nowhere, sending)
    assert (seen.seen, "thread_not_found" in seen.summary) == (Seen.UNREADABLE, True)


def test_a_message_is_changed_in_place_however_often_it_is_sent(
    slack: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    before = slack.observe(access, UPDATE)
    assert before.seen is Seen.OTHER
    for attempt in (sending, again):
        assert slack.apply(access, UPDATE, attempt).kind is OutcomeKind.SUCCEEDED
        assert slack.verify(access, UPDATE, attempt).proof is Proof.SATISFIED
    (message,) = said_in(simulators)
    assert (message["text"], message["blocks"]) == ("See https://status.example &amp; wait", [])
    assert slack.observe(access, UPDATE).identity != before.identity


def test_another_title_is_another_message_and_the_marker_of_the_post_stays(
    slack: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    posted = slack.apply(access, POST, sending)
    change = Call("update", {"message": posted.evidence["ts"], "text": POST.parameters["text"], "title": "Over"})
    assert slack.observe(access, change).seen is Seen.OTHER
    slack.apply(access, change, replace(sending, marker="rp-update"))
    assert slack.observe(access, change).seen is Seen.DESIRED
    assert slack.observe(access, replace(change, parameters={**change.parameters, "title": "On"})).seen is Seen.OTHER
    assert slack.observe(access, POST, sending).seen is Seen.DESIRED
    assert len(said_in(simulators, "incidents")) == 1


def test_an_update_is_recognised_although_slack_writes_addresses_in_its_own_way(
    slack: Provider, serve: Serve, sending: Sending
) -> None:
    stored = {"ts": GREETING, "text": "See <https://status.example> &amp; wait"}
    server = on_wire(serve, conversations_history={"ok": True, "messages": [stored]})
    call = replace(UPDATE, parameters={**UPDATE.parameters, "channel": "C0123456"})
    assert slack.observe(reach(server), call).seen is Seen.DESIRED
    twin = Call("post", {"text": "See https://status.example & wait"})
    assert slack.observe(reach(server), twin, sending).seen is Seen.UNREADABLE


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_message_that_cannot_be_changed_is_said_with_what_to_do(
    error: str, slack: Provider, serve: Serve, sending: Sending
) -> None:
    server = on_wire(serve, chat_update={"ok": False, "error": error})
    outcome = slack.apply(reach(server), Call("update", {"message": GREETING, "text": "x"}), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert error in outcome.message
    assert "Nothing was updated." in outcome.message


def test_a_title_facts_and_a_link_become_blocks_in_which_nobody_is_called(
    slack: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    rich = {
        "text": "Back <!here>",
        "title": "Rolled back",
        "facts": ["Severity: P1", "By: <@U123>"],
        "link": "https://portal.example/rollbacks/7",
    }
    assert slack.apply(access, Call("post", rich), sending).kind is OutcomeKind.SUCCEEDED
    (message,) = said_in(simulators, "incidents")
    header, section, facts, button = message["blocks"]
    assert header["text"]["text"] == "Rolled back"
    assert section["text"] == {"type": "mrkdwn", "text": "Back &lt;!here&gt;"}
    assert [field["text"] for field in facts["fields"]] == ["*Severity*\nP1", "*By*\n&lt;@U123&gt;"]
    assert button["elements"][0]["url"] == "https://portal.example/rollbacks/7"


@pytest.mark.parametrize(
    "more",
    [
        {"title": "x" * 151},
        {"facts": ["a: b"] * 11},
        {"facts": ["a: " + "b" * 2000]},
        {"link": "javascript:alert(1)"},
        {"link": "https://a.example/\nb"},
        {"title": "x", "text": "&" * 700},
        {"link": "https://a.example/" + "x" * 3000},
    ],
)
def test_what_slack_cannot_show_is_refused_before_it_is_sent(
    more: dict[str, Any], slack: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("post", {"text": "Hello", **more})
    assert slack.problems(call)
    assert slack.apply(access, call, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("slack") == []


@pytest.mark.parametrize("ts", ["yesterday", "1712", "1712.1'", "1712.0001 ", "p1712000100"])
def test_a_name_that_no_message_can_have_is_refused(ts: str, slack: Provider) -> None:
    assert slack.problems(Call("update", {"message": ts, "text": "x"}))
    assert slack.problems(Call("reply", {"thread": ts, "text": "x"}))


def test_the_check_tells_scopes_kinds_of_tokens_and_a_missing_secret(
    slack: Provider, access: Access, connect: Connect, simulators: Simulators, serve: Serve
) -> None:
    def told(there: Access, level: str) -> set[str]:
        return {finding.code for finding in slack.check(there) if finding.level == level}

    assert told(access, "warning") == set()
    assert "rights" in told(access, "ok")
    assert told(connect("slack", credentials={"signing_secret": ""}), "warning") == {"signing-secret"}
    simulators.settings("slack", scopes=["channels:read", "channels:history"])
    assert told(access, "error") == {"rights"}
    server = on_wire(serve, auth_test={"ok": True})
    rotating = replace(reach(server), credentials={"bot_token": "xoxe.xoxb-123456", "signing_secret": "s"})
    assert "expiry" in told(rotating, "warning")
