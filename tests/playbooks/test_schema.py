"""The schema says yes to what the parser accepts, and no to the plain mistakes."""

import jsonschema
import pytest

from apps.playbooks.exporting import document
from apps.playbooks.parsing import parse
from apps.playbooks.schema import json_schema
from apps.playbooks.shipped import shipped
from apps.playbooks.yaml_text import read
from tests.playbooks.examples import FULLEST, SMALLEST

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [SMALLEST, FULLEST, *(one.text for one in shipped())])
def test_what_the_parser_accepts_the_schema_accepts(text):
    VALIDATOR.validate(read(text).plain())
    VALIDATOR.validate(document(parse(text)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("slug: portal", "slug: Portal X"),
        ("name: Portal", "title: Portal"),
        ("use: flags.flags_off", "use: flag.flags_off"),
        ("path: /api", "path: api"),
        ("due_minutes: 5", "due_minutes: 0"),
        ("due_minutes: 5", "any_of: [a]"),
        ("on_failure: continue", "on_failure: explode"),
        ("check: {", "human: a, check: {"),
        ("check: {path", "check: {use: metrics.health, path"),
        ("check: {path: /api/health, status: 200", "check: {use: metrics.health, status: 200"),
        ("check: {path: /api/health, status: 200", "check: {use: metric.health"),
    ],
)
def test_plain_mistakes_are_refused_by_both(old, new):
    text = SMALLEST.replace(old, new, 1)
    assert not VALIDATOR.is_valid(read(text).plain())
    with pytest.raises(ValueError, match="line"):
        _parse_or_value_error(text)


def _parse_or_value_error(text):
    from apps.playbooks.problems import Invalid

    try:
        return parse(text)
    except Invalid as invalid:
        raise ValueError(str(invalid)) from invalid
