"""GitHub: rate limits are told from refusals, and the preflight names every right that is missing."""

import hashlib
import time
from datetime import UTC, datetime, timedelta

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Provider, Seen, Sending
from apps.providers.github.wire import limited_seconds
from apps.providers.http import Answer
from apps.providers.simulation import Simulators
from tests.providers.conftest import Serve
from tests.providers.hub import RESET, access, hub, levels, reach
from tests.providers.raw import answer, routed

__all__ = ["access", "hub"]


def limits(status: int, body: bytes = b"{}", **headers: str) -> float | None:
    """Return what an answer with these headers says of a rate limit."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return limited_seconds(Answer("GitHub", status, named, body, 0.1))


def test_both_rate_limits_are_told_from_a_refusal() -> None:
    reset = str(int(time.time()) + 30)
    assert limits(403, retry_after="17") == 17
    assert limits(429, retry_after="17", x_ratelimit_remaining="0", x_ratelimit_reset=reset) == 17
    assert 25 < (limits(403, x_ratelimit_remaining="0", x_ratelimit_reset=reset) or 0) <= 30
    assert limits(403, b'{"message": "You have exceeded a secondary rate limit"}') == 60
    assert limits(429, x_ratelimit_remaining="12") == 60
    assert limits(403, b'{"message": "Resource not accessible"}', x_ratelimit_remaining="4000") is None
    assert limits(500, retry_after="3") is None


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_changes_nothing_and_waits(
    hub: Provider, serve: Serve, sending: Sending, status: int
) -> None:
    said = answer(status, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "40"})
    table = {
        "GET /repos/acme/portal/git/ref/tags/v1": answer(200, {"object": {"type": "commit", "sha": "a" * 40}}),
        "POST /repos/acme/portal/git/refs": said,
    }
    outcome = hub.apply(reach(serve(routed(table))), Call("create_branch", {"branch": "x", "source": "v1"}), sending)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RETRY_LATER, 40)


def test_a_limit_while_reading_before_a_change_is_no_refusal_for_good(
    hub: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("github", requests_left=0)
    call = Call("create_branch", {"branch": "x", "source": "v2.30.4"})
    assert hub.apply(access, call, sending).kind is OutcomeKind.RETRY_LATER
    assert simulators.journal("github") == []


def test_a_missing_right_is_named(hub: Provider, access: Access, sending: Sending, simulators: Simulators) -> None:
    simulators.settings("github", rights="write")
    outcome = hub.apply(access, Call("freeze", {}), sending)
    assert (outcome.kind, "administration=write" in outcome.message) == (OutcomeKind.REJECTED, True)
    assert levels(hub.check(access), "rights") == {"warning"}
    simulators.settings("github", rights="read")
    assert "error" in levels(hub.check(access), "rights")


def test_single_sign_on_is_named(hub: Provider, access: Access, simulators: Simulators) -> None:
    simulators.settings("github", sso=True)
    (only,) = hub.check(access)
    assert (only.level, "single sign-on" in only.message) == ("error", True)


def test_the_preflight_tells_kind_end_and_scopes_of_the_token(
    hub: Provider, access: Access, simulators: Simulators
) -> None:
    found = hub.check(access)
    assert "fine-grained" in found[0].message
    assert (levels(found, "expiry"), levels(found, "scopes")) == ({"ok"}, {"ok"})
    simulators.settings("github", expires_in_days=3, requests_left=50)
    assert (levels(hub.check(access), "expiry"), levels(hub.check(access), "rate-limit")) == ({"warning"}, {"warning"})
    simulators.settings("github", expires_in_days=None, signs_in_with="classic", rights="read")
    found = hub.check(access)
    assert (levels(found, "expiry"), levels(found, "scopes")) == (set(), {"error"})


@pytest.mark.parametrize("text", ["{:%Y-%m-%d %H:%M:%S} UTC", "{:%Y-%m-%d %H:%M:%S} +0000"])
def test_the_tokens_end_is_read_with_either_zone(hub: Provider, serve: Serve, text: str) -> None:
    soon = text.format(datetime.now(UTC) + timedelta(days=2))
    about = {"full_name": "acme/portal", "permissions": {"push": True, "admin": True}, "default_branch": "main"}
    header = {"github-authentication-token-expiration": soon}
    server = serve(routed({"GET /repos/acme/portal": answer(200, about, header)}))
    assert levels(hub.check(reach(server)), "expiry") == {"warning"}


def test_a_repository_that_is_none_is_never_asked_for(hub: Provider, serve: Serve, sending: Sending) -> None:
    server = serve(answer(200, {}))
    for name in ("portal", "../x", "a/b/c", "acme/..", "acme/por tal", ""):
        there = reach(server, repository=name)
        assert hub.observe(there, RESET).seen is Seen.UNREADABLE
        assert hub.apply(there, RESET, sending).kind is OutcomeKind.REJECTED
    assert server.requests == []


def test_the_pages_of_a_list_are_asked_for_by_number(hub: Provider, serve: Serve) -> None:
    first = answer(200, [{"id": 1, "sha": "a" * 40}], {"Link": '<http://evil.example/?page=2>; rel="next"'})
    server = serve(routed({"GET /repos/acme/portal/deployments": first}))
    hub.observe(reach(server), Call("deployment_status", {"environment": "x", "state": "success"}))
    pages = [one.target.partition("&page=")[2] for one in server.requests if "page=" in one.target]
    assert pages[:3] == ["1", "2", "3"], "and never the address in the header"


def test_the_vendors_own_vector_is_accepted(hub: Provider) -> None:
    secret, body = "It's a Secret to Everybody", b"Hello, World!"
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert hub.hook is not None
    assert hub.hook.accepts({"X-Hub-Signature-256": signature}, body, secret, 0.0)
    assert not hub.hook.accepts({"X-Hub-Signature-256": signature}, body + b"!", secret, 0.0)
    plain = hashlib.sha256(body).hexdigest()
    assert not hub.hook.accepts({"X-Hub-Signature-256": f"sha256={plain}"}, body, "", 0.0)
    assert hub.hook.event_of({"X-GitHub-Event": "workflow_run"}, {}) == "workflow_run"
