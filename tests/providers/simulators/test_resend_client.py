"""Resend's own Python client works against the Resend simulator."""

from typing import Any

import pytest
import resend
from resend.exceptions import ResendError

from apps.providers.simulation import Simulators
from tests.simulators import ask

FROM = "Motion Mavericks <status@mail.motion-mavericks.example>"
KEPT: Any = {"idempotency_key": "inc-42/status-1"}


def mail(to: str = "ada@harbour.example", **more: Any) -> Any:
    return {"from": FROM, "to": [to], "subject": "Update", "html": "<p>We know.</p>", **more}


@pytest.fixture
def team(simulators: Simulators, monkeypatch: pytest.MonkeyPatch) -> Simulators:
    """The client, signed in with a key that may do everything."""
    monkeypatch.setattr(resend, "api_url", simulators.address("resend"))
    monkeypatch.setattr(resend, "api_key", "re_full_simulated_motion-mavericks")
    return simulators


def refused() -> Any:
    return pytest.raises(ResendError)


def test_a_mail_is_sent_and_followed_until_it_is_delivered(team: Simulators) -> None:
    key = resend.Emails.send(mail())["id"]
    assert resend.Emails.get(key)["last_event"] == "queued"
    team.advance(4)
    found = resend.Emails.get(key)
    assert (found["last_event"], found["to"], found["subject"]) == ("delivered", ["ada@harbour.example"], "Update")


def test_a_mail_to_nobody_bounces(team: Simulators) -> None:
    key = resend.Emails.send(mail("bounced@resend.dev"))["id"]
    team.advance(4)
    assert resend.Emails.get(key)["last_event"] == "bounced"


def test_a_batch_is_all_or_nothing_unless_it_is_permissive(team: Simulators) -> None:
    mails = [mail(), mail("nobody")]
    with refused() as error:
        resend.Batch.send(mails)
    assert (error.value.code, error.value.error_type) == (422, "validation_error")
    assert team.effects("resend") == []
    done = resend.Batch.send(mails, {"batch_validation": "permissive"})
    assert (len(done["data"]), done["errors"][0]["index"]) == (1, 1)
    assert len(resend.Batch.send([mail(), mail("bo@harbour.example")])["data"]) == 2


def test_the_same_key_gives_the_same_answer_and_no_second_mail(team: Simulators) -> None:
    first = resend.Emails.send(mail(), KEPT)["id"]
    assert resend.Emails.send(mail(), KEPT)["id"] == first
    assert len(team.effects("resend")) == 1
    with refused() as error:
        resend.Emails.send(mail(subject="Other"), KEPT)
    assert (error.value.code, error.value.error_type) == (409, "invalid_idempotent_request")
    team.advance(24 * 3600 + 1)
    assert resend.Emails.send(mail(), KEPT)["id"] != first


def test_mails_are_listed_in_pages_newest_first(team: Simulators) -> None:
    keys = [resend.Emails.send(mail(subject=str(number)))["id"] for number in range(3)]
    page = resend.Emails.list({"limit": 2})
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (keys[:0:-1], True)
    rest = resend.Emails.list({"limit": 2, "after": keys[1]})
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == ([keys[0]], False)


def test_a_scheduled_mail_can_be_called_off(team: Simulators) -> None:
    key = resend.Emails.send(mail(scheduled_at="2030-01-01T00:00:00Z"))["id"]
    assert resend.Emails.get(key)["last_event"] == "scheduled"
    resend.Emails.cancel(key)
    assert resend.Emails.get(key)["last_event"] == "canceled"


def test_domains_are_listed_with_their_status(team: Simulators) -> None:
    (domain,) = resend.Domains.list()["data"]
    assert (domain["name"], domain["status"]) == ("mail.motion-mavericks.example", "verified")
    assert resend.Domains.get(domain["id"])["records"]


@pytest.mark.parametrize(
    ("key", "code", "name"),
    [("re_nobody", 403, "invalid_api_key"), ("re_sending_simulated_motion-mavericks", 401, "restricted_api_key")],
)
def test_a_key_is_refused_by_name(
    key: str, code: int, name: str, team: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend, "api_key", key)
    with refused() as error:
        resend.Domains.list()
    assert (error.value.code, error.value.error_type) == (code, name)


@pytest.mark.parametrize(
    ("change", "code", "name"),
    [
        ({"subject": ""}, 422, "missing_required_field"),
        ({"from": "ops@elsewhere.example"}, 403, "validation_error"),
        ({"reply_to": "nobody"}, 422, "validation_error"),
        ({"tags": [{"name": "a b", "value": "c"}]}, 422, "validation_error"),
    ],
)
def test_a_bad_mail_is_refused_by_name(change: dict[str, Any], code: int, name: str, team: Simulators) -> None:
    with refused() as error:
        resend.Emails.send(mail(**change))
    assert (error.value.code, error.value.error_type) == (code, name)


def test_a_quota_and_a_rate_limit_are_told_apart(team: Simulators) -> None:
    team.settings("resend", daily_quota=1)
    resend.Emails.send(mail())
    with refused() as error:
        resend.Emails.send(mail())
    assert error.value.error_type == "daily_quota_exceeded"
    team.fault("status", slug="resend", status=429, retry_after=2)
    with refused() as error:
        resend.Emails.send(mail())
    assert error.value.error_type == "rate_limit_exceeded"
    headers = {name.lower(): value for name, value in error.value.headers.items()}
    assert (headers["retry-after"], headers["ratelimit-remaining"]) == ("2", "0")


def test_without_a_key_the_answer_says_so(simulators: Simulators) -> None:
    given = ask(f"{simulators.address('resend')}/domains")
    assert (given.status, given.json()["name"], given.headers["ratelimit-limit"]) == (401, "missing_api_key", "5")


def test_a_webhook_gets_a_secret(team: Simulators) -> None:
    made = resend.Webhooks.create({"endpoint": "https://portal.example/hooks", "events": ["email.delivered"]})
    assert made["signing_secret"].startswith("whsec_")
