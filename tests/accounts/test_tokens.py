"""Tokens of people and of services: what they may, how they are made and ended, and how guessing is slowed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import GroupMapping, IdempotentAnswer, Organisation, Person, Role, RoleHolding, Token
from apps.accounts.tokens import new_secret
from apps.timeline.models import Event
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import TokenFactory

TOKENS, MAPPINGS = "/api/v1/tokens", "/api/v1/group-mappings"
SERVICE = {"name": "pipeline", "scopes": ["read", "write"], "service": True}


def post(client: Client, body: Any, path: str = TOKENS, **headers: str) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


def bearer(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_an_administrator_makes_and_ends_a_services_token_on_the_page(ada: Person, rae: Person) -> None:
    browser = sign_in(ada)
    made = browser.post("/people/tokens/", {"name": "pipeline", "scopes": ["read", "write"], "days": "30"})
    assert made.status_code == 201
    token = Token.objects.get()
    assert token.person is None
    assert token.secret_hash not in made.content.decode()
    assert "data-token>rb_" in made.content.decode()
    assert "data-token" not in browser.get("/people/tokens/").content.decode()
    assert sign_in(rae).get("/people/tokens/").status_code == 403
    assert sign_in(rae).post(f"/people/tokens/{token.pk}/revocation/").status_code == 403
    browser.post(f"/people/tokens/{token.pk}/revocation/")
    assert Token.objects.get().revoked_at is not None


def test_the_api_tells_the_secret_once_and_it_works(ada: Person) -> None:
    made = post(program(ada), SERVICE).json()
    service = bearer(made["secret"])
    assert service.get("/api/v1/people").status_code == 200
    listed = program(ada, "read").get(TOKENS).json()["items"]
    ours = next(each for each in listed if each["id"] == made["id"])
    assert "secret" not in ours
    assert (ours["owner"], ours["scopes"]) == (None, ["read", "write"])
    assert ours["last_used_at"] is not None
    assert program(ada).delete(f"{TOKENS}/{made['id']}").status_code == 204
    assert service.get("/api/v1/people").status_code == 401


def test_a_repeat_makes_no_second_token_and_the_secret_is_written_nowhere(ada: Person) -> None:
    client = program(ada)
    before = Token.objects.count()
    first = post(client, SERVICE, **{"Idempotency-Key": "k"}).json()
    again = post(client, SERVICE, **{"Idempotency-Key": "k"}).json()
    assert (again["id"], again["secret"]) == (first["id"], None)
    assert Token.objects.count() == before + 1
    assert first["secret"] not in IdempotentAnswer.objects.get().body
    assert first["secret"] not in str(Event.objects.values_list("text", "details"))


@pytest.mark.parametrize("scope", ["approve", "admin"])
def test_a_service_never_votes_or_administers(ada: Person, scope: str) -> None:
    answer = post(program(ada), {**SERVICE, "scopes": ["read", scope]})
    assert (answer.status_code, answer.json()["field"]) == (422, "scopes")


def test_only_an_administrator_with_that_scope_makes_one_for_a_service(ada: Person, rae: Person) -> None:
    assert post(program(ada, "read", "write"), SERVICE).status_code == 403
    assert post(program(rae), SERVICE).status_code == 403
    made = post(program(ada), SERVICE).json()
    assert post(bearer(made["secret"]), SERVICE).status_code == 403


def test_a_token_makes_none_that_may_do_more_or_lives_longer(rae: Person) -> None:
    ends = timezone.now() + timedelta(days=3)
    mine = TokenFactory(person=rae, scopes=["read", "write"], expires_at=ends)
    client = Client(headers=mine.header)
    assert post(client, {"name": "more", "scopes": ["approve"]}).status_code == 403
    made = post(client, {"name": "same", "scopes": ["read"]}).json()
    assert Token.objects.get(pk=made["id"]).expires_at == ends
    assert made["owner"] == rae.email


def test_nobody_sees_or_ends_somebody_elses_token(ada: Person, rae: Person, mallory: Person) -> None:
    hers = TokenFactory(person=rae)
    for stranger in (ada, mallory):
        client = program(stranger)
        assert str(hers.pk) not in client.get(TOKENS).content.decode()
        assert client.delete(f"{TOKENS}/{hers.pk}").status_code == 404
    assert Token.objects.get(pk=hers.pk).revoked_at is None


def test_an_end_in_the_past_is_refused(ada: Person) -> None:
    answer = post(program(ada), {**SERVICE, "expires_at": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["field"]) == (422, "expires_at")


def test_ten_wrong_secrets_close_the_door_for_that_token_from_there_only(ada: Person) -> None:
    token = TokenFactory(person=ada)
    wrong = bearer(f"rb_{token.prefix}_{'0' * 64}")
    statuses = [wrong.get("/api/v1/people").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert Client(headers=token.header).get("/api/v1/people").status_code == 429
    assert Client(headers=token.header, REMOTE_ADDR="192.0.2.7").get("/api/v1/people").status_code == 200
    assert Client(headers=TokenFactory(person=ada).header).get("/api/v1/people").status_code == 200


def test_unknown_tokens_are_counted_too(db: None) -> None:
    answers = [bearer(new_secret()[1]).get("/api/v1/people") for _ in range(101)]
    assert [answer.status_code for answer in answers] == [401] * 100 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


# --- groups of the sign-in service ---------------------------------------------------------------------------------


def test_groups_are_mapped_by_the_api(ada: Person) -> None:
    client = program(ada)
    made = post(client, {"group": "deciders", "role": "founder"}, MAPPINGS)
    assert made.status_code == 201
    assert client.get(MAPPINGS).json()["items"] == [made.json()]
    assert post(client, {"group": "deciders", "role": "founder"}, MAPPINGS).status_code == 422
    assert post(client, {"group": "deciders", "role": "nobody"}, MAPPINGS).json()["code"] == "unknown_reference"
    assert client.delete(f"{MAPPINGS}/{made.json()['id']}").status_code == 204
    assert not GroupMapping.objects.exists()
    assert list(Event.objects.filter(kind__startswith="group.").order_by("id").values_list("kind", flat=True)) == [
        "group.mapped",
        "group.unmapped",
    ]


def test_groups_are_mapped_on_the_page(ada: Person, rae: Person) -> None:
    browser = sign_in(ada)
    assert browser.post("/people/groups/", {"group": "deciders", "role": "founder"}).status_code == 302
    assert b"deciders" in browser.get("/people/groups/").content
    assert browser.post("/people/groups/", {"group": "deciders", "role": "founder"}).status_code == 400
    mapping = GroupMapping.objects.get()
    assert sign_in(rae).get("/people/groups/").status_code == 403
    assert sign_in(rae).post(f"/people/groups/{mapping.pk}/removal/").status_code == 403
    assert browser.post(f"/people/groups/{mapping.pk}/removal/").status_code == 302
    assert not GroupMapping.objects.exists()


def test_a_mapping_of_another_organisation_is_missing(ada: Person, mallory: Person) -> None:
    role = Role.objects.get(organisation=mallory.organisation, slug="founder")
    theirs = GroupMapping.objects.create(
        organisation=mallory.organisation, provider="oidc", group="deciders", role=role
    )
    assert program(ada).delete(f"{MAPPINGS}/{theirs.pk}").status_code == 404
    assert sign_in(ada).post(f"/people/groups/{theirs.pk}/removal/").status_code == 404
    assert program(ada).get(MAPPINGS).json()["items"] == []


def test_only_who_manages_people_reads_or_changes_mappings(rae: Person, team: Organisation) -> None:
    assert program(rae).get(MAPPINGS).status_code == 403
    assert post(program(rae), {"group": "g", "role": "admin"}, MAPPINGS).status_code == 403
    assert RoleHolding.objects.filter(person=rae, role__slug="admin").count() == 0
