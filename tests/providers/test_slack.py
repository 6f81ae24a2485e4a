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
