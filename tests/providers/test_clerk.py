"""Clerk is asked whether people can sign in, and nobody's data is read."""

import pytest

from apps.providers import registry
from apps.providers.base import Access, Call
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer

CLERK = registry.provider("clerk")
USERS = Call("users", {})


def test_users_are_counted_and_none_is_read(connect: Connect, log: list[str]) -> None:
    result = CLERK.examine(connect("clerk"), USERS)
    assert (result.holds, result.value, result.message) == (True, 40.0, "Clerk answers with 40 users.")
    assert [line for line in log if line.startswith("→")] == ["→ GET /clerk/v1/users/count"]


@pytest.mark.parametrize(("least", "holds"), [(40, True), (41, False)])
def test_too_few_users_are_no_health(least: int, holds: bool, connect: Connect) -> None:
    result = CLERK.examine(connect("clerk"), Call("users", {"at_least": least}))
    assert (result.holds, result.value) == (holds, 40.0)
    assert f"wanted at least {least}" in result.message


@pytest.mark.parametrize(("keys", "holds"), [(2, True), (0, False)])
def test_without_signing_keys_no_session_is_verified(
    keys: int, holds: bool, connect: Connect, simulators: Simulators
) -> None:
    simulators.settings("clerk", signing_keys=keys)
    assert CLERK.examine(connect("clerk"), Call("signing_keys", {})).holds is holds


@pytest.mark.parametrize("body", [{"object": "total_count"}, {"total_count": True}, {"total_count": "40"}, []])
def test_something_else_is_not_taken_for_a_number(body: object, serve: Serve) -> None:
    access = Access(serve(answer(200, body)).url, {}, {"secret_key": "sk_live_0123456789"})
    result = CLERK.examine(access, USERS)
    assert (result.holds, result.value) == (None, None)


def test_clerks_own_words_are_quoted(connect: Connect) -> None:
    result = CLERK.examine(connect("clerk", credentials={"secret_key": "sk_live_nobody"}), USERS)
    assert "It says: “The provided Clerk Secret Key is invalid." in result.message


def test_a_key_of_the_other_instance_proves_nothing(connect: Connect, log: list[str]) -> None:
    access = connect("clerk", settings={"instance": "development"})
    result = CLERK.examine(access, USERS)
    assert (result.holds, log) == (False, [])
    assert "one of Clerk's production instance" in result.message
    assert ("error", "instance") in [(one.level, one.code) for one in CLERK.check(access)]


def test_the_preflight_says_that_the_key_may_do_everything(connect: Connect) -> None:
    findings = {one.code: one for one in CLERK.check(connect("clerk"))}
    assert findings["sign-in"].message == "Signed in; the instance has 40 users."
    assert findings["limits"].message == "Clerk takes 1000 requests in 10 seconds for this instance."
    assert findings["rights"].level == "warning"


def test_a_key_for_browsers_is_refused_before_it_is_sent(connect: Connect, log: list[str]) -> None:
    findings = CLERK.check(connect("clerk", credentials={"secret_key": "pk_live_0123456789"}))
    assert ([(one.level, one.code) for one in findings], log) == ([("error", "key")], [])
