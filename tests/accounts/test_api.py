"""The API's root, by way of people and roles: who gets in, and what every wrong call is told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts import giving_tokens, lifecycle, tokens
from apps.accounts.models import IdempotentAnswer, Organisation, Person, Role, Token
from apps.accounts.roles import STANDARD_ROLES
from apps.timeline.log import SYSTEM
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import TokenFactory

NEW = {"email": "kim@harbour.example", "name": "Kim", "roles": ["founder"]}


def post(client: Client, body: Any, path: str = "/api/v1/people", **headers: str) -> Any:
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(path, raw, content_type="application/json", headers=headers)


def is_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert {"title", "status", "detail", "code"} <= told.keys()
    assert (told["status"], told["code"]) == (status, code)
    return told


def test_a_person_is_added_listed_and_has_a_page(ada: Person) -> None:
    client = program(ada)
    answer = post(client, NEW)
    assert answer.status_code == 201
    kim = answer.json()
    assert kim["roles"] == ["founder"]
    assert kim["html_url"].endswith(f"/people/{kim['id']}/")
    listed = client.get("/api/v1/people").json()
    assert [each["email"] for each in listed["items"]] == ["ada@harbour.example", "kim@harbour.example"]
    assert listed["next"] is None


def test_roles_are_listed(ada: Person) -> None:
    items = program(ada, "read").get("/api/v1/roles").json()["items"]
    assert {"incident-commander", "founder", "stakeholder"} <= {role["slug"] for role in items}


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic abc", "Bearer", "Bearer x", "Bearer rb_", "Bearer rb_a_b", "Bearer rb_\u00e9_x"],
)
def test_without_a_valid_token_nobody_gets_in(ada: Person, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = Client(headers=headers).get("/api/v1/people")
    is_problem(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_way_into_the_api(ada: Person) -> None:
    is_problem(sign_in(ada).get("/api/v1/people"), 401, "unauthenticated")


def test_a_wrong_secret_expired_and_revoked_tokens_look_the_same(ada: Person) -> None:
    good = TokenFactory(person=ada)
    wrong = Client(headers={"Authorization": f"Bearer rb_{good.prefix}_{'0' * 64}"})
    expired = TokenFactory(person=ada, expires_at=timezone.now() - timedelta(seconds=1))
    revoked = TokenFactory(person=ada)
    giving_tokens.revoke_token(revoked, by=ada)
    answers = [
        client.get("/api/v1/people").content
        for client in (wrong, Client(headers=expired.header), Client(headers=revoked.header))
    ]
    assert len(set(answers)) == 1
    assert json.loads(answers[0])["status"] == 401


def test_a_deactivated_person_s_token_is_dead_at_once(ada: Person, rae: Person) -> None:
    client = program(rae)
    assert client.get("/api/v1/people").status_code == 200
    lifecycle.deactivate_person(rae, by=ada)
    is_problem(client.get("/api/v1/people"), 401, "unauthenticated")


def test_guessing_tokens_is_slowed_down_and_does_not_lock_out_valid_ones(ada: Person) -> None:
    guesser = Client(headers={"Authorization": "Bearer rb_00_00"})
    answers = [guesser.get("/api/v1/people") for _ in range(tokens.FAILURES_PER_WINDOW + 1)]
    assert answers[-2].status_code == 401
    is_problem(answers[-1], 429, "too_often")
    assert int(answers[-1]["Retry-After"]) >= 1
    assert program(ada).get("/api/v1/people").status_code == 200


def test_too_many_calls_with_one_token_are_told_when_to_come_back(ada: Person) -> None:
    token = TokenFactory(person=ada)
    client = Client(headers=token.header)
    assert client.get("/api/v1/people").status_code == 200
    Token.objects.filter(pk=token.pk).update(calls_in_window=tokens.CALLS_PER_WINDOW)
    answer = client.get("/api/v1/people")
    is_problem(answer, 429, "too_often")
    assert 1 <= int(answer["Retry-After"]) <= 61
    Token.objects.filter(pk=token.pk).update(window_started_at=timezone.now() - timedelta(minutes=2))
    assert client.get("/api/v1/people").status_code == 200


def test_a_token_that_may_only_read_changes_nothing(ada: Person) -> None:
    is_problem(post(program(ada, "read"), NEW), 403, "scope_missing")
    is_problem(post(program(ada, "write", "approve"), NEW), 403, "scope_missing")
    assert Person.objects.count() == 1


def test_the_scope_does_not_replace_the_person_s_right(rae: Person) -> None:
    told = is_problem(post(program(rae), NEW), 403, "forbidden")
    assert told["detail"] == "Only an Administrator may manage people, services and connections."


def test_a_service_token_reads_and_does_not_administer(team: Organisation, ada: Person) -> None:
    _, secret = giving_tokens.create_token(team, person=None, name="pipeline", scopes=["write", "admin"], by=SYSTEM)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get("/api/v1/people").status_code == 200
    is_problem(post(client, NEW), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**NEW, "is_staff": True}, "is_staff"),
        ({**NEW, "organisation": str(uuid4())}, "organisation"),
        ({"name": "Kim"}, "email"),
        ({**NEW, "email": "nobody"}, "email"),
        ({**NEW, "email": 5}, "email"),
        ({**NEW, "name": "x" * 201}, "name"),
        ({**NEW, "name": "a\x00b"}, "name"),
        ({**NEW, "name": "a\ud800b"}, "name"),
        ({**NEW, "roles": "founder"}, "roles"),
        ({**NEW, "roles": [["founder"]]}, "roles.0"),
    ],
)
def test_what_cannot_be_used_is_named(ada: Person, body: dict[str, Any], field: str) -> None:
    told = is_problem(post(program(ada), body), 422, "invalid")
    assert told["field"] == field
    assert field in told["detail"]
    assert Person.objects.count() == 1


def test_foreign_and_unknown_references_get_the_same_answer(ada: Person, mallory: Person) -> None:
    Role.objects.create(organisation=mallory.organisation, slug="theirs", name="Theirs")
    client = program(ada)
    foreign = post(client, {**NEW, "roles": ["theirs"]})
    unknown = post(client, {**NEW, "roles": ["nowhere"]})
    is_problem(foreign, 422, "unknown_reference")
    assert foreign.content == unknown.content


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b'{"email": NaN}',
        b'{"email": Infinity}',
        b'{"email": 1e999}',
        b'{"email": ' + b"9" * 5000 + b"}",
        b'{"email": "a", "email": "b"}',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 1100 + b"1" + b"}" * 1100,
        b'{"roles": [' + b"1," * 20_000 + b"1]}",
        b'{"\\u0000": 1}',
    ],
)
def test_junk_is_refused_with_a_problem(ada: Person, raw: bytes) -> None:
    answer = post(program(ada), raw)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"


def test_a_body_above_one_megabyte_is_too_large(ada: Person) -> None:
    is_problem(post(program(ada), b'{"name": "' + b"x" * 1_048_577 + b'"}'), 413, "too_large")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.fixed_dictionaries({}, optional={"email": JSON, "name": JSON, "roles": JSON, "extra": JSON}) | JSON


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_no_json_whatsoever_breaks_the_api(ada: Person, body: Any) -> None:
    answer = post(program(ada), json.dumps(body))
    assert answer.status_code in {201, 422}
    if answer.status_code == 422:
        assert answer.json()["code"] in {"invalid", "malformed", "unknown_reference"}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(["after", "limit", "x"]), st.text(max_size=20)))
def test_no_query_whatsoever_breaks_a_list(ada: Person, query: dict[str, str]) -> None:
    answer = program(ada).get("/api/v1/people", query)
    assert answer.status_code in {200, 422}


def test_a_misspelt_parameter_is_named(ada: Person) -> None:
    told = is_problem(program(ada).get("/api/v1/people?stat=open"), 422, "invalid")
    assert told["field"] == "stat"


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1.5", "٣", "9" * 400])
def test_an_impossible_limit_is_named(ada: Person, limit: str) -> None:
    assert is_problem(program(ada).get("/api/v1/people", {"limit": limit}), 422, "invalid")["field"] == "limit"


def test_pages_follow_each_other_without_gap_or_repeat(ada: Person, rae: Person, sam: Person) -> None:
    client, seen, after = program(ada), [], ""
    while after is not None:
        found = client.get("/api/v1/roles", {"limit": "5", **({"after": after} if after else {})}).json()
        seen += [role["slug"] for role in found["items"]]
        after = found["next"]
    assert seen == sorted(set(seen))
    assert len(seen) == len(STANDARD_ROLES)


@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere", "/api/v1/", "/api/nowhere", "/api/v1/people/../x", "/api/v1/x%00y"]
)
def test_an_unknown_address_is_a_problem_too(ada: Person, path: str) -> None:
    is_problem(program(ada).get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_method_that_is_not_there_is_a_problem_too(ada: Person, method: str) -> None:
    is_problem(getattr(program(ada), method)("/api/v1/people"), 405, "method_not_allowed")


def test_other_organisations_are_not_seen(ada: Person, mallory: Person) -> None:
    emails = [each["email"] for each in program(mallory).get("/api/v1/people").json()["items"]]
    assert emails == ["mallory@elsewhere.example"]


def test_the_same_key_and_body_get_the_first_answer(ada: Person) -> None:
    client = program(ada)
    first = post(client, NEW, **{"Idempotency-Key": "k1"})
    again = post(client, NEW, **{"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert Person.objects.count() == 2


def test_the_same_key_with_another_body_is_refused(ada: Person) -> None:
    client = program(ada)
    post(client, NEW, **{"Idempotency-Key": "k1"})
    other = post(client, {**NEW, "email": "x@harbour.example"}, **{"Idempotency-Key": "k1"})
    is_problem(other, 422, "idempotency_key_reused")
    assert Person.objects.count() == 2


def test_a_key_that_is_in_flight_is_told_so_and_an_abandoned_one_is_taken_over(ada: Person) -> None:
    client = program(ada)
    post(client, NEW, **{"Idempotency-Key": "k1"})
    row = IdempotentAnswer.objects.get()
    IdempotentAnswer.objects.update(status=None, body="")
    is_problem(post(client, NEW, **{"Idempotency-Key": "k1"}), 409, "in_flight")
    IdempotentAnswer.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    told = is_problem(post(client, NEW, **{"Idempotency-Key": "k1"}), 422, "invalid")
    assert "already here" in told["detail"]


def test_a_refused_call_leaves_its_key_free(ada: Person) -> None:
    client = program(ada)
    is_problem(post(client, {**NEW, "roles": ["nowhere"]}, **{"Idempotency-Key": "k1"}), 422, "unknown_reference")
    assert post(client, NEW, **{"Idempotency-Key": "k1"}).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_an_unreadable_key_is_refused(ada: Person, key: str) -> None:
    is_problem(post(program(ada), NEW, **{"Idempotency-Key": key}), 422, "invalid")


def test_keys_of_two_tokens_do_not_meet(ada: Person) -> None:
    post(program(ada), NEW, **{"Idempotency-Key": "k1"})
    other = post(program(ada), {**NEW, "email": "x@harbour.example"}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 201


def test_only_the_hash_of_a_secret_is_kept(ada: Person) -> None:
    token = TokenFactory(person=ada)
    kept = Token.objects.filter(pk=token.pk).values().get()
    secret = token.secret.rpartition("_")[2]
    assert secret not in str(kept)


def test_the_description_is_a_valid_openapi_document(db: None) -> None:
    from openapi_spec_validator import validate

    document = Client().get("/api/v1/openapi.json").json()
    validate(document)
    create = document["paths"]["/api/v1/people"]["post"]
    assert "Idempotency-Key" in {each["name"] for each in create["parameters"]}
    assert {"401", "403", "404", "409", "413", "422", "429"} <= create["responses"].keys()
