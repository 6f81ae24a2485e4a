"""Supabase: a restore is sent once, needs a copy, takes the project down, and is done when it is up again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.providers.base import Access, Call, IdempotencyClass, OutcomeKind, Proof, Provider, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, in_turn, routed

KEPT = {"restore_point": "before-release"}
BY_HAND = {"copy_made_by_hand": True}
BACKUP = Call("restore_backup", {"backup": 4006, **KEPT})
POINT = Call("create_restore_point", {"name": "before-inc-1"})
RESTORES = ("restore_to_time", "restore_backup", "restore_to_point")


@pytest.fixture
def supabase() -> Provider:
    """The adapter."""
    return provider("supabase")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("supabase")


def to(**more: Any) -> Call:
    """Return the restore to an hour ago, with another copy where given."""
    return Call("restore_to_time", {"time": ago(hours=1), **(more or KEPT)})


def ago(**span: float) -> str:
    """Return a time so long ago, as a plan writes it."""
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def look(simulators: Simulators) -> dict[str, Any]:
    """Return what the first organisation's database holds, and its project's state."""
    found: dict[str, Any] = simulators.do("supabase", "look", organisation="motion-mavericks")
    return found


def test_a_restore_takes_the_project_down_and_is_done_when_it_is_up_again(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = to()
    outcome = supabase.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert "RESTORING" in outcome.message
    assert supabase.observe(access, call, sending).under_way
    verdict = supabase.verify(access, call, sending)
    assert verdict.proof is Proof.NOT_YET
    assert "must not be interrupted" in verdict.message
    simulators.advance(700)
    verdict = supabase.verify(access, call, sending)
    assert verdict.proof is Proof.SATISFIED
    assert [mark for mark, _ in verdict.readings] == ["done"] * 3
    after = look(simulators)
    assert "v2.31.0" not in after["holds"]
    assert after["restores"] == 1


def test_what_cannot_be_interrupted_or_repeated_says_so_and_how_long_it_takes(supabase: Provider) -> None:
    for name in RESTORES:
        action = supabase.action(name)
        assert not action.interruptible
        assert action.idempotency_class is IdempotencyClass.UNREPEATABLE
        assert action.usual_seconds >= 600
        assert "restore" in name


def test_a_restore_that_was_taken_but_has_not_begun_is_not_taken_for_done(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("supabase", begins_after_seconds=60)
    assert supabase.apply(access, BACKUP, sending).kind is OutcomeKind.SUCCEEDED
    verdict = supabase.verify(access, BACKUP, sending)
    assert verdict.proof is Proof.NOT_YET
    assert "has not begun" in verdict.message
    simulators.advance(61)
    assert "restoring" in supabase.verify(access, BACKUP, sending).message
    simulators.advance(700)
    assert supabase.verify(access, BACKUP, sending).proof is Proof.SATISFIED


def test_a_stuck_restore_is_never_called_done_and_names_whom_to_ask(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("supabase", restore_ends="never")
    call = to()
    supabase.apply(access, call, sending)
    simulators.advance(supabase.action("restore_to_time").gives_up_seconds)
    verdict = supabase.verify(access, call, sending)
    assert verdict.proof is Proof.NOT_YET
    assert supabase.support in verdict.message
    told = supabase.examine(access, Call("project_active", {}))
    assert told.holds is False
    assert supabase.support in told.message


def test_a_failed_restore_is_said_at_once_with_the_vendor(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("supabase", restore_ends="failed")
    supabase.apply(access, BACKUP, sending)
    simulators.advance(700)
    verdict = supabase.verify(access, BACKUP, sending)
    assert verdict.proof is Proof.VIOLATED
    assert supabase.support in verdict.message
    assert {one.code: one.level for one in supabase.check(access)}["state"] == "error"


def test_a_project_that_is_up_with_a_sick_database_is_not_done(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    supabase.apply(access, BACKUP, sending)
    simulators.advance(700)
    simulators.settings("supabase", unhealthy=["db"])
    verdict = supabase.verify(access, BACKUP, sending)
    assert verdict.proof is Proof.NOT_YET
    assert "UNHEALTHY" in verdict.message


def test_nothing_is_sent_while_the_project_is_being_restored_and_a_person_is_asked(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.do("supabase", "restored", organisation="motion-mavericks", seconds_ago=600)
    outcome = supabase.apply(access, to(), sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert look(simulators)["restores"] == 1
    assert simulators.journal("supabase") == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("COMING_UP", OutcomeKind.RETRY_LATER),
        ("RESTARTING", OutcomeKind.RETRY_LATER),
        ("INACTIVE", OutcomeKind.REJECTED),
        ("RESTORE_FAILED", OutcomeKind.REJECTED),
        ("ACTIVE_UNHEALTHY", OutcomeKind.SUCCEEDED),
    ],
)
def test_a_restore_begins_only_on_a_project_that_is_up(
    status: str,
    kind: OutcomeKind,
    supabase: Provider,
    access: Access,
    sending: Sending,
    simulators: Simulators,
) -> None:
    simulators.settings("supabase", status=status)
    assert supabase.apply(access, BACKUP, sending).kind is kind
    airlock = supabase.airlock(access, BACKUP)
    assert airlock is not None
    assert bool(airlock.refusals) is (kind is not OutcomeKind.SUCCEEDED)


def test_without_its_copy_nothing_is_restored(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    missing = Call("restore_backup", {"backup": 4006, "restore_point": "before-inc-1"})
    outcome = supabase.apply(access, missing, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "create_restore_point" in outcome.message
    assert supabase.apply(access, POINT, sending).kind is OutcomeKind.SUCCEEDED
    assert "PENDING" in supabase.apply(access, missing, sending).message
    simulators.advance(10)
    assert supabase.apply(access, missing, sending).kind is OutcomeKind.SUCCEEDED


def test_a_restore_without_a_word_about_its_copy_is_refused(supabase: Provider) -> None:
    for copy in (
        {},
        {**KEPT, **BY_HAND},
        {"copy_made_by_hand": False},
        {"restore_point": "much-too-long-a-name-for-it"},
    ):
        assert supabase.problems(Call("restore_backup", {"backup": 4006, **copy}))
    assert supabase.problems(Call("restore_to_point", {"name": "before-release", **KEPT}))
    assert not supabase.problems(Call("restore_backup", {"backup": 4006, **BY_HAND}))


def test_an_old_restore_point_of_the_same_name_is_of_another_incident(
    supabase: Provider, access: Access, sending: Sending, serve: Serve
) -> None:
    old = {"name": "before-inc-1", "status": "AVAILABLE", "completed_on": ago(days=3)}
    here = replace(access, base_url=serve(whole(access, point=old)).url)
    assert supabase.observe(here, POINT).seen is Seen.OTHER
    assert "another name" in supabase.apply(here, POINT, sending).message
    call = Call("restore_backup", {"backup": 4006, "restore_point": "before-inc-1"})
    assert "another name" in supabase.apply(here, call, sending).message


def test_a_restore_point_is_made_once_and_found_again(
    supabase: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    simulators.fault("reset_after", slug="supabase")
    assert supabase.apply(access, POINT, sending).kind is OutcomeKind.AMBIGUOUS
    assert supabase.observe(access, POINT, sending).under_way
    assert supabase.apply(access, POINT, again).kind is OutcomeKind.SUCCEEDED
    simulators.advance(10)
    assert supabase.verify(access, POINT, again).proof is Proof.SATISFIED
    assert len(simulators.effects("supabase")) == 1


def test_a_restore_point_that_fails_is_a_failure(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("supabase", point_ends="FAILED")
    supabase.apply(access, POINT, sending)
    simulators.advance(10)
    assert supabase.verify(access, POINT, sending).proof is Proof.VIOLATED


def test_an_account_without_restore_points_is_told_before_and_can_copy_by_hand(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("supabase", restore_points=False)
    assert {one.code: one.level for one in supabase.check(access)}["restore-points"] == "warning"
    assert supabase.apply(access, POINT, sending).kind is OutcomeKind.REJECTED
    assert supabase.apply(access, to(), sending).kind is OutcomeKind.REJECTED
    airlock = supabase.airlock(access, to(**BY_HAND))
    assert airlock is not None
    assert "dump" in airlock.safety_copy
    assert supabase.apply(access, to(**BY_HAND), sending).kind is OutcomeKind.SUCCEEDED


def test_a_restore_to_a_point_brings_back_what_it_kept(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    supabase.apply(access, to(), sending)
    simulators.advance(700)
    assert "v2.31.0" not in look(simulators)["holds"]
    back = Call("restore_to_point", {"name": "before-release", **BY_HAND})
    assert supabase.apply(access, back, sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(700)
    assert supabase.verify(access, back, sending).proof is Proof.SATISFIED
    assert "v2.31.0" in look(simulators)["holds"]


def test_the_airlock_tells_the_window_the_loss_and_the_copy(supabase: Provider, access: Access) -> None:
    wanted = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    airlock = supabase.airlock(access, Call("restore_to_time", {"time": wanted.isoformat(), **KEPT}))
    assert airlock is not None
    assert airlock.lost_from == wanted
    assert airlock.lost_until is not None
    assert "2 h" in airlock.loses
    assert "Supabase can go back to any moment from" in airlock.loses
    assert "AVAILABLE now" in airlock.safety_copy
    assert airlock.refusals == ()
    later = supabase.airlock(access, Call("restore_backup", {"backup": 4006, "restore_point": "before-inc-1"}))
    assert later is not None
    assert "an earlier step must make it" in later.safety_copy
    assert later.lost_from is not None


@pytest.mark.parametrize("span", [{"days": 8}, {"seconds": 30}, {"hours": -1}], ids=str)
def test_a_time_outside_of_the_window_is_refused_before_it_is_sent(
    span: dict[str, float], supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("restore_to_time", {"time": ago(**span), **KEPT})
    outcome = supabase.apply(access, call, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "outside" in outcome.message
    assert supabase.examine(access, Call("restore_window", {"time": ago(**span)})).holds is False
    assert simulators.journal("supabase") == []


def test_without_the_add_on_only_daily_backups_are_restored(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("supabase", pitr=False)
    assert "restore_backup" in supabase.apply(access, to(), sending).message
    airlock = supabase.airlock(access, to())
    assert airlock is not None
    assert "add-on" in airlock.refusals[0]
    assert {one.code: one.level for one in supabase.check(access)}["pitr"] == "warning"
    assert supabase.apply(access, BACKUP, sending).kind is OutcomeKind.SUCCEEDED


@pytest.mark.parametrize("number", [1, 4099, 4006.5])
def test_a_backup_that_is_not_listed_is_refused(
    number: float, supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    outcome = supabase.apply(access, Call("restore_backup", {"backup": number, **KEPT}), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert simulators.journal("supabase") == []


def test_the_free_plan_is_said_in_the_preflight(supabase: Provider, access: Access, simulators: Simulators) -> None:
    simulators.settings("supabase", plan="free", pitr=False)
    found = {one.code: one.level for one in supabase.check(access)}
    assert (found["plan"], found["backups"]) == ("error", "error")
    assert supabase.examine(access, Call("backups", {})).holds is False


@pytest.mark.parametrize("token", ["eyJhbGciOi.abc.def", "sb_secret_0123456789"])
def test_a_key_of_the_project_itself_is_no_token(token: str, supabase: Provider, connect: Connect) -> None:
    (finding,) = supabase.check(connect("supabase", credentials={"access_token": token}))
    assert finding.level == "error"
    assert "sbp_" in finding.message


def test_the_health_of_each_service_is_told(supabase: Provider, access: Access, simulators: Simulators) -> None:
    told = supabase.examine(access, Call("health", {}))
    assert told.holds is True
    assert len(told.readings) == 6
    simulators.settings("supabase", unhealthy=["storage"])
    told = supabase.examine(access, Call("health", {}))
    assert told.holds is False
    assert [text for mark, text in told.readings if mark == "failed"] == ["storage: UNHEALTHY (connection refused)"]
    assert supabase.examine(access, Call("health", {"services": ["rest"]})).holds is True
    assert supabase.check_problems(Call("health", {"services": ["mail"]}))


def test_the_backups_are_listed_with_their_ids_and_judged_by_age(
    supabase: Provider, access: Access, simulators: Simulators
) -> None:
    told = supabase.examine(access, Call("backups", {"newer_than_hours": 1}))
    assert told.holds is True, "point in time recovery reaches up to two minutes ago"
    assert any(text.startswith("4007:") for _, text in told.readings)
    simulators.settings("supabase", pitr=False)
    assert supabase.examine(access, Call("backups", {"newer_than_hours": 1})).holds is False


def test_too_many_requests_wait_as_long_as_the_reset_says(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.fault("status", slug="supabase", status=429)
    outcome = supabase.apply(access, BACKUP, sending)
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert 0 < (outcome.retry_after_seconds or 0) <= 60


def test_an_answer_that_is_lost_is_never_followed_by_a_second_restore(
    supabase: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    simulators.fault("reset_after", slug="supabase")
    assert supabase.apply(access, BACKUP, sending).kind is OutcomeKind.AMBIGUOUS
    second = supabase.apply(access, BACKUP, again)
    assert (second.kind, second.needs_operator) == (OutcomeKind.REJECTED, True)
    assert look(simulators)["restores"] == 1


def test_a_reading_token_is_found_out_when_used(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("supabase", rights="read")
    outcome = supabase.apply(access, BACKUP, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, 403)


def test_a_plan_that_is_too_small_is_said_with_what_to_do(
    supabase: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    body = '{"message": "This feature requires the Pro plan"}'
    simulators.fault("status", slug="supabase", status=402, body=body)
    outcome = supabase.apply(access, BACKUP, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, 402)
    assert "Pro plan" in outcome.message


def whole(access: Access, *statuses: str, point: dict[str, Any]) -> Any:
    """Return an endpoint that has only what it must, whose project says the statuses one after the other."""
    path = f"/v1/projects/{access.settings['project_ref']}"
    backups = {
        "pitr_enabled": True,
        "backups": [{"id": 4006, "status": "COMPLETED", "inserted_at": "2026-01-01T00:00:00"}],
        "physical_backup_data": {
            "earliest_physical_backup_date_unix": 1,
            "latest_physical_backup_date_unix": int(datetime.now(UTC).timestamp()),
        },
    }
    return routed(
        {
            f"GET {path}": in_turn(*(answer(200, {"status": status}) for status in statuses or ("ACTIVE_HEALTHY",))),
            f"GET {path}/database/backups": answer(200, backups),
            f"GET {path}/database/backups/restore-point": answer(200, point),
            f"POST {path}/database/backups/restore-pitr": answer(201),
            f"GET {path}/health": answer(200, [{"name": "db", "healthy": True}]),
        }
    )


def test_an_endpoint_that_fills_only_what_it_must_carries_a_whole_restore(
    supabase: Provider, access: Access, sending: Sending, serve: Serve
) -> None:
    statuses = ("ACTIVE_HEALTHY", "ACTIVE_HEALTHY", "RESTORING", "RESTORING", "COMING_UP", "ACTIVE_HEALTHY")
    server = serve(whole(access, *statuses, point={"name": "before-release", "status": "AVAILABLE"}))
    here, call = replace(access, base_url=server.url), to()
    outcome = supabase.apply(here, call, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert "RESTORING" in outcome.message, "it looked until the restore began"
    (sent,) = [one for one in server.requests if one.method == "POST"]
    wanted = int(datetime.fromisoformat(call.parameters["time"]).timestamp())
    assert sent.json() == {"recovery_time_target_unix": wanted}
    proofs = [supabase.verify(here, call, sending).proof for _ in range(3)]
    assert proofs == [Proof.NOT_YET, Proof.NOT_YET, Proof.SATISFIED]


@pytest.mark.parametrize("body", [{}, [], None, {"status": 7}, {"backups": {}}], ids=str)
def test_odd_bodies_are_unreadable_and_nothing_worse(
    body: Any, supabase: Provider, access: Access, serve: Serve, sending: Sending
) -> None:
    path = f"/v1/projects/{access.settings['project_ref']}"
    pages = [path, f"{path}/database/backups", f"{path}/health", f"{path}/database/backups/restore-point"]
    here = replace(access, base_url=serve(routed({f"GET {page}": answer(200, body) for page in pages})).url)
    assert supabase.observe(here, BACKUP, sending).seen is Seen.UNREADABLE
    assert supabase.observe(here, POINT, sending).seen is Seen.UNREADABLE or body in ([], None)
    assert supabase.apply(here, BACKUP, sending).kind is OutcomeKind.RETRY_LATER
    assert supabase.verify(here, BACKUP, sending).proof is Proof.NOT_YET
    assert {one.level for one in supabase.check(here)} == {"error"}


@pytest.mark.parametrize("ref", ["", "short", "../x", "ABCDEFGHIJKLMNOPQRST"])
def test_a_reference_that_is_none_is_not_sent(
    ref: str, supabase: Provider, connect: Connect, sending: Sending, simulators: Simulators
) -> None:
    here = connect("supabase", settings={"project_ref": ref})
    outcome = supabase.apply(here, BACKUP, sending)
    assert outcome.kind in (OutcomeKind.REJECTED, OutcomeKind.RETRY_LATER)
    assert simulators.journal("supabase") == []
