"""Placeholders are filled from a fixed list of names and nothing is ever evaluated."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.playbooks.placeholders import KNOWN, Unfilled, names_in, substitute, why_unknown

VALUES = {
    "release.version": "v2.31.0",
    "release.flags": ["a", "b"],
    "target.reference": "dpl_1",
    "incident.title": "x",
}


def test_a_lone_placeholder_keeps_its_type_and_lists_are_joined_in_texts():
    assert substitute("{release.flags}", VALUES) == ["a", "b"]
    assert substitute("Flags: {release.flags}.", VALUES) == "Flags: a, b."
    assert substitute({"flags": ["{release.flags}", "c"], "n": 3}, VALUES) == {
        "flags": ["a", "b", "c"],
        "n": 3,
    }


def test_doubled_braces_stand_for_themselves_and_other_braces_too():
    assert substitute("{{release.version}} {release.version}", VALUES) == "{release.version} v2.31.0"
    for text in ('{"a":{"b":1}}', "{}", "{{", "}}", "{a: 1}", "${", "%(x)s", "{% if %}"):
        assert substitute(text, VALUES) == text
        assert list(names_in(text)) == []


def test_what_is_filled_in_is_not_read_again():
    assert substitute("{incident.title}", {"incident.title": "{release.version}"}) == "{release.version}"


def test_a_missing_value_is_named():
    with pytest.raises(Unfilled, match=r"no value for \{previous.version\} here"):
        substitute("{previous.version} {release.version}", VALUES)
    with pytest.raises(Unfilled):
        substitute("{release.version}", {"release.version": None})


@pytest.mark.parametrize(
    "name", ["x.__class__", "0.__class__", "release", "release.version.x", "inputs.b", "__import__"]
)
def test_unknown_names_are_refused(name):
    assert why_unknown(name, {"a"})


def test_known_names_are_accepted():
    assert not any(why_unknown(name, ()) for name in KNOWN)
    assert not why_unknown("inputs.a", {"a"})


@given(st.text(alphabet="{}ab. _"))
def test_any_text_without_known_names_is_filled_or_refused(text):
    try:
        assert isinstance(substitute(text, VALUES), str)
    except Unfilled as unfilled:
        names = unfilled.names
        assert len(names) > 0


def test_filling_takes_time_in_proportion_to_the_length():
    began = time.perf_counter()
    for awkward in ("{" * 200_000, "{ " * 100_000, "{a" * 100_000, "{{a}" * 50_000):
        list(names_in(awkward))
    assert time.perf_counter() - began < 5
