"""Answers GraphQL requests in simulators with exactly what they select.

A value to select from is a dict (its callables are fields with arguments), a list, or a scalar. What a dict does not
have is null, so that an official client that selects whole objects is answered.
"""

from collections.abc import Mapping
from typing import Any

from .documents import Document, Selection, Unreadable, Variable


class Problem(Exception):
    """An error of one field, as it stands in `errors`; `data` of that field is null."""

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        self.error = {"message": message, **more}


def answered(body: Mapping[str, Any], roots: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`{"data", "errors"?}` for a request's body; `roots` has a value to select from for query and for mutation.

    Raises `Unreadable` for a document that cannot be read.
    """
    document = Document(str(body.get("query") or ""))
    operation = document.operation(str(body.get("operationName") or ""))
    picker = _Picker(document, {**operation.defaults, **(body.get("variables") or {})})
    data: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for one in picker.fields(operation.chosen):
        key = one.alias or one.name
        try:
            data[key] = picker.of(roots[operation.kind], one)
        except Problem as problem:
            data[key] = None
            errors.append({**problem.error, "path": [key], "locations": [{"line": 1, "column": 1}]})
    return {"data": data, "errors": errors} if errors else {"data": data}


def kind_of(body: Mapping[str, Any]) -> str:
    """query or mutation, `query` also for what cannot be read."""
    try:
        return Document(str(body.get("query") or "")).operation(str(body.get("operationName") or "")).kind
    except Unreadable:
        return "query"


class _Picker:
    def __init__(self, document: Document, variables: Mapping[str, Any]) -> None:
        self._document, self._variables = document, variables

    def fields(self, chosen: list[Selection]) -> list[Selection]:
        """The fields of a selection, fragments opened, those switched off left out."""
        found: list[Selection] = []
        for one in chosen:
            if not self._wanted(one):
                continue
            if one.name.startswith("..."):
                inner = one.chosen or self._document.fragments.get(one.name[3:], [])
                found.extend(self.fields(inner))
            else:
                found.append(one)
        return found

    def of(self, value: Mapping[str, Any], one: Selection) -> Any:
        """What a field of `value` is."""
        found = value.get(one.name)
        if callable(found):
            found = found(self._filled(one.arguments))
        return self._picked(found, one.chosen)

    def _picked(self, value: Any, chosen: list[Selection]) -> Any:
        if isinstance(value, list):
            return [self._picked(item, chosen) for item in value]
        if not isinstance(value, Mapping) or not chosen:
            return value
        picked: dict[str, Any] = {}
        for one in self.fields(chosen):
            key, found = one.alias or one.name, self.of(value, one)
            both = isinstance(found, dict) and isinstance(picked.get(key), dict)
            picked[key] = {**picked[key], **found} if both else found
        return picked

    def _wanted(self, one: Selection) -> bool:
        include = self._filled(one.directives.get("include", {})).get("if", True)
        return bool(include) and not self._filled(one.directives.get("skip", {})).get("if", False)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, Variable):
            return self._variables.get(value.name)
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        return [self._filled(item) for item in value] if isinstance(value, list) else value
