"""Rows of the threat catalogue that are tried nowhere else, by their number; and that every row is tried."""

from __future__ import annotations

import ast
import json
import pickle
import re
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from kombu import serialization
from kombu.exceptions import ContentDisallowed

from apps.accounts.models import Person
from apps.incidents.models import Incident
from apps.providers import receiving
from apps.providers.models import Receipt
from rollback_portal.api import api
from rollback_portal.celery import app as celery
from tests.accounts.conftest import ada, mallory, program, sign_in, team
from tests.house.sources import ROOT, document, modules, places
from tests.incidents.factories import place
from tests.providers.test_hooks import BODY, connected, send
from tests.security import broken_urls
from tests.security.rows import NOT_TRIED, TRIED

__all__ = ["ada", "mallory", "team"]
EVERY_ROW = {*range(1, 43), *range(54, 67)}
SCHEMA = api.get_openapi_schema()
NOBODY_GIVES = (
    "organisation_id", "state", "requester_id", "approver_id", "required_approvals", "is_staff", "is_superuser",
    "fence", "id", "created_at", "secret_hash",
)  # fmt: skip
SMUGGLED = (
    "order_by=secret_hash", "ordering=-user__password", "filter=requester__user__password__startswith=a",
    "_connector=OR", "state__in=running", "user__password__startswith=a", "organisation=elsewhere",
    "organisation_id=1", "fields=*",
)  # fmt: skip
WRITERS = {"Vote": {"apps/approvals/voting.py"}, "Attempt": {"apps/rollbacks/sending.py"}}


def test_every_row_of_the_catalogue_is_tried_or_says_why_not() -> None:
    assert set(TRIED) | set(NOT_TRIED) == EVERY_ROW
    assert not set(TRIED) & set(NOT_TRIED)
    missing = [name for _, names in TRIED.values() for name in names if not _exists(name)]
    assert missing == []


def test_the_page_of_promises_names_tests_that_exist() -> None:
    named = set(re.findall(r"tests/[\w/]+\.py::test_\w+", document("security.md")))
    assert len(named) > 10
    assert [name for name in sorted(named) if not _exists(name)] == []


def _exists(name: str) -> bool:
    path, _, function = name.partition("::")
    return (ROOT / path).is_file() and f"def {function}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("smuggled", SMUGGLED)
def test_row_03_lists_are_not_filtered_by_what_nobody_declared(ada: Person, smuggled: str) -> None:
    client = program(ada, "read")
    lists = [path for path, methods in SCHEMA["paths"].items() if "get" in methods and "{" not in path]
    wrong = [path for path in lists if client.get(f"{path}?{smuggled}").status_code != 422]
    assert len(lists) > 10
    assert wrong == []


def test_row_04_no_request_is_spread_into_a_query() -> None:
    asking = {"filter", "exclude", "annotate", "order_by", "get", "update", "create", "extra", "alias"}
    found = [
        place
        for name, tree in modules().items()
        if "/simulator/" not in name  # the outside world of tests and demos knows no database
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asking
        for each in [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg is None)]
        if any(
            word in ast.unparse(each) for word in ("request.GET.dict", "request.POST.dict", "**request", "model_dump(")
        )
        for place in places(name, iter([node]))
    ]
    assert found == []


def test_row_05_a_field_that_nobody_may_give_is_refused_by_every_operation() -> None:
    loose = [
        f"{method} {path}"
        for path, methods in SCHEMA["paths"].items()
        for method, operation in methods.items()
        for schema in _bodies(operation)
        if schema.get("additionalProperties") is not False or set(schema["properties"]) & set(NOBODY_GIVES)
    ]
    assert loose == []


