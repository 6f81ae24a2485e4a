"""Checks that ask a public address, and what they must never do."""

from __future__ import annotations

import pytest

from apps.checks.http import found, run_check


def test_a_path_is_joined_to_the_public_address_and_judged(environment):
    result = run_check(environment, {"path": "/projects/demo", "status": 200})
    assert (result.ok, result.status) == (True, 200)
    assert result.message.startswith("/site/motion-mavericks/projects/demo answered 200 in ")
    assert result.readings == (("done", "answered 200"),)


def test_a_failing_address_says_what_was_wanted_and_what_came(environment):
    result = run_check(environment, {"path": "/api/health", "status": 200})
    assert not result.ok
    assert "answered 500, wanted 200" in result.message


@pytest.mark.parametrize(
    ("more", "ok"),
    [
        ({"contains": "milestones"}, True),
        ({"contains": "zebras"}, False),
        ({"header": {"X-Version": "v2.31.0"}}, True),
        ({"header": {"x-version": "v1"}}, False),
        ({"header": {"x-nothing": ""}}, False),
        ({"header": "X-Version: v2.31.0"}, True),
        ({"json": {"project": "demo"}}, True),
        ({"json": {"project": "demo", "milestones": 5}}, False),
        ({}, True),
        ({"method": "post"}, True),
    ],
)
def test_text_header_and_json_are_looked_at(environment, more, ok):
    assert run_check(environment, {"path": "/projects/demo", **more}).ok is ok


@pytest.mark.parametrize(
    ("value", "wanted", "holds"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": [1, 2]}, {"a": [1, 2]}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {"a": None}, True),
        ([], {"a": 1}, False),
        ("x", "x", True),
    ],
)
def test_an_object_contains_what_is_wanted_at_any_depth(value, wanted, holds):
    assert found(value, wanted) is holds


def test_a_private_address_is_not_asked(environment, monkeypatch, outside):
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    result = run_check(environment, {"path": "/projects/demo"})
    assert (result.ok, result.unreadable) == (False, True)
    assert "Address not allowed" in result.message


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "ftp://example.com/", "http://[::1]/", "https://a@b/", "nonsense"]
)
def test_a_whole_address_is_guarded_too(environment, monkeypatch, url):
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    result = run_check(environment, {"url": url})
    assert result.unreadable
    assert not result.ok


def test_a_redirect_is_not_followed(environment, outside):
    outside.fault("redirect", slug="site", reads=True)
    result = run_check(environment, {"path": "/projects/demo"})
    assert not result.ok
    assert "answered 30" in result.message


def test_a_hanging_address_is_given_up(environment, outside, monkeypatch):
    outside.fault("hang_before", slug="site", reads=True, seconds=30)
    result = run_check(environment, {"path": "/projects/demo"})
    assert (result.ok, result.unreadable) == (False, True)
    assert "no whole answer came in time" in result.message


def test_no_more_than_the_beginning_of_a_large_answer_is_read(environment, outside):
    outside.fault("big", slug="site", reads=True)
    assert run_check(environment, {"path": "/projects/demo", "status": 200}).status == 200


def test_without_a_public_address_nothing_is_claimed(environment):
    environment.public_url = ""
    result = run_check(environment, {"path": "/"})
    assert (result.ok, result.unreadable) == (False, True)
