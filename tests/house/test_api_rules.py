"""Rules that every operation of the API keeps, read from its own description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.models import Person
from rollback_portal.api import api
from tests.accounts.conftest import program

OPERATIONS = [
    (method, path, operation)
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method, operation in methods.items()
]
CHANGING = [(method, path) for method, path, _ in OPERATIONS if method != "get"]
UNREADABLE_IDS = ["x", "%00", "%20", "..%2f", "0", "%F0%9F%92%A5", "x" * 300, str(uuid4())]
EMPTY_BODIES = [{"no_such_field": 1}, [], None, "text", {"a": {"b": [1, 2, {"c": None}]}}]
WRONG_PAGES = [{"limit": "0"}, {"limit": "x"}, {"limit": "999"}, {"after": "x"}, {"after": "\x00"}]


def filled(path: str, value: str) -> str:
    """Put `value` in the place of every parameter of a path."""
    return re.sub(r"\{[^}]+\}", value, path)


def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    raw = "" if body is None else json.dumps(body)
    return client.generic(method.upper(), path, raw, content_type="application/json")


def refusals(answer: Any, *allowed: int) -> Iterator[str]:
    """Yield what is wrong with an answer that should be one of these refusals."""
    if answer.status_code not in allowed:
        yield f"{answer.status_code} {answer.content[:200]!r}"
    elif answer["Content-Type"] != "application/problem+json" or answer.json()["status"] != answer.status_code:
        yield f"no problem document: {answer.content[:200]!r}"


def test_without_a_token_nothing_is_answered(db: None) -> None:
    wrong = [
        (method, path, fault)
        for method, path, _ in OPERATIONS
        for fault in refusals(call(Client(), method, filled(path, str(uuid4())), {}), 401)
    ]
    assert wrong == []


def test_a_reading_token_changes_nothing(ada: Person) -> None:
    client = program(ada, "read")
    wrong = [
        (method, path, fault)
        for method, path in CHANGING
        for fault in refusals(call(client, method, filled(path, str(uuid4())), {}), 403)
    ]
    assert wrong == []


def test_an_id_that_is_not_here_is_missing_however_it_is_written(ada: Person) -> None:
    client = program(ada)
    wrong = [
        (method, path, value, fault)
        for method, path, _ in OPERATIONS
        if "{" in path
        for value in UNREADABLE_IDS
        for fault in refusals(
            call(client, method, filled(path, value), None if method == "get" else {}),
            404,
            *([] if method == "get" else [422]),
        )
    ]
    assert wrong == []


def test_a_body_that_says_nothing_is_refused(ada: Person) -> None:
    client = program(ada)
    wrong = [
        (method, path, body, fault)
        for method, path in CHANGING
        for body in EMPTY_BODIES
        for fault in refusals(call(client, method, filled(path, str(uuid4())), body), 403, 404, 409, 422)
    ]
    assert wrong == []


def test_a_parameter_that_is_not_declared_is_refused(ada: Person) -> None:
    client = program(ada)
    wrong = []
    for method, path, _ in OPERATIONS:
        answer = call(client, method, filled(path, str(uuid4())) + "?no_such_filter=1", {})
        if answer.status_code != 422 or answer.json()["field"] != "no_such_filter":
            wrong.append((method, path, answer.content))
    assert wrong == []


def test_every_list_refuses_a_page_that_cannot_be(ada: Person) -> None:
    client = program(ada)
    lists = [
        path
        for method, path, operation in OPERATIONS
        if method == "get" and "{" not in path and "after" in _names(operation)
    ]
    assert "/api/v1/incidents" in lists
    wrong = [
        (path, page, fault) for path in lists for page in WRONG_PAGES for fault in refusals(client.get(path, page), 422)
    ]
    assert wrong == []


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_operation_is_described(method: str, path: str, operation: Any) -> None:
    assert operation["summary"]
    assert operation["tags"]
    assert {"401", "404", "422", "429"} <= operation["responses"].keys()


def test_every_operation_that_creates_takes_an_idempotency_key() -> None:
    missing = [
        (method, path)
        for method, path, operation in OPERATIONS
        if method != "get"
        and "201" in {str(status) for status in operation["responses"]}
        and "Idempotency-Key" not in _names(operation)
    ]
    assert missing == []


def test_every_operation_has_a_name_of_its_own() -> None:
    names = sorted(operation["operationId"] for _, _, operation in OPERATIONS)
    assert names == sorted(set(names))


def _names(operation: Any) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", [])}
