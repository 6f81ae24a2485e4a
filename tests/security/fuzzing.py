"""Throw at every operation whatever its description allows, and compare each answer with the description."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup as CheckFailed
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.acting import Actor
from tests.security.routes import API, OPERATIONS
from tests.security.things import names

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]
ENDLESS = {"get_stream"}  # tests/timeline reads streams


@dataclass
class Hunt:
    """What was tried until `ends` (monotonic seconds), and what was found: one sentence for each kind of fault."""

    ends: float
    tried: dict[str, int] = field(default_factory=dict)
    answered: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    actors: set[str] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        """Say whether the time is up."""
        return time.monotonic() > self.ends


def operations() -> list[Any]:
    """Return every operation of the API that ends."""
    portal = WSGIHandler()

    def from_here(environ: dict[str, Any], start: Any) -> Any:
        return portal({"REMOTE_ADDR": "127.0.0.1", **environ}, start)

    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", from_here)
    found = [result.ok() for result in schema.get_all_operations()]
    return [each for each in found if each.definition.raw.get("operationId") not in ENDLESS]


def throw(hunt: Hunt, operation: Any, actor: Actor, examples: int, number: int = 0) -> None:
    """Send `examples` requests to one operation; each is taken back once it was answered.

    Every second one is about what the actor has: an id that was made up leads nowhere but to a 404.
    """
    own = _own_ids(operation, actor.things)

    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=not number, suppress_health_check=QUIET,
        phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        if hunt.is_over:
            return
        hunt.actors.add(actor.name)
        hunt.tried[operation.label] = hunt.tried.get(operation.label, 0) + 1
        case.headers = {**(case.headers or {}), **actor.headers, "Accept-Encoding": "identity"}
        if own and hunt.tried[operation.label] % 2:
            case.path_parameters = own
        _judge(hunt, f"{operation.label} as {actor.name}", lambda: _undone(case), case)

    send()


def _own_ids(operation: Any, things: Mapping[str, Any]) -> dict[str, str]:
    route = next(each for each in OPERATIONS if each.name == API + operation.definition.raw["operationId"])
    return {name: str(things[thing]) for name, thing in names(route).items()}


def _undone(case: Any) -> Any:
    with transaction.atomic():
        try:
            return case.call()
        finally:
            transaction.set_rollback(True)


def _judge(hunt: Hunt, where: str, call: Callable[[], Any], case: Any) -> None:
    try:
        answer = call()
        hunt.answered[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
    except CheckFailed as failed:
        for fault in failed.exceptions:
            hunt.faults.setdefault(f"{case.operation.label} {fault.title}", f"{where}: {fault} {_sent(case)}")


def _sent(case: Any) -> str:
    return f"query {case.query!r} body {str(case.body)[:300]!r}"
