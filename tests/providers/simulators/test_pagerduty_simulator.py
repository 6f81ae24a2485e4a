"""PagerDuty's own facts: who acts, which codes refuse, and events that appear a little later."""

import pytest

from apps.providers.simulation import Simulators
from tests.providers.simulators.accounts import PagerDuty


@pytest.fixture
def pagerduty(simulators: Simulators) -> PagerDuty:
    return PagerDuty(simulators)


def test_an_incident_is_open_at_the_start(pagerduty: PagerDuty) -> None:
    (incident,) = pagerduty.incidents("statuses[]=triggered&statuses[]=acknowledged")
    assert incident["id"] == pagerduty.open_incident
    assert "Share links" in incident["title"]
    by_number = pagerduty("GET", f"/incidents/{incident['incident_number']}").json()["incident"]
    assert by_number["id"] == incident["id"]


def test_a_note_is_added_and_the_same_note_stands_there_twice(pagerduty: PagerDuty, simulators: Simulators) -> None:
    path = f"/incidents/{pagerduty.open_incident}/notes"
    for _ in range(2):
        assert pagerduty("POST", path, {"note": {"content": "Rollback started [step-1]"}}).status == 200
    notes = pagerduty("GET", path).json()["notes"]
    assert [note["content"] for note in notes] == ["Rollback started [step-1]"] * 2
    assert len(simulators.effects("pagerduty")) == 2


def test_a_change_needs_the_address_of_a_user(pagerduty: PagerDuty) -> None:
    path = f"/incidents/{pagerduty.open_incident}/notes"
    refused = pagerduty("POST", path, {"note": {"content": "x"}}, sender="mallory@example.com")
    assert (refused.status, refused.json()["error"]["code"]) == (400, 1008)


def test_a_status_update_is_flat_and_tells_everybody_each_time(pagerduty: PagerDuty) -> None:
    path = f"/incidents/{pagerduty.open_incident}/status_updates"
    made = pagerduty("POST", path, {"message": "We are putting the previous version back."})
    assert (made.status, made.json()["status_update"]["sender"]["type"]) == (200, "user_reference")


def test_an_incident_is_acknowledged_resolved_and_refuses_to_be_so_again(pagerduty: PagerDuty) -> None:
    path = f"/incidents/{pagerduty.open_incident}"
    for status, code in (("acknowledged", 1002), ("resolved", 1001)):
        body = {"incident": {"type": "incident_reference", "status": status}}
        assert pagerduty("PUT", path, body).json()["incident"]["status"] == status
        again = pagerduty("PUT", path, body)
        assert (again.status, again.json()["error"]["code"]) == (400, code)
    reopened = pagerduty("PUT", path, {"incident": {"status": "triggered"}}).json()["incident"]
    assert (reopened["status"], reopened["resolved_at"]) == ("triggered", None)


def test_an_incident_key_that_is_open_is_refused(pagerduty: PagerDuty) -> None:
    service = {"id": pagerduty.service, "type": "service_reference"}
    wanted = {"incident": {"type": "incident", "title": "Share links", "service": service, "incident_key": "inc-1"}}
    assert pagerduty("POST", "/incidents", wanted).status == 201
    assert pagerduty("POST", "/incidents", wanted).status == 400
    assert len(pagerduty.incidents("incident_key=inc-1")) == 1


def test_an_event_is_accepted_at_once_and_appears_later(pagerduty: PagerDuty, simulators: Simulators) -> None:
    accepted = pagerduty.event("trigger", "inc-42")
    assert (accepted.status, accepted.json()["dedup_key"]) == (202, "inc-42")
    assert pagerduty.incidents("incident_key=inc-42") == []
    simulators.advance(1)
    assert len(pagerduty.incidents("incident_key=inc-42")) == 1


def test_the_same_dedup_key_opens_one_incident_and_a_new_one_after_resolving(
    pagerduty: PagerDuty, simulators: Simulators
) -> None:
    for action in ("trigger", "trigger", "acknowledge", "resolve", "resolve", "trigger"):
        assert pagerduty.event(action, "inc-42").status == 202
        simulators.advance(1)
    found = pagerduty.incidents("incident_key=inc-42")
    assert [incident["status"] for incident in found] == ["triggered", "resolved"]


def test_resolving_what_nobody_opened_is_accepted_and_dropped(pagerduty: PagerDuty, simulators: Simulators) -> None:
    assert pagerduty.event("resolve", "never-opened").status == 202
    simulators.advance(1)
    assert len(pagerduty.incidents()) == 1


def test_an_event_that_is_not_well_formed_is_400_with_reasons(pagerduty: PagerDuty) -> None:
    refused = pagerduty.event("trigger", "inc-1", summary="")
    assert refused.status == 400
    assert refused.json()["errors"] == ["'payload.summary' is missing or blank"]


def test_responders_need_an_ability_of_the_plan(pagerduty: PagerDuty, simulators: Simulators) -> None:
    path = f"/incidents/{pagerduty.open_incident}/responder_requests"
    assert pagerduty("POST", path, {"message": "Help"}).status == 200
    simulators.settings("pagerduty", abilities=["teams"])
    refused = pagerduty("POST", path, {"message": "Help"})
    assert (refused.status, refused.json()["error"]["code"]) == (402, 2014)


def test_a_rate_limit_tells_seconds_until_reset_and_no_retry_after(
    pagerduty: PagerDuty, simulators: Simulators
) -> None:
    simulators.fault("status", slug="pagerduty", status=429)
    refused = pagerduty("POST", f"/incidents/{pagerduty.open_incident}/notes", {"note": {"content": "x"}})
    assert (refused.status, refused.json()["error"]["code"]) == (429, 2020)
    assert refused.headers["ratelimit-reset"] == "30"
    assert "retry-after" not in refused.headers


def test_a_wrong_key_is_401_and_a_page_too_far_is_400(pagerduty: PagerDuty) -> None:
    assert pagerduty("GET", "/incidents?offset=9990&limit=100").status == 400
    pagerduty.key = "wrong"
    refused = pagerduty("GET", "/services")
    assert (refused.status, refused.json()["error"]["code"]) == (401, 2006)


def test_a_webhook_subscription_tells_its_secret_once(pagerduty: PagerDuty) -> None:
    method = {"type": "http_delivery_method", "url": "https://portal.example/hooks/pagerduty/1"}
    wanted = {"delivery_method": method, "events": ["incident.triggered"], "filter": {"type": "account_reference"}}
    made = pagerduty("POST", "/webhook_subscriptions", {"webhook_subscription": wanted}).json()["webhook_subscription"]
    assert len(made["delivery_method"]["secret"]) == 64
    (listed,) = pagerduty("GET", "/webhook_subscriptions").json()["webhook_subscriptions"]
    assert "secret" not in listed["delivery_method"]
    assert pagerduty("POST", f"/webhook_subscriptions/{made['id']}/ping").status == 202
    assert pagerduty("DELETE", f"/webhook_subscriptions/{made['id']}").status == 204
    assert pagerduty("GET", f"/webhook_subscriptions/{made['id']}").status == 404


def test_the_key_of_an_event_may_stand_on_its_alert_only(pagerduty: PagerDuty, simulators: Simulators) -> None:
    simulators.settings("pagerduty", event_keys="on_alerts")
    pagerduty.event("trigger", "inc-42")
    simulators.advance(1)
    (incident,) = pagerduty.incidents("incident_key=inc-42")
    assert "incident_key" not in incident
    (alert,) = pagerduty("GET", f"/incidents/{incident['id']}/alerts").json()["alerts"]
    assert alert["alert_key"] == "inc-42"
