"""Completes the OpenAPI document with what no view has to repeat: problems and the Idempotency-Key."""

from __future__ import annotations

from typing import Any

PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail", "code"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": "string"},
    },
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "Same key and body: the first answer. Other body: 422. Still under way: 409.",
}
ANSWERS = {
    "401": "No valid token",
    "403": "The scope or the right is missing",
    "404": "There is no such thing here",
    "409": "The state does not allow it",
    "413": "The body is too large",
    "415": "The body is compressed",
    "422": "A field cannot be used",
    "429": "Too many calls; see Retry-After",
}


def describe(document: dict[str, Any], api: Any) -> dict[str, Any]:
    """Add the shared answers to every operation of `document`, and the key to those that create."""
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    repeatable = set(_repeatable(api))
    for methods in document["paths"].values():
        for operation in methods.values():
            _add_answers(operation)
            if operation.get("operationId") in repeatable:
                operation.setdefault("parameters", []).append(KEY)
    return document


def _add_answers(operation: dict[str, Any]) -> None:
    for status, told in ANSWERS.items():
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        operation["responses"].setdefault(status, {"description": told, "content": content})


def _repeatable(api: Any) -> list[str]:
    found = []
    for _, router in api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                if getattr(operation.view_func, "is_idempotent", False):
                    found.append(operation.operation_id or api.get_openapi_operation_id(operation))
    return found