def _bodies(operation: dict[str, Any]) -> list[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = [part["$ref"] for part in [content, *content.get("anyOf", [])] if "$ref" in part]
    return [SCHEMA["components"]["schemas"][name.rpartition("/")[2]] for name in named]


def test_row_05_a_form_takes_no_field_beside_its_own(ada: Person, mallory: Person) -> None:
    extra = {name: str(mallory.organisation_id) for name in NOBODY_GIVES}
    answer = sign_in(ada).post("/profile/details/", {"name": "Ada", "time_zone": "", **extra, "active": ""})
    assert answer.status_code == 302
    again = Person.objects.select_related("user").get(pk=ada.pk)
    assert (again.name, again.organisation_id, again.active) == ("Ada", ada.organisation_id, True)
    assert not again.user.is_staff
    assert not again.user.is_superuser


def test_row_17_votes_and_attempts_are_written_by_their_own_function_alone() -> None:
    assert "django.contrib.admin" not in configured.INSTALLED_APPS
    assert {name: _writers_of(name) for name in WRITERS} == WRITERS


def _writers_of(model: str) -> set[str]:
    creating = {
        model,
        *(f"{model}.objects.{verb}" for verb in ("create", "bulk_create", "get_or_create", "update_or_create")),
    }
    return {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in creating
    }


def test_row_19_a_session_is_no_way_into_the_api(ada: Person) -> None:
    browser = sign_in(ada)
    assert browser.get("/api/v1/people").status_code == 401
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        answer = browser.post("/api/v1/incidents", b'{"title": "x"}', content_type=kind)
        assert answer.status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_row_19_a_form_from_another_origin_is_refused(ada: Person, origin: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(ada).cookies
    strict.get("/profile/")
    token = strict.cookies[configured.CSRF_COOKIE_NAME].value
    form = {"name": "Forged", "time_zone": "", "csrfmiddlewaretoken": token}
    assert strict.post("/profile/details/", form, headers={"Origin": origin}).status_code == 403
    assert strict.post("/profile/details/", form).status_code == 302  # the token itself is a good one


@pytest.mark.parametrize("text", ["Pay\u202egnp.exe", "Pay\u2066ment", "Pay\u200bment", "Pay\x1b[31m", "Pay\r\nment"])
def test_row_23_what_turns_or_hides_text_is_not_stored_as_a_name(ada: Person, text: str) -> None:
    answer = program(ada).post("/api/v1/services", {"slug": "another", "name": text}, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["field"] == "name"


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_row_31_an_operation_takes_nothing_compressed(ada: Person, coding: str) -> None:
    headers = {"Content-Encoding": coding}
    answer = program(ada).post("/api/v1/services", b"\x1f\x8b", content_type="application/json", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["code"] == "encoded"


OVERGROWN = {
    "deep": b'{"id":"evt_1","type":' + b"[" * 40 + b"]" * 40 + b"}",
    "very deep": b'{"id":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "wide": b'{"id":"evt_1","type":[' + b",".join([b"1"] * 10_001) + b"]}",
    "many names": json.dumps({f"n{number}": 1 for number in range(10_001)}).encode(),
}


@pytest.mark.parametrize("body", OVERGROWN.values(), ids=OVERGROWN.keys())
def test_row_32_overgrown_json_is_refused_by_operations_and_hooks(ada: Person, body: bytes) -> None:
    answer = program(ada).post("/api/v1/services", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert send(connected(), body).status_code == 422
    assert bytes(Receipt.objects.get().body) == body  # kept as it came, before anybody read it


def test_row_33_a_form_is_no_json_and_a_method_in_it_means_nothing(ada: Person) -> None:
    client, kind = program(ada), "application/x-www-form-urlencoded"
    answer = client.post("/api/v1/services", b"slug=new&name=New&_method=DELETE", content_type=kind)
    assert answer.status_code == 422
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="p{number}"\r\n\r\n1\r\n' for number in range(10_000))
    many = sign_in(ada).post(
        "/profile/details/", (parts + "--x--\r\n").encode(), content_type="multipart/form-data; boundary=x"
    )
    assert many.status_code == 400


def test_row_37_a_connection_that_floods_is_slowed_down_and_no_other(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "DELIVERIES_PER_WINDOW", 3)
    monkeypatch.setattr(receiving.time, "time", lambda: 1_800_000_010.0)
    noisy, quiet = connected(), connected()
    bodies = [BODY.replace(b"evt_1", b"evt_%d" % number) for number in range(5)]
    assert [send(noisy, body).status_code for body in bodies] == [200, 200, 200, 429, 429]
    assert send(noisy, bodies[4]).headers["Retry-After"] == "50"
    assert send(quiet).status_code == 200
    assert Receipt.objects.filter(connection=noisy).count() == 3
    assert configured.CACHES["default"]["BACKEND"].endswith("DatabaseCache")  # Valkey may go, the count stays


@pytest.mark.parametrize("path", ["/fails/", "/api/v1/fails"])
def test_row_58_a_mistake_shows_a_number_and_nothing_else(db: None, settings: Any, path: str) -> None:
    settings.ROOT_URLCONF = "tests.security.broken_urls"
    answer = Client(raise_request_exception=False).get(path)
    said = answer.content.decode()
    assert answer.status_code == 500
    assert broken_urls.SECRET not in said
    assert not [word for word in ("Traceback", "RuntimeError", "broken_urls", "hunter2", ".py") if word in said]


def test_row_60_nothing_but_json_is_taken_from_the_broker() -> None:
    assert list(celery.conf.accept_content) == ["json"]
    assert celery.conf.task_serializer == "json"
    with pytest.raises(ContentDisallowed):
        serialization.loads(
            pickle.dumps({"id": 1}), "application/x-python-serialize", "binary", accept=celery.conf.accept_content
        )


def test_row_64_a_playbook_has_an_end(ada: Person) -> None:
    steps = "".join(f"  - {{name: Step {number}, human: Turn the key}}\n" for number in range(10_000))
    content = f"version: 1\nslug: endless\nname: Endless\nsteps:\n{steps}"
    answer = program(ada).post("/api/v1/playbooks", content, content_type="application/yaml")
    assert answer.status_code in {413, 422}
    assert place(ada.organisation)
    assert not Incident.objects.exists()
