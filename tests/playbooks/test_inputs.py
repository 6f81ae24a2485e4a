"""What a proposer fills in is checked against what the playbook asks for."""

import pytest

from apps.playbooks.inputs import fill_inputs
from apps.playbooks.parsing import parse
from apps.playbooks.problems import Invalid
from tests.playbooks.examples import FULLEST

PLAYBOOK = parse(FULLEST)


def test_defaults_stand_in_for_what_is_not_given():
    filled = fill_inputs(PLAYBOOK, {"impact": "none"})
    assert filled == {"impact": "none", "scope": "some", "links": ["a", "b"]}
    assert filled["links"] == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, "inputs.impact"),
        ({"impact": ""}, "inputs.impact"),
        ({"impact": 3}, "inputs.impact"),
        ({"impact": "a\x00b"}, "inputs.impact"),
        ({"impact": "a" * 10_001}, "inputs.impact"),
        ({"impact": "a", "scope": "other"}, "inputs.scope"),
        ({"impact": "a", "links": "a"}, "inputs.links"),
        ({"impact": "a", "links": [1]}, "inputs.links"),
        ({"impact": "a", "links": ["a"] * 501}, "inputs.links"),
        ({"impact": "a", "more": "b"}, "inputs.more"),
    ],
)
def test_what_does_not_fit_is_named(given, path):
    with pytest.raises(Invalid) as caught:
        fill_inputs(PLAYBOOK, given)
    assert [problem.path for problem in caught.value.problems] == [path]
