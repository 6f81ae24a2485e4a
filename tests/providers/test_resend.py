"""Resend mails each address of an audience by itself, once for each step, and says what stands in the way."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from apps.providers import registry
from apps.providers.base import Access, Call, Outcome, OutcomeKind, Seen, Sending
from apps.providers.models import Delivery
from apps.providers.resend import writing
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.factories import ConnectionFactory
from tests.providers.raw import answer

ADA, BO = "ada@harbour.example", "Bo Öst <bo@harbour.example>"
FULL_KEY = "re_full_simulated_motion-mavericks"
RESEND = registry.provider("resend")
WRITTEN_BO = "Bo Öst <bo@harbour.example>"  # as JSON Resend takes names as they are


def mail(to: list[str] | None = None, **more: str) -> Call:
    return Call("send", {"to": [ADA, BO] if to is None else to, "subject": "Update", "text": "We know.", **more})


def sent(simulators: Simulators) -> list[dict[str, Any]]:
    """Return the mails that left, as Resend got them."""
    return [kept["sent"] for kept in simulators.state("resend")["mails"].values()]


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    return RESEND.apply(access, call, sending)


def test_everybody_gets_a_mail_of_their_own(connect: Connect, simulators: Simulators, sending: Sending) -> None:
    outcome = apply(connect("resend"), mail(html="<p>We know.</p>"), sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert len(outcome.evidence["mails"]) == 2
    ada, bo = sent(simulators)
    assert ada["to"] == ["ada@harbour.example"]
    assert bo["to"] == [WRITTEN_BO]
    assert ada["from"] == "Motion Mavericks <status@mail.motion-mavericks.example>"
    assert ada["reply_to"] == ["support@mail.motion-mavericks.example"]
    assert (ada["text"], ada["html"]) == ("We know.", "<p>We know.</p>")
    assert ada["tags"] == [{"name": "rollback_portal", "value": "rp-marker-1"}]


def test_who_is_named_twice_gets_one_mail(connect: Connect, simulators: Simulators, sending: Sending) -> None:
    apply(connect("resend"), mail(["ada@harbour.example", "Ada <ADA@harbour.example>"]), sending)
    assert [one["to"] for one in sent(simulators)] == [["ada@harbour.example"]]


def test_a_repetition_is_recognised_and_sends_nothing(
    connect: Connect, simulators: Simulators, sending: Sending, again: Sending
) -> None:
    access = connect("resend")
    simulators.fault("reset_after", slug="resend")
    assert apply(access, mail(), sending).kind is OutcomeKind.AMBIGUOUS
    second = apply(access, mail(), again)
    assert second.kind is OutcomeKind.SUCCEEDED
    assert len(simulators.effects("resend")) == 1
    first_body, second_body = (entry["body"] for entry in simulators.journal("resend"))
    assert first_body == second_body, "a repetition must be the same to the byte"


def test_a_plan_is_not_warned_of_what_cannot_be_seen_before_it_is_sent(connect: Connect, sending: Sending) -> None:
    assert RESEND.observe(connect("resend"), mail()).seen is Seen.OTHER
    later = RESEND.observe(connect("resend"), mail(), sending)
    assert (later.seen, "Sending again within 24 hours is harmless" in later.summary) == (Seen.UNREADABLE, True)


def test_after_a_day_the_key_is_forgotten(connect: Connect, simulators: Simulators, sending: Sending) -> None:
    apply(connect("resend"), mail(), sending)
    simulators.advance(24 * 3600 + 1)
    apply(connect("resend"), mail(), sending)
    assert len(simulators.effects("resend")) == 2


def test_another_mail_under_the_same_key_is_for_a_person_to_decide(
    connect: Connect, simulators: Simulators, sending: Sending, again: Sending
) -> None:
    apply(connect("resend"), mail(), sending)
    outcome = apply(connect("resend"), mail(text="Something else."), again)
    assert (outcome.kind, outcome.needs_operator, outcome.status) == (OutcomeKind.REJECTED, True, 409)
    assert "with other content" in outcome.message
    assert len(simulators.effects("resend")) == 1


def test_while_the_first_is_under_way_it_waits(
    connect: Connect, simulators: Simulators, sending: Sending, again: Sending
) -> None:
    apply(connect("resend"), mail(), sending)
    simulators.settings("resend", busy=1)
    outcome = apply(connect("resend"), mail(), again)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RETRY_LATER, 2.0)
    assert apply(connect("resend"), mail(), again).kind is OutcomeKind.SUCCEEDED


def test_a_used_up_quota_is_not_waited_for(connect: Connect, simulators: Simulators, sending: Sending) -> None:
    simulators.settings("resend", daily_quota=1)
    outcome = apply(connect("resend"), mail(), sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "today's quota is used up" in outcome.message
    assert simulators.effects("resend") == []


def test_a_rate_limit_without_retry_after_is_waited_for_by_the_window(serve: Serve, sending: Sending) -> None:
    body = {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many requests"}
    server = serve(answer(429, body, {"ratelimit-reset": "3"}))
    access = Access(server.url, {"sender": "ops@a.example"}, {"api_key": "re_123456789"})
    outcome = apply(access, mail(), sending)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RETRY_LATER, 3.0)
    assert len(server.requests) == 1
    assert server.requests[0].headers["idempotency-key"] == "rollback-portal-idem-1"
    assert server.requests[0].headers["user-agent"] == "rollback-portal"


def test_a_domain_that_is_not_verified_is_refused_in_words(
    connect: Connect, simulators: Simulators, sending: Sending
) -> None:
    simulators.settings("resend", domain_status="pending")
    outcome = apply(connect("resend"), mail(), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "Verify the sender's domain in Resend" in outcome.message


def test_fewer_ids_than_mails_is_no_success(serve: Serve, sending: Sending) -> None:
    server = serve(answer(200, {"data": [{"id": "1"}]}))
    access = Access(server.url, {"sender": "ops@a.example"}, {"api_key": "re_123456789"})
    outcome = apply(access, mail(), sending)
    assert outcome.kind is OutcomeKind.AMBIGUOUS
    assert "named 1 mails and not 2" in outcome.message


INJECTIONS = (
    "ada@harbour.example\r\nBcc: all@harbour.example",
    "Ada\nX-Evil: 1 <ada@harbour.example>",
    "ada@harbour.example, bo@harbour.example",
    "ada@harbour.example\u2028",
    "ada",
    "ada@",
    "ada@localhost",
    "<>",
    "",
)


@pytest.mark.parametrize("address", INJECTIONS)
def test_an_address_that_is_none_is_named_before_anything_is_sent(
    address: str, connect: Connect, simulators: Simulators, sending: Sending
) -> None:
    call = mail([ADA, address])
    (problem,) = RESEND.problems(call)
    assert "is not a mail address" in problem
    assert "\n" not in problem
    assert apply(connect("resend"), call, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("resend") == []


@pytest.mark.parametrize("subject", ["Update\r\nBcc: all@harbour.example", "Update\x00", "Up\u2028date", "x" * 256])
def test_a_subject_that_would_begin_another_header_is_refused(subject: str) -> None:
    (problem,) = RESEND.problems(mail(subject=subject))
    assert "“subject”" in problem


def test_nobody_and_too_many_are_refused() -> None:
    assert RESEND.problems(mail([])) == ["“to” names nobody."]
    hundred = [f"p{number}@harbour.example" for number in range(100)]
    assert RESEND.problems(mail(hundred)) == []
    assert RESEND.problems(mail([*hundred, "P1@HARBOUR.example"])) == []
    assert "more than 100" in RESEND.problems(mail([*hundred, ADA]))[0]


def test_international_domains_are_written_in_ascii() -> None:
    (written,) = writing.written("ops@bücher.example", "", mail(["leser@bücher.example"]).parameters, "m")
    assert (written["from"], written["to"]) == ("ops@xn--bcher-kva.example", ["leser@xn--bcher-kva.example"])


def test_the_mail_library_never_sees_the_key_nor_the_defaults_of_the_installation(settings: Any) -> None:
    settings.ANYMAIL = {"SEND_DEFAULTS": {"tags": ["from-settings"], "bcc": ["boss@harbour.example"]}}
    mails = writing.written("ops@a.example", "", mail().parameters, "marker/with spaces")
    assert mails[0]["tags"] == [{"name": "rollback_portal", "value": "marker-with-spaces"}]
    assert "boss" not in json.dumps(mails)
    assert "from-settings" not in json.dumps(mails)


def test_a_broken_sender_sends_nothing(connect: Connect, simulators: Simulators, sending: Sending) -> None:
    access = connect("resend", settings={"sender": "Ops\r\nBcc: x@y.example <ops@a.example>"})
    assert apply(access, mail(), sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("resend") == []
    assert [finding.code for finding in RESEND.check(access)] == ["sender"]


def test_a_key_that_may_only_send_is_as_it_should_be(connect: Connect) -> None:
    found = [(one.level, one.code) for one in RESEND.check(connect("resend"))]
    assert found == [("ok", "sign-in"), ("warning", "domain"), ("ok", "limits")]


@pytest.mark.parametrize(
    ("status", "level"),
    [("verified", "ok"), ("pending", "error"), ("failed", "error"), ("partially_verified", "error")],
)
def test_a_key_that_may_look_tells_whether_the_domain_is_verified(
    status: str, level: str, connect: Connect, simulators: Simulators
) -> None:
    simulators.settings("resend", domain_status=status)
    findings = RESEND.check(connect("resend", credentials={"api_key": FULL_KEY}))
    assert [(one.level, one.code) for one in findings] == [
        ("ok", "sign-in"),
        (level, "domain"),
        ("warning", "rights"),
        ("ok", "limits"),
    ]


@pytest.mark.parametrize(("sender", "level"), [("a@resend.dev", "warning"), ("a@other.example", "error")])
def test_a_domain_that_is_for_tests_or_not_known_is_told(sender: str, level: str, connect: Connect) -> None:
    access = connect("resend", settings={"sender": sender}, credentials={"api_key": FULL_KEY})
    assert RESEND.check(access)[1].level == level


def test_an_unknown_key_is_an_error(connect: Connect) -> None:
    findings = RESEND.check(connect("resend", credentials={"api_key": "re_nobody_knows_it"}))
    assert [(one.level, one.code) for one in findings] == [("error", "sign-in")]


def test_without_permission_nothing_leaves(connect: Connect, simulators: Simulators, sending: Sending) -> None:
    outcome = apply(connect("resend"), mail(), replace(sending, permit=lambda: False))
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert sent(simulators) == []


# --- delivery reports ------------------------------------------------------------------------------------------------

# From the description of Svix' signatures by Resend's own library: id, time, body and the signature for this secret.
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
VECTOR = {
    "svix-id": "msg_2abc",
    "svix-timestamp": "1700000000",
    "svix-signature": "v1,eR5p9ZvaAk63SVxs/aCOFXqcD3btsH8YNUh8Umn9cHE=",
}
VECTOR_BODY = b'{"type":"email.delivered"}'


def test_the_signature_is_the_one_that_resend_describes() -> None:
    assert RESEND.hook is not None
    assert RESEND.hook.accepts(VECTOR, VECTOR_BODY, SECRET, 1700000000 + 300)
    assert not RESEND.hook.accepts(VECTOR, VECTOR_BODY, SECRET, 1700000000 + 301)
    assert not RESEND.hook.accepts(VECTOR, VECTOR_BODY + b" ", SECRET, 1700000000)
    assert not RESEND.hook.accepts({**VECTOR, "svix-id": "msg_2abd"}, VECTOR_BODY, SECRET, 1700000000)


def test_a_delivery_report_is_taken_once_and_only_when_signed(db: None) -> None:
    connection = ConnectionFactory(
        provider="resend",
        settings={"sender": "ops@a.example"},
        credentials={"api_key": "re_123456789", "webhook_secret": SECRET},
    )
    body = json.dumps({"type": "email.delivered", "data": {"tags": {writing.TAG: "rp-marker-1"}}}).encode()
    stamp = str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, f"msg_1.{stamp}.".encode() + body, hashlib.sha256).digest()
    signed = {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,{base64.b64encode(mac).decode()}"}

    def deliver(headers: dict[str, str]) -> int:
        path = f"/hooks/resend/{connection.pk}"
        return Client().post(path, body, content_type="application/json", headers=headers).status_code

    assert deliver({**signed, "svix-id": "msg_2"}) == 401
    assert deliver({**signed, "svix-timestamp": str(int(stamp) + 1)}) == 401
    assert (deliver(signed), deliver(signed)) == (200, 200)
    assert Delivery.objects.get().delivery_id == "msg_1"
