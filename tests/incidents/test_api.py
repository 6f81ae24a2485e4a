"""Incidents as programs see them."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from apps.incidents import lifecycle
from apps.incidents.models import Incident
from tests.incidents.factories import IncidentFactory, released

THREE = {"title": "Share links fail", "severity": "P1", "service": "portal", "environment": "production"}


def test_three_facts_declare_an_incident(program, ian, environment):
    answer = program(ian).post("/incidents", THREE)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["reference"], body["state"], body["service"], body["environment"]) == (
        "INC-1", "investigating", "portal", "production",
    )  # fmt: skip
    assert body["commander"]["name"] == "Ian Commander"
    assert body["html_url"].endswith(f"/incidents/{body['id']}/")
    assert body["started_at"].endswith("Z")


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"title": ""}, 422, "invalid", "title"),
        ({"title": None}, 422, "invalid", "title"),
        ({"severity": "P7"}, 422, "invalid", "severity"),
        ({"service": "nowhere"}, 422, "unknown_reference", "service"),
        ({"environment": "nowhere"}, 422, "unknown_reference", "environment"),
        ({"started_at": "yesterday"}, 422, "invalid", "started_at"),
        ({"started_at": "2026-01-01T00:00:00"}, 422, "invalid", "started_at"),
        ({"affected_users_percent": 200}, 422, "invalid", "affected_users_percent"),
        ({"colour": "red"}, 422, "invalid", "colour"),
        ({"title": "a\u0000b"}, 422, "invalid", "title"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_written(program, ian, environment, change, status, code, field):
    answer = program(ian).post("/incidents", {**THREE, **change})
    assert answer.status_code == status
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)
    assert not Incident.objects.exists()


def test_the_same_key_gives_the_same_incident(program, ian, environment):
    caller = program(ian)
    first = caller.post("/incidents", THREE, **{"Idempotency-Key": "k1"})
    again = caller.post("/incidents", THREE, **{"Idempotency-Key": "k1"})
    other = caller.post("/incidents", {**THREE, "severity": "P2"}, **{"Idempotency-Key": "k1"})
    assert first.json() == again.json()
    assert other.status_code == 422
    assert Incident.objects.count() == 1


def test_a_foreign_incident_and_an_unknown_one_are_the_same_404(program, mallory, environment):
    foreign = program(mallory).get(f"/incidents/{IncidentFactory(environment=environment).pk}")
    unknown = program(mallory).get("/incidents/0190163d-8694-739b-aea5-966c26f8ad91")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


def test_a_token_that_only_reads_cannot_declare(program, ian, environment):
    answer = program(ian, scopes=("read",)).post("/incidents", THREE)
    assert answer.status_code == 403
    assert not Incident.objects.exists()


def test_lists_go_on_where_they_stopped_and_filters_combine(program, ian, environment):
    made = [IncidentFactory(environment=environment, title=f"Number {n}", severity=f"P{n % 2}") for n in range(5)]
    lifecycle.resolve(made[0], by=ian)
    caller = program(ian)
    seen, after = [], None
    while True:
        page = caller.get("/incidents", limit=2, **({"after": after} if after else {})).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [str(incident.pk) for incident in reversed(made)]
    assert [i["title"] for i in caller.get("/incidents", severity="P0", state="active").json()["items"]] == [
        "Number 4", "Number 2",
    ]  # fmt: skip
    assert [i["title"] for i in caller.get("/incidents", q="number 3").json()["items"]] == ["Number 3"]
    assert caller.get("/incidents", colour="red").status_code == 422


def test_resolving_needs_no_body_and_happens_once(program, ian, environment):
    incident = IncidentFactory(environment=environment)
    caller = program(ian)
    first = caller.post(f"/incidents/{incident.pk}/resolution")
    again = caller.post(f"/incidents/{incident.pk}/resolution", {"note": "again"})
    assert (first.status_code, first.json()["state"]) == (201, "resolved")
    assert (again.status_code, again.json()["state"]) == (409, "resolved")


def test_a_stakeholder_reads_what_the_status_page_says_and_no_more(program, ian, stella, environment):
    incident = IncidentFactory(environment=environment, summary="canary-summary")
    lifecycle.identify(incident, by=ian, suspect=released(environment, "canary-version", 10), reason="canary")
    lifecycle.note(incident, by=ian, text="canary-note")
    caller = program(stella)
    said = [caller.get(f"/incidents/{incident.pk}{path}") for path in ("", "/timeline")]
    said += [caller.get("/incidents"), caller.get("/incidents", q="canary")]
    assert {answer.status_code for answer in said} == {200}
    assert "canary" not in json.dumps([answer.json() for answer in said])
    assert caller.get(f"/incidents/{incident.pk}/checklists").status_code == 403
    assert caller.get("/audit").status_code == 403
    assert caller.post("/incidents", THREE).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_timeline_goes_on_after_a_number(program, ian, environment):
    incident = IncidentFactory(environment=environment)
    for number in range(5):
        lifecycle.note(incident, by=ian, text=f"note {number}")
    caller = program(ian)
    first = caller.get(f"/incidents/{incident.pk}/timeline", limit=4).json()
    rest = caller.get(f"/incidents/{incident.pk}/timeline", after=first["next"]).json()
    assert [item["text"] for item in rest["items"]] == ["Ian Commander noted: note 3", "Ian Commander noted: note 4"]
    assert rest["next"] is None
    assert set(first["items"][0]) >= {
        "seq", "kind", "occurred_at", "recorded_at", "actor", "subject", "text", "details",
    }  # fmt: skip
    assert caller.get(f"/incidents/{incident.pk}/timeline", after="x").status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_record_carries_its_hashes(program, ian, environment):
    IncidentFactory(environment=environment)
    items = program(ian).get("/audit", limit=200).json()["items"]
    assert [item["seq"] for item in items] == list(range(1, len(items) + 1))
    assert all(later["previous_hash"] == earlier["hash"] for earlier, later in pairwise(items))
