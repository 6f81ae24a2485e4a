"""openapi.json is valid and complete, and no endpoint answers junk with a 500."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.acceptance.client import Api
from tests.acceptance.rival import Rival
from tests.acceptance.world import People

PROMISED = """
GET /connections|POST /connections|GET /connections/{id}|POST /connections/{id}/checks|GET /providers|GET /people
POST /people|GET /roles|GET /services|POST /services|GET /services/{slug}|POST /services/{slug}/environments
GET /deployments|POST /deployments|GET /gate|GET /playbooks|POST /playbooks|GET /playbooks/{slug}/revisions/{n}
POST /playbooks/{slug}/revisions/{n}/publication|GET /incidents|POST /incidents|GET /incidents/{id}
POST /incidents/{id}/resolution|POST /incidents/{id}/rollbacks|GET /rollbacks|GET /rollbacks/{id}
GET /rollbacks/{id}/plan|POST /rollbacks/{id}/plans|POST /rollbacks/{id}/approvals|GET /approvals
POST /approvals/{id}/votes|POST /rollbacks/{id}/pause|POST /rollbacks/{id}/resume|POST /rollbacks/{id}/cancellation
POST /rollbacks/{id}/steps/{position}/retry|POST /rollbacks/{id}/steps/{position}/skip
POST /rollbacks/{id}/steps/{position}/adoption|GET /incidents/{id}/timeline|GET /incidents/{id}/stream
POST /incidents/{id}/updates|GET /incidents/{id}/checklists|POST /checklist-items/{id}/ticks|GET /freezes
POST /freezes|POST /freezes/{id}/lifting|GET /rollback-log|GET /audit
"""
BODIES: list[bytes] = [
    b"", b"{", b"null", b"[]", b'"text"', b'{"a": NaN}', b'{"title": "\xff"}', b"[" * 5000, b'{"title": "\\ud800"}',
    b'{"title": 1, "title": 2}',
]  # fmt: skip
VALUES: list[Any] = [
    None, -1, 2**63, "x" * 3000, "‮\u0007{{7*7}}", [None, {}], {"a": {"b": []}}, "9999-12-31T23:59:59+14:00",
]  # fmt: skip
KEYS = ["01a1f872-0000-7000-8000-000000000000", "x", "%00", "9" * 300, "..%2f..", "%F0%9F%92%A9"]
QUERIES = ["", "\x00", "x" * 3000, "-1"]
HEADERS: list[dict[str, str]] = [
    {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 5000}, {"Content-Type": "text/plain"}, {"Content-Type": ";;;"},
    {"Content-Type": "application/json; charset=utf-16"}, {"Accept": "text/html"}, {"Last-Event-ID": "x"},
    {"Content-Type": "multipart/form-data"},
]  # fmt: skip


@pytest.fixture(scope="module")
def description(people: People) -> dict[str, Any]:
    """The document as programs get it."""
    return people.commander.get("/openapi.json").must(200)


@pytest.fixture
def junker(rival: Rival) -> Api:
    """Somebody who holds every right in an organisation where nothing matters."""
    return rival.commander


def test_the_description_is_valid(description: dict[str, Any]) -> None:
    validate(description)


def test_the_description_has_every_promised_row(description: dict[str, Any]) -> None:
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1').replace('{number}', '{n}')}"
        for path, methods in description["paths"].items()
        for method in methods
    }
    promised = {row for line in PROMISED.split("\n") for row in line.split("|") if row}
    assert promised - described == set()


def test_the_description_tells_how_to_sign_in_and_what_errors_look_like(description: dict[str, Any]) -> None:
    schemes = description["components"]["securitySchemes"].values()
    assert any(scheme.get("scheme") == "bearer" for scheme in schemes)
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            assert any(code.startswith("2") for code in answers), (method, path)
            assert "application/problem+json" in json.dumps(answers), (method, path)
            header = any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
            assert header == (method == "post" and not path.endswith("/checks")) or method == "post", (method, path)


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path.removeprefix("/api/v1"), operation


def test_no_path_is_answered_with_a_500(description: dict[str, Any], junker: Api) -> None:
    for (method, path, _), key in itertools.product(_operations(description), KEYS):
        if "{" not in path:
            continue
        asked = _known(path, key)
        answer = junker.ask(method, asked, **({"json": {}} if method == "POST" else {}))
        assert 400 <= answer.status < 500, (method, asked, answer)
        if answer.headers["content-type"].startswith("application/problem+json"):
            answer.refused(answer.status)
        else:
            assert answer.status in {400, 404}, (method, asked, answer)  # no address of ours at all


def test_no_body_is_answered_with_a_500(description: dict[str, Any], junker: Api) -> None:
    for (method, path, _), body in itertools.product(_operations(description), BODIES):
        if method == "GET":
            continue
        headers = {"Content-Type": "application/json"}
        _never_500(junker.ask(method, _known(path), content=body, headers=headers), body)


def test_no_field_is_answered_with_a_500(description: dict[str, Any], junker: Api) -> None:
    for method, path, operation in _operations(description):
        schema = _body_schema(description, operation)
        if method == "GET" or not schema:
            continue
        usual = {name: _usual(one) for name, one in schema["properties"].items()}
        for name, value in itertools.product(schema["properties"], VALUES):
            if path == "/freezes":
                usual |= {"stops": "deployments", "scope": "organisation"}
            _never_500(junker.post(_known(path), usual | {name: value}), (name, value))


def test_no_query_or_header_is_answered_with_a_500(description: dict[str, Any], junker: Api) -> None:
    for method, path, operation in _operations(description):
        if method != "GET" or path.endswith("/stream"):
            continue
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
        for name, value in itertools.product([*names, "surprise"], QUERIES):
            _never_500(junker.get(_known(path), **{name: value}), (name, value))
        for headers in HEADERS:
            _never_500(junker.ask("GET", _known(path), headers=headers), headers)
    for headers in HEADERS:
        _never_500(junker.ask("POST", "/incidents", content=b"{}", headers=headers), headers)


def test_other_methods_are_refused(description: dict[str, Any], junker: Api) -> None:
    for path in {path for _, path, _ in _operations(description)}:
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            answer = junker.ask(method, _known(path))
            assert answer.status in {401, 403, 404, 405, 422}, (method, path)


def _known(path: str, key: str = "") -> str:
    """Put `key`, or else something of the right shape, into the places of a path."""
    path = path.replace("{number}", key or "1").replace("{position}", key or "1")
    return re.sub(r"{\w+}", lambda _: key or KEYS[0], path)


def _never_500(answer: Any, given: Any) -> None:
    assert answer.status < 500, (given, answer)
    if answer.status >= 400:
        answer.refused(answer.status)


def _body_schema(description: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for option in [content, *content.get("anyOf", [])]:
        if reference := option.get("$ref"):
            return description["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return content if "properties" in content else {}


def _usual(schema: dict[str, Any]) -> Any:
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    return {"array": [], "object": {}, "integer": 1, "number": 1, "boolean": False}.get(schema.get("type", ""), "usual")
