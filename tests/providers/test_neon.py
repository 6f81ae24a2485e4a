"""Neon: a restore keeps what was there, is begun once, and is done when every operation has ended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, ProviderError, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, in_turn, routed

CHAIN_SECONDS = 9  # four operations of two seconds
KEPT = "main-before-rp-marker-1"
OLD_LSN = Call("restore", {"lsn": "2/F49F000"})
BACK = Call("restore_preserved", {"preserved": KEPT})
PREVIEW = Call("preview_restore", {"name": "preview-again", "lsn": "2/F49F000"})


@pytest.fixture
def neon() -> Provider:
    """The adapter."""
    return provider("neon")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("neon")


def ago(**span: float) -> str:
    """Return a time so long ago, as a plan writes it."""
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def look(simulators: Simulators) -> dict[str, Any]:
    """Return what the first organisation's main branch holds, and its branches."""
    found: dict[str, Any] = simulators.do("neon", "look", organisation="motion-mavericks")
    return found


def test_a_restore_brings_the_time_back_keeps_what_was_there_and_takes_as_long_as_its_operations(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("restore", {"time": ago(hours=1)})
    assert "v2_31_0" in look(simulators)["schema"]
    outcome = neon.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert (len(outcome.evidence["operations"]), outcome.evidence["kept"]) == (4, KEPT)
    begun = neon.observe(access, call, sending)
    assert (begun.seen, begun.under_way) == (Seen.OTHER, True)
    simulators.advance(CHAIN_SECONDS / 2)
    verdict = neon.verify(access, call, sending)
    assert verdict.proof is Proof.NOT_YET
    assert {mark for mark, _ in verdict.readings} == {"done", "running"}
    simulators.advance(CHAIN_SECONDS / 2)
    verdict = neon.verify(access, call, sending)
    assert verdict.proof is Proof.SATISFIED
    assert len(verdict.readings) == 4
    after = look(simulators)
    assert "v2_31_0" not in after["schema"]
    assert KEPT in after["branches"]
    assert after["connections_dropped"] == 1


def test_a_restore_that_was_begun_is_not_begun_again(
    neon: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    simulators.fault("reset_after", slug="neon")
    assert neon.apply(access, OLD_LSN, sending).kind is OutcomeKind.AMBIGUOUS
    second = neon.apply(access, OLD_LSN, again)
    assert second.kind is OutcomeKind.SUCCEEDED
    assert KEPT in second.message
    assert len(simulators.effects("neon")) == 1


def test_the_preserved_branch_is_put_back_and_what_was_there_is_kept_too(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    neon.apply(access, OLD_LSN, sending)
    simulators.advance(CHAIN_SECONDS)
    back = replace(sending, marker="rp-marker-2")
    airlock = neon.airlock(access, BACK)
    assert airlock is not None
    assert airlock.refusals == ()
    assert neon.apply(access, BACK, back).kind is OutcomeKind.SUCCEEDED
    simulators.advance(CHAIN_SECONDS)
    assert neon.verify(access, BACK, back).proof is Proof.SATISFIED
    after = look(simulators)
    assert "v2_31_0" in after["schema"]
    assert {KEPT, "main-before-rp-marker-2"} <= set(after["branches"])


def test_the_airlock_tells_the_time_that_is_lost_and_what_is_kept(neon: Provider, access: Access) -> None:
    wanted = datetime.now(UTC) - timedelta(hours=1, minutes=5)
    airlock = neon.airlock(access, Call("restore", {"time": wanted.isoformat()}))
    assert airlock is not None
    assert airlock.lost_from == wanted
    assert airlock.lost_until is not None
    assert timedelta(minutes=65) <= airlock.lost_until - wanted < timedelta(minutes=66)
    assert "1 h 5 min" in airlock.loses
    assert "main-before-" in airlock.safety_copy
    assert airlock.refusals == ()


def test_the_airlock_admits_that_nobody_knows_the_time_of_an_lsn(neon: Provider, access: Access) -> None:
    airlock = neon.airlock(access, OLD_LSN)
    assert airlock is not None
    assert (airlock.lost_from, airlock.lost_until) == (None, None)
    assert "LSN 2/F49F000" in airlock.loses


@pytest.mark.parametrize(("span", "word"), [({"days": 8}, "outside"), ({"hours": -1}, "not come yet")], ids=str)
def test_a_time_that_cannot_be_restored_is_refused_in_the_airlock_and_before_sending(
    span: dict[str, float], word: str, neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    for name, more in (("restore", {}), ("preview_restore", {"name": "preview-late"})):
        call = Call(name, {"time": ago(**span), **more})
        outcome = neon.apply(access, call, sending)
        assert outcome.kind is OutcomeKind.REJECTED
        assert word in outcome.message
    airlock = neon.airlock(access, Call("restore", {"time": ago(**span)}))
    assert airlock is not None
    assert word in airlock.refusals[0]
    assert simulators.journal("neon") == []


def test_a_shorter_history_counts_at_once(neon: Provider, access: Access, simulators: Simulators) -> None:
    asked = Call("restore_window", {"time": ago(hours=7)})
    assert neon.examine(access, asked).holds is True
    simulators.settings("neon", history_retention_seconds=6 * 3600)
    told = neon.examine(access, asked)
    assert told.holds is False
    assert "6 h" in told.message


def test_a_branch_that_neon_restricts_is_refused_with_its_reason(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("neon", restricted="the branch is archived")
    assert "archived" in neon.apply(access, OLD_LSN, sending).message
    assert "error" in {finding.level for finding in neon.check(access) if finding.code == "restricted"}
    assert simulators.journal("neon") == []


def test_a_locked_project_is_asked_again_later(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    neon.apply(access, Call("safety_copy", {}), sending)
    outcome = neon.apply(access, OLD_LSN, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.RETRY_LATER, 423)
    assert outcome.retry_after_seconds == 5
    assert neon.examine(access, Call("branch_ready", {})).holds is False
    simulators.advance(3)
    assert neon.examine(access, Call("branch_ready", {})).holds is True
    assert neon.apply(access, OLD_LSN, sending).kind is OutcomeKind.SUCCEEDED


def test_a_failed_operation_is_a_failed_restore(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("neon", failing_action="apply_config")
    neon.apply(access, OLD_LSN, sending)
    simulators.advance(CHAIN_SECONDS)
    verdict = neon.verify(access, OLD_LSN, sending)
    assert verdict.proof is Proof.VIOLATED
    assert "gave up on apply_config" in verdict.message
    assert KEPT in verdict.message


def test_an_attempt_that_neon_makes_again_is_still_running(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("neon", failing_action="apply_config", failing_as="error")
    neon.apply(access, OLD_LSN, sending)
    simulators.advance(CHAIN_SECONDS)
    assert neon.verify(access, OLD_LSN, sending).proof is Proof.NOT_YET
    assert neon.observe(access, OLD_LSN, sending).under_way
    simulators.advance(40)
    assert neon.verify(access, OLD_LSN, sending).proof is Proof.SATISFIED


def test_operations_that_never_end_stay_under_way(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("neon", operations_end=False)
    neon.apply(access, OLD_LSN, sending)
    simulators.advance(3600)
    assert neon.observe(access, OLD_LSN, sending).under_way
    assert neon.verify(access, OLD_LSN, sending).proof is Proof.NOT_YET


def test_somebody_else_restoring_the_branch_is_drift(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    planned = neon.observe(access, OLD_LSN)
    simulators.do("neon", "restored", organisation="motion-mavericks", seconds_ago=600)
    simulators.advance(CHAIN_SECONDS)
    now = neon.observe(access, OLD_LSN, sending)
    assert now.seen is Seen.OTHER
    assert now.identity != planned.identity


@pytest.mark.parametrize("status", [409, 400])
def test_a_name_that_is_taken_is_looked_at_and_not_believed(
    status: int, neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    body = '{"code": "", "message": "branch already exists; branch_name:\\"x\\""}'
    simulators.fault("status", slug="neon", status=status, body=body)
    assert neon.apply(access, OLD_LSN, sending).kind is OutcomeKind.AMBIGUOUS


def test_a_full_plan_is_said_with_what_to_do(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("neon", branches_limit=4)
    outcome = neon.apply(access, OLD_LSN, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, 422)
    assert "upgrade" in outcome.message
    (finding,) = [one for one in neon.check(access) if one.code == "plan"]
    assert finding.level == "error"


def test_a_preview_changes_nothing_of_the_branch_and_is_taken_back(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    before = look(simulators)["schema"]
    planned = neon.observe(access, PREVIEW)
    inverse = neon.inverse_of(PREVIEW, planned)
    assert inverse == Call("delete_preview", {"name": "preview-again"})
    neon.apply(access, PREVIEW, sending)
    assert neon.observe(access, PREVIEW, sending).under_way
    simulators.advance(CHAIN_SECONDS)
    assert neon.verify(access, PREVIEW, sending).proof is Proof.SATISFIED
    assert neon.inverse_of(PREVIEW, neon.observe(access, PREVIEW)) is None, "it was there before"
    assert look(simulators)["schema"] == before
    assert neon.apply(access, inverse, sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(CHAIN_SECONDS)
    assert neon.verify(access, inverse, sending).proof is Proof.SATISFIED
    assert "preview-again" not in look(simulators)["branches"]


def test_a_preview_of_another_point_is_not_taken_for_this_one(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    neon.apply(access, PREVIEW, sending)
    simulators.advance(CHAIN_SECONDS)
    other = Call("preview_restore", {"name": "preview-again", "lsn": "2/F49F100"})
    assert neon.observe(access, other, sending).seen is Seen.OTHER
    outcome = neon.apply(access, other, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "not of" in outcome.message


@pytest.mark.parametrize("name", ["main", "staging", "main-before-2026-audit", "br-main-motion-mavericks", "preview- "])
def test_only_what_is_called_a_preview_can_be_deleted(
    name: str, neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    assert neon.apply(access, Call("delete_preview", {"name": name}), sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("neon") == []


def test_the_check_of_a_preview_reads_its_schema(neon: Provider, access: Access) -> None:
    asked = {"name": "preview-share-links", "database": "portal", "contains": "v2_31_0"}
    told = neon.examine(access, Call("preview", asked))
    assert told.holds is False
    assert "not in it" in told.message
    assert neon.examine(access, Call("preview", {"name": "preview-nowhere"})).holds is False
    assert neon.examine(access, Call("preview", {**asked, "database": "shop"})).holds is None


@pytest.mark.parametrize(
    "parameters",
    [{}, {"time": "2026-01-01T00:00:00Z", "lsn": "0/1"}, {"lsn": "yesterday"}, {"time": "2026-01-01T00:00:00"}],
    ids=str,
)
def test_a_point_that_is_none_is_refused(parameters: dict[str, str], neon: Provider) -> None:
    assert neon.problems(Call("restore", parameters))


def test_the_branch_may_be_named_or_left_to_neon(neon: Provider, connect: Connect) -> None:
    for wanted in ("", "main", "br-main-motion-mavericks"):
        seen = neon.observe(connect("neon", settings={"branch_id": wanted}), OLD_LSN)
        assert seen.identity["branch"] == "br-main-motion-mavericks"
    seen = neon.observe(connect("neon", settings={"branch_id": "gone"}), OLD_LSN)
    assert seen.seen is Seen.UNREADABLE
    with pytest.raises(ProviderError, match="no branch"):
        neon.airlock(connect("neon", settings={"branch_id": "gone"}), OLD_LSN)


def test_every_page_of_branches_is_read(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("neon", page=1)
    neon.apply(access, OLD_LSN, sending)
    simulators.advance(CHAIN_SECONDS)
    assert neon.verify(access, OLD_LSN, sending).proof is Proof.SATISFIED


def test_a_key_that_may_only_read_is_found_out_when_used(
    neon: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("neon", rights="read")
    outcome = neon.apply(access, OLD_LSN, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, 403)
    assert "may not change this project" in outcome.message


def test_the_preflight_tells_scope_history_and_room(neon: Provider, access: Access, simulators: Simulators) -> None:
    found = {finding.code: finding for finding in neon.check(access)}
    assert {"project", "scope", "rights", "branch", "history", "plan"} <= set(found)
    assert "7 d" in found["history"].message
    simulators.settings("neon", history_retention_seconds=6 * 3600)
    assert {one.code: one.level for one in neon.check(access)}["history"] == "warning"


ROOT = "/api/v2/projects/p-1"
MAIN = {"id": "br-1", "name": "main", "default": True, "created_at": "2020-01-01T00:00:00Z"}
SPARSE = Access("", {"project_id": "p-1"}, {"api_key": "napi_key-123456"})


def test_an_endpoint_that_fills_only_what_it_must_carries_a_whole_restore(
    neon: Provider, serve: Serve, sending: Sending
) -> None:
    kept = {"id": "br-2", "name": KEPT, "created_at": "2020-01-01T00:00:00Z"}
    table = {
        f"GET {ROOT}": answer(200, {"project": {"id": "p-1", "history_retention_seconds": 86400}}),
        f"GET {ROOT}/branches": answer(200, {"branches": [MAIN]}),
        f"POST {ROOT}/branches/br-1/restore": answer(200, {"branch": MAIN, "operations": []}),
        f"GET {ROOT}/operations": answer(200, {"operations": []}),
    }
    server = serve(routed(table))
    here, call = replace(SPARSE, base_url=server.url), Call("restore", {"time": ago(hours=2)})
    assert neon.apply(here, call, sending).kind is OutcomeKind.SUCCEEDED
    (sent,) = [one for one in server.requests if one.method == "POST"]
    assert sent.json()["source_branch_id"] == "br-1"
    assert sent.json()["preserve_under_name"] == KEPT
    assert sent.headers["authorization"] == "Bearer napi_key-123456"
    assert neon.verify(here, call, sending).proof is Proof.NOT_YET
    table[f"GET {ROOT}/branches"] = answer(200, {"branches": [MAIN, kept]})
    assert neon.verify(here, call, sending).proof is Proof.SATISFIED


def test_a_failed_operation_that_a_later_one_replaced_is_no_failure(
    neon: Provider, serve: Serve, sending: Sending
) -> None:
    main = {**MAIN, "last_reset_at": "2026-11-20T10:00:00Z", "current_state": "ready"}
    kept = {"id": "br-2", "name": KEPT}

    def operation(status: str, second: int) -> dict[str, str]:
        made = f"2026-11-20T10:00:{second:02d}Z"
        return {"id": status, "branch_id": "br-1", "action": "apply_config", "status": status, "created_at": made}

    pages = {f"GET {ROOT}/branches": answer(200, {"branches": [main, kept]})}
    for operations, proof in (
        ([operation("failed", 1), operation("finished", 5)], Proof.SATISFIED),
        ([operation("finished", 1), operation("failed", 5)], Proof.VIOLATED),
        ([operation("failed", 1), operation("running", 5)], Proof.NOT_YET),
        ([operation("finished", 1), {**operation("failed", 5), "endpoint_id": "ep-2"}], Proof.VIOLATED),
        ([{**operation("failed", 5), "branch_id": ""}], Proof.VIOLATED),
        ([{**operation("failed", 5), "branch_id": "br-another"}], Proof.SATISFIED),
    ):
        table = {**pages, f"GET {ROOT}/operations": answer(200, {"operations": operations})}
        here = replace(SPARSE, base_url=serve(routed(table)).url)
        assert neon.verify(here, OLD_LSN, sending).proof is proof


def test_operations_are_all_read_whatever_their_order(neon: Provider, serve: Serve, sending: Sending) -> None:
    main = {**MAIN, "last_reset_at": "2026-11-20T10:00:00Z"}
    pages = {f"GET {ROOT}/branches": answer(200, {"branches": [main, {"id": "br-2", "name": KEPT}]})}
    old, new = (
        {"branch_id": "br-1", "action": "apply_config", "status": status, "created_at": f"2026-11-{day}T10:00:00Z"}
        for status, day in (("finished", "10"), ("running", "20"))
    )
    oldest_first = in_turn(
        answer(
            200, {"operations": [old, {**old, "created_at": "2026-11-11T10:00:00Z"}], "pagination": {"cursor": "2"}}
        ),
        answer(200, {"operations": [new]}),
    )
    here = replace(SPARSE, base_url=serve(routed({**pages, f"GET {ROOT}/operations": oldest_first})).url)
    assert neon.verify(here, OLD_LSN, sending).proof is Proof.NOT_YET


@pytest.mark.parametrize("body", [{}, [], None, {"branches": {}}, {"branches": [7]}, {"branches": [{"id": "br-1"}]}])
def test_odd_bodies_are_unreadable_and_nothing_worse(body: Any, neon: Provider, serve: Serve, sending: Sending) -> None:
    here = replace(SPARSE, base_url=serve(routed({f"GET {ROOT}/branches": answer(200, body)})).url)
    assert neon.observe(here, OLD_LSN, sending).seen is Seen.UNREADABLE
    assert neon.apply(here, OLD_LSN, sending).kind is OutcomeKind.RETRY_LATER
    assert {one.level for one in neon.check(here)} == {"error"}
