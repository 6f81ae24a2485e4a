"""docs/api.md is run, not believed: every command of it, in order, against the API, with the simulated outside."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pytest
from django.test import Client

from rollback_portal.api import api
from tests.accounts.factories import TokenFactory
from tests.house.sources import document
from tests.rollbacks.conftest import stage

__all__ = ["stage"]

SCHEMA = api.get_openapi_schema()
BLOCKS = re.findall(r"```sh\n(.*?)```", document("api.md"), re.DOTALL)
ASSIGNED = re.compile(r"^([A-Z_]+)=\$\((curl .*?)\s*\|\s*jq -r (\.[\w.]+)\)$", re.DOTALL)


@dataclass
class Call:
    """One curl of the document: what is sent, and which variable its answer fills."""

    method: str = "GET"
    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    fills: str = ""
    member: str = ""


def commands() -> list[str]:
    """Return every command of the document that begins with curl or fills a variable by one."""
    joined = "\n".join(BLOCKS).replace("\\\n", " ")
    return [line for line in joined.splitlines() if "curl" in line]


def read(command: str, values: dict[str, str]) -> Call:
    """Read one command, its variables replaced by `values`."""
    assigned = ASSIGNED.match(command)
    words = iter(shlex.split(_filled(assigned[2] if assigned else command, values)))
    call = Call(fills=assigned[1] if assigned else "", member=assigned[3][1:] if assigned else "")
    assert next(words) == "curl"
    for word in words:
        if word == "-X":
            call.method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            call.headers[name] = value
        elif word == "-d":
            call.body = next(words)
        elif not word.startswith("-"):
            assert not call.address, f"two addresses in: {command}"
            call.address = word
    return call


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$([A-Z_]+)", lambda found: values[found[1]], text)


def described(call: Call) -> dict[str, Any]:
    """Return the operation of the OpenAPI document that a call means."""
    path = call.address.partition("?")[0]
    for template, methods in SCHEMA["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and call.method.lower() in methods:
            return methods[call.method.lower()]
    raise AssertionError(f"The API has no {call.method} {path}.")


def check(call: Call) -> None:
    """Compare a call with its description: parameters that are declared, a body that fits its schema."""
    operation = described(call)
    declared = {one["name"] for one in operation.get("parameters", [])} | {
        "Authorization",
        "Content-Type",
        "Last-Event-ID",
    }
    asked = {part.partition("=")[0] for part in call.address.partition("?")[2].split("&") if part}
    assert asked | set(call.headers) <= declared
    if call.body:
        content = operation["requestBody"]["content"]["application/json"]["schema"]
        jsonschema.validate(json.loads(call.body), {**content, "components": SCHEMA["components"]})


def test_every_command_of_the_document_works(stage: Any) -> None:
    stage.publish()
    values = {"PORTAL": "/api/v1", **_tokens(stage)}
    client, done = Client(), []
    for command in commands():
        call = read(command, values)
        check(call)
        if call.address.endswith("/stream"):
            continue  # an endless answer: tests/timeline reads streams
        answer = client.generic(
            call.method, call.address, call.body, content_type="application/json", headers=call.headers
        )
        assert answer.status_code in {200, 201, 202}, (command, answer.content.decode())
        if call.fills:
            values[call.fills] = answer.json()[call.member]
        done.append(call)
    assert len(done) > 10


def _tokens(stage: Any) -> dict[str, str]:
    people = {"COMMANDER": (stage.rae, "write"), "FOUNDER": (stage.ava, "approve"), "LEAD": (stage.cleo, "approve")}
    return {
        name: TokenFactory(person=person, scopes=[scope]).header["Authorization"].removeprefix("Bearer ")
        for name, (person, scope) in people.items()
    }


def test_the_statuses_of_the_document_are_those_of_the_api() -> None:
    told = set(re.findall(r"^\| (4\d\d) \|", document("api.md"), re.MULTILINE))
    refusals = {
        status
        for methods in SCHEMA["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if str(status).startswith("4")
    }
    assert told == {str(status) for status in refusals}


@pytest.mark.parametrize("scope", ["read", "write", "approve", "admin"])
def test_every_scope_is_told(scope: str) -> None:
    assert f"| `{scope}` |" in document("api.md")
