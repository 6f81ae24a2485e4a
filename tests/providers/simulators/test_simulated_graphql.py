"""GraphQL as simulators read and answer it: what is selected, in the words of the language."""

from typing import Any

import pytest

from apps.providers.simulation.documents import Document, Unreadable
from apps.providers.simulation.graphql import Problem, answered, kind_of


def told(query: str, variables: dict[str, Any] | None = None, **roots: Any) -> dict[str, Any]:
    """Answer a query whose root has these fields."""
    return answered({"query": query, "variables": variables}, {"query": roots, "mutation": roots})


def test_only_what_is_selected_is_answered_under_its_alias() -> None:
    people = [{"name": "Ada", "age": 3}, {"name": "Tom", "age": 4}]
    assert told("{ all: people { name } }", people=people) == {"data": {"all": [{"name": "Ada"}, {"name": "Tom"}]}}
    assert told("query Q { nobody { name } }") == {"data": {"nobody": None}}


def test_arguments_come_from_the_document_its_defaults_and_variables() -> None:
    query = """query Q($id: ID!, $n: Int = 3, $o: [In!]) {
      # a comment
      field(id: $id, n: $n, o: $o, s: "a\\"b", t: \"\"\" long \"\"\", e: WORD, b: true, x: null, l: [1, -2.5, {k: $id}])
    }"""
    given = told(query, {"id": "7", "o": [{"a": 1}]}, field=lambda arguments: arguments)["data"]["field"]
    assert given == {
        "id": "7", "n": 3, "o": [{"a": 1}], "s": 'a"b', "t": "long", "e": "WORD", "b": True, "x": None,
        "l": [1, -2.5, {"k": "7"}],
    }  # fmt: skip


def test_fragments_are_opened_and_merged_and_directives_kept() -> None:
    query = """query Q($no: Boolean!) { it { ...F ... on T { b c { d } } e @include(if: $no) f @skip(if: $no) } }
    fragment F on T { __typename a c { g } }"""
    it = {"__typename": "T", "a": 1, "b": 2, "c": {"d": 3, "g": 4}, "e": 5, "f": 6}
    assert told(query, {"no": False}, it=it)["data"]["it"] == {
        "__typename": "T", "a": 1, "b": 2, "c": {"g": 4, "d": 3}, "f": 6
    }  # fmt: skip


def test_a_field_that_fails_is_null_and_said_with_its_path() -> None:
    def fails(_: dict[str, Any]) -> None:
        raise Problem("No.", type="NOT_FOUND")

    answer = told("{ good bad }", good=1, bad=fails)
    assert answer["data"] == {"good": 1, "bad": None}
    assert answer["errors"][0]["path"] == ["bad"]
    assert answer["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.parametrize("text", ["", "{", "{ a(", "hello", "{ a } }", 'query Q { a(b: "c }', "{ a ^ }"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        Document(text).operation()
    assert kind_of({"query": text}) == "query"


def test_the_operation_that_is_named_is_meant() -> None:
    text = "query A { a } mutation B($x: Int) { b }"
    assert kind_of({"query": text, "operationName": "B"}) == "mutation"
    assert kind_of({"query": text, "operationName": "A"}) == "query"
