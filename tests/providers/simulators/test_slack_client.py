"""slack_sdk's own WebClient works against the Slack simulator, its silent repeats included."""

from urllib.parse import urlencode

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from apps.providers.simulation import Simulators
from tests.simulators import ask

MARKER = {"event_type": "rollback_step", "event_payload": {"step_id": "step-5"}}


@pytest.fixture
def client(simulators: Simulators) -> WebClient:
    token = simulators.describe()["slack"]["credentials"]["bot_token"]
    return WebClient(token, base_url=f"{simulators.address('slack')}/api/")


@pytest.fixture
def incidents(simulators: Simulators) -> str:
    channel: str = simulators.describe()["slack"]["objects"]["channels"]["incidents"]
    return channel


def test_the_bot_knows_who_it_is(client: WebClient) -> None:
    who = client.auth_test()
    assert (who["ok"], who["team"]) == (True, "Motion Mavericks")
    assert client.users_info(user=who["user_id"])["user"]["is_bot"] is True


def test_a_message_is_posted_by_name_and_found_by_its_marker(client: WebClient, incidents: str) -> None:
    posted = client.chat_postMessage(channel="#incidents", text="Rollback initiated", metadata=MARKER)
    assert posted["channel"] == incidents
    with_metadata = client.conversations_history(channel=incidents, include_all_metadata=True)["messages"]
    assert [(m["ts"], m["metadata"]) for m in with_metadata] == [(posted["ts"], MARKER)]
    assert "metadata" not in client.conversations_history(channel=incidents)["messages"][0]


def test_a_message_is_changed_in_place(client: WebClient, incidents: str) -> None:
    posted = client.chat_postMessage(channel=incidents, text="Waiting for approval")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Approved*"}}]
    client.chat_update(channel=incidents, ts=posted["ts"], text="Approved", blocks=blocks)
    (message,) = client.conversations_history(channel=incidents)["messages"]
    assert (message["text"], message["blocks"]) == ("Approved", blocks)
    assert "edited" in message


def test_history_is_newest_first_and_paged(client: WebClient, incidents: str) -> None:
    for number in range(5):
        client.chat_postMessage(channel=incidents, text=str(number))
    texts = [m["text"] for page in client.conversations_history(channel=incidents, limit=2) for m in page["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]


def test_threads_stand_under_their_message(client: WebClient, incidents: str) -> None:
    first = client.chat_postMessage(channel=incidents, text="Incident")
    client.chat_postMessage(channel=incidents, text="Update", thread_ts=first["ts"])
    assert len(client.conversations_history(channel=incidents)["messages"]) == 1
    replies = client.conversations_replies(channel=incidents, ts=first["ts"])["messages"]
    assert [m["text"] for m in replies] == ["Incident", "Update"]


@pytest.mark.parametrize(
    ("channel", "text", "error"),
    [
        ("nowhere", "hi", "channel_not_found"),
        ("random", "hi", "not_in_channel"),
        ("incidents", "", "no_text"),
    ],
)
def test_an_error_is_http_200_with_ok_false(client: WebClient, channel: str, text: str, error: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=channel, text=text)
    assert (refused.value.response.status_code, refused.value.response["error"]) == (200, error)


def test_an_archived_channel_and_a_missing_scope_are_refused(client: WebClient, simulators: Simulators) -> None:
    simulators.do("slack", "archive", organisation="motion-mavericks", channel="incidents")
    with pytest.raises(SlackApiError, match="is_archived"):
        client.chat_postMessage(channel="incidents", text="hi")
    simulators.settings("slack", scopes=["channels:read"])
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="portal-release", text="hi")
    assert refused.value.response["needed"] == "chat:write"


def test_the_bot_joins_and_then_may_write(client: WebClient) -> None:
    channels = {c["name"]: c for c in client.conversations_list()["channels"]}
    client.conversations_join(channel=channels["random"]["id"])
    assert client.conversations_info(channel=channels["random"]["id"])["channel"]["is_member"] is True
    assert client.chat_postMessage(channel="random", text="hi")["ok"] is True


def test_a_rate_limit_is_429_and_the_client_comes_back(client: WebClient, simulators: Simulators) -> None:
    simulators.fault("status", slug="slack", status=429, retry_after=0)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="incidents", text="hi")
    assert refused.value.response.status_code == 429
    assert refused.value.response["error"] == "ratelimited"
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    simulators.fault("status", slug="slack", status=429, retry_after=0)
    assert client.chat_postMessage(channel="incidents", text="hi")["ok"] is True


def test_the_client_posts_twice_when_the_line_breaks_after_the_effect(
    client: WebClient, incidents: str, simulators: Simulators
) -> None:
    simulators.fault("reset_after", slug="slack", path="chat.postMessage")
    assert client.chat_postMessage(channel=incidents, text="Rollback initiated")["ok"] is True
    assert len(client.conversations_history(channel=incidents)["messages"]) == 2
    assert len(simulators.effects("slack")) == 2


def test_a_form_is_understood_like_json(client: WebClient, simulators: Simulators) -> None:
    form = urlencode({"token": client.token, "channel": "incidents", "text": "hi", "blocks": "[]"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{simulators.address('slack')}/api/chat.postMessage"
    assert ask(url, "POST", headers=headers, body=form).json()["ok"] is True


def test_a_person_alone_sees_an_ephemeral_message(client: WebClient, incidents: str) -> None:
    member = client.conversations_members(channel=incidents)["members"][0]
    assert client.chat_postEphemeral(channel=incidents, user=member, text="only you")["message_ts"]
    assert client.conversations_history(channel=incidents)["messages"] == []


def test_the_channel_is_shown_in_the_browser_with_nothing_unescaped(client: WebClient, simulators: Simulators) -> None:
    link = {
        "type": "button",
        "text": {"type": "plain_text", "text": "Open"},
        "url": "https://portal.example/r/1",
    }
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Approve?"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*Roll back* <https://x.example|portal> <script>"},
        },
        {"type": "actions", "elements": [link]},
    ]
    client.chat_postMessage(channel="incidents", text="Approve?", blocks=blocks)
    page = ask(f"{simulators.address('slack')}/view/motion-mavericks/incidents").body.decode()
    assert "<h3>Approve?</h3>" in page
    assert '<b>Roll back</b> <a href="https://x.example">portal</a> &lt;script&gt;' in page
    assert '<a href="https://portal.example/r/1">[Open]</a>' in page
    assert 'http-equiv="refresh"' in page
