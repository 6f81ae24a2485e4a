"""Which version answers at the public address."""

from __future__ import annotations

import pytest

from apps.checks.serving import matches, serves, serving
from apps.deployments.models import Deployment
from tests.incidents.factories import released


def test_the_version_is_read_from_a_header_or_from_json(environment):
    assert serving(environment).version == "v2.31.0"
    environment.serving = {"path": "/api/health", "json": "version"}
    assert serving(environment).version == "v2.31.0"


def test_a_failing_answer_still_tells_its_version(environment):
    assert serving(environment).status == 500


def test_accepted_is_not_serving_until_the_address_answers_it(environment, heal):
    back = released(environment, "v2.30.4", 100)
    assert serves(environment, back).proof == "not_yet"
    heal()
    assert serves(environment, back).proof == "satisfied"


def test_what_cannot_be_read_is_neither_yes_nor_no(environment, outside):
    back = released(environment, "v2.30.4", 100)
    outside.fault("reset_before", slug="site", reads=True)
    assert serves(environment, back).proof == "unreadable"
    environment.serving = {"path": "/api/health", "header": "x-nothing"}
    assert serves(environment, back).proof == "unreadable"
    environment.serving = {}
    assert serving(environment).version is None


@pytest.mark.parametrize(
    ("seen", "same"),
    [
        ("dpl_1", True),
        ("v2.30.4", True),
        ("2.30.4", True),
        ("a1b2c3d4e5f6", True),
        ("a1b2c3d", True),
        ("A1B2C3D", True),
        ("a1b2c3", False),
        ("v2.30", False),
        ("", False),
    ],
)
def test_reference_version_and_commit_all_count(seen, same):
    assert matches(seen, Deployment(reference="dpl_1", version="v2.30.4", commit="a1b2c3d4e5f6")) is same


def test_an_empty_commit_matches_nothing():
    assert not matches("v1", Deployment(reference="dpl_1", version="v2", commit=""))
