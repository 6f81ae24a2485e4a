"""One person acts alone: rarely, briefly, in one environment, and not twice without a review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.accounts.models import Organisation, Person
from apps.approvals import acting_alone, asking, break_glass, events
from apps.approvals.deciding import DECIDED, Decided
from apps.approvals.models import BreakGlass, Question
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.log import record
from apps.timeline.models import Event
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import PASSWORD, PersonFactory
from tests.approvals.conftest import stale
from tests.approvals.test_counting import consume
from tests.deployments.factories import EnvironmentFactory
from tests.racing import racers, refusals
from tests.rollbacks.conftest import stage

__all__ = ["stage"]


def code(caught: Any) -> str:
    return getattr(caught.value.__cause__, "sqlstate", "")


@transaction.atomic
def write(team: Any, **more: Any) -> BreakGlass:
    """Write a row past every rule of Python, and record it."""
    now = database_now()
    record(events.OWED, team.environment, by=team.rae, names="x", title="x")
    told = {"opened_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1), "reason": "Down", **more}
    row = BreakGlass.objects.create(
        organisation=team.organisation, person=team.rae, environment=team.environment, **told
    )  # fmt: skip
    row.refresh_from_db()
    return row


def change(team: Any, row: BreakGlass, **changes: Any) -> None:
    """Change a row past every rule of Python, and record it."""
    with transaction.atomic():
        record(events.OWED, team.environment, by=team.rae, names="x", title="x")
        BreakGlass.objects.filter(pk=row.pk).update(**changes)


@pytest.fixture
def allowed(team: Any) -> Any:
    """A team that allows it."""
    Organisation.objects.filter(pk=team.organisation.pk).update(break_glass_allowed=True)
    team.organisation.refresh_from_db()
    return team


def test_postgres_refuses_it_where_the_organisation_does_not_allow_it(team: Any) -> None:
    with pytest.raises(DatabaseError) as caught:
        write(team)
    assert code(caught) == "RG015"


def test_postgres_lets_it_last_thirty_minutes_whatever_was_written(allowed: Any) -> None:
    before = database_now()
    row = write(allowed)
    assert before <= row.opened_at <= database_now()
    assert row.ends_at - row.opened_at == timedelta(minutes=30)


def test_postgres_lets_nothing_be_changed_but_an_earlier_end_and_a_review(allowed: Any) -> None:
    row = write(allowed)
    for changes in ({"reason": "x"}, {"ends_at": row.ends_at + timedelta(seconds=1)}, {"person": allowed.ava}):
        with pytest.raises(DatabaseError) as caught:
            change(allowed, row, **changes)
        assert code(caught) == "RG011"
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        row.delete()
    assert code(caught) == "RG011"
    with pytest.raises(DatabaseError) as caught:
        change(allowed, row, reviewed_at=database_now(), reviewed_by=allowed.ava)
    assert code(caught) == "RG015"
    change(allowed, row, ends_at=row.opened_at + timedelta(minutes=1))


def test_postgres_lets_it_be_used_again_only_after_somebody_else_has_reviewed_it(allowed: Any) -> None:
    row = write(allowed)
    with pytest.raises(IntegrityError):
        write(allowed)
    with pytest.raises(IntegrityError):
        change(allowed, row, reviewed_at=database_now(), reviewed_by=allowed.rae, review="Fine")
    change(allowed, row, reviewed_at=database_now(), reviewed_by=allowed.ava, review="Fine")
    write(allowed)


def start(team: Any, question: Question, **more: Any) -> BreakGlass:
    """Start alone as rae, who asked."""
    told = {"by": team.rae, "content_hash": question.content_hash, "reason": "All are on a plane", **more}
    return acting_alone.start_alone(question, **told)


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A kind of question that may be started alone; what was granted is counted by Postgres."""
    monkeypatch.setitem(DECIDED, "test.question", Decided(granted=lambda question, by: None, alone=True))
    return "test.question"


def test_everybody_passed_over_is_told_and_nobody_else(allowed: Any, kind: str) -> None:
    question = allowed.ask()
    asking.vote(question, by=allowed.cleo, decision="approve", content_hash=question.content_hash)
    glass = start(allowed, question)
    question.refresh_from_db()
    assert (question.state, question.break_glass) == ("granted", glass)
    (debt,) = question.debts.all()
    assert (debt.person, debt.role, debt.because) == (allowed.ava, "founder", "Rae acted alone: All are on a plane")
    told = [event.text for event in Event.objects.filter(kind__startswith="break_glass").order_by("pk")]
    assert told == [
        f"Rae broke the glass in {allowed.environment}: All are on a plane",
        "Rae starts it alone: Do it. Passed over: Ava.",
    ]
    assert question.votes.get().consumed_at


def test_it_is_for_ones_own_rollbacks_of_that_environment_while_it_lasts(allowed: Any, kind: str) -> None:
    glass = start(allowed, allowed.ask())
    assert start(allowed, allowed.ask(), reason="") == glass
    other = EnvironmentFactory(service=allowed.environment.service, name="staging")
    with pytest.raises(Forbidden) as refused:
        start(allowed, allowed.ask(environment=other))
    assert "nobody has reviewed that yet" in refused.value.message
    with pytest.raises(Forbidden):
        start(allowed, allowed.ask(), by=allowed.ava)
    change(allowed, glass, ends_at=database_now())
    with pytest.raises(Forbidden):
        start(allowed, allowed.ask(), reason="again")


def test_it_needs_a_reason_and_the_plan_that_was_read_and_what_is_lost(allowed: Any, kind: str) -> None:
    question = allowed.ask(losses=["Ten links"], confirm="portal")
    whole = {"accepts": ["Ten links"], "confirm": "portal"}
    for missing, error in (
        ({"reason": " "}, Unacceptable), ({"content_hash": "0" * 64}, asking.Stale), ({"accepts": []}, Unacceptable),
        ({"confirm": "x"}, Unacceptable),
    ):  # fmt: skip
        with pytest.raises(error):
            start(allowed, question, **{**whole, **missing})
    assert not BreakGlass.objects.exists()
    assert start(allowed, question, **whole)


def test_where_it_is_switched_off_nobody_acts_alone(team: Any, kind: str) -> None:
    question = team.ask()
    with pytest.raises(Forbidden) as refused:
        start(team, question)
    assert refused.value.message == "Break-glass is switched off here. An administrator can allow it."
    with pytest.raises(Forbidden):
        break_glass.open_glass(team.environment, by=team.rae, reason="x")


def test_only_questions_that_say_so_can_be_started_alone(allowed: Any) -> None:
    with pytest.raises(Forbidden) as refused:
        start(allowed, allowed.ask())
    assert "Only a rollback can be started alone" in refused.value.message


def test_what_is_decided_is_not_started_alone(allowed: Any, kind: str) -> None:
    question = allowed.ask({"all_of": ["founder"]})
    asking.vote(question, by=allowed.ava, decision="reject", content_hash=question.content_hash)
    with pytest.raises(Refused) as refused:
        start(allowed, question)
    assert (refused.value.status, refused.value.code) == (409, "decided")


def test_who_may_not_propose_there_may_not_act_alone_there(allowed: Any, kind: str) -> None:
    question = allowed.ask(requester=allowed.ava)
    with pytest.raises(Forbidden) as refused:
        start(allowed, question, by=allowed.ava)
    assert "may propose a rollback" in refused.value.message


def test_switching_it_off_ends_what_is_open_and_is_for_administrators(allowed: Any, kind: str) -> None:
    admin = PersonFactory(organisation=allowed.organisation, name="Adi", roles=["admin"])
    glass = start(allowed, allowed.ask())
    with pytest.raises(Forbidden):
        break_glass.allow(allowed.organisation, by=allowed.rae, allowed=False)
    break_glass.allow(allowed.organisation, by=admin, allowed=False)
    glass.refresh_from_db()
    assert glass.ends_at <= database_now()
    assert break_glass.open_now(allowed.rae, allowed.environment.pk) is None
    break_glass.allow(allowed.organisation, by=admin, allowed=True)
    assert Event.objects.filter(kind__in=["break_glass.allowed", "break_glass.forbidden"]).count() == 2


def test_somebody_else_reviews_it_once_and_then_it_may_be_used_again(allowed: Any, kind: str) -> None:
    glass = start(allowed, allowed.ask())
    with pytest.raises(Forbidden):
        break_glass.review(glass, by=allowed.rae, text="Fine")
    with pytest.raises(Unacceptable):
        break_glass.review(glass, by=allowed.ava, text=" ")
    closed = break_glass.review(glass, by=allowed.ava, text="It was right")
    assert (closed.reviewed_by, closed.ends_at) == (allowed.ava, closed.reviewed_at)
    with pytest.raises(Refused):
        break_glass.review(glass, by=allowed.cleo, text="Again")
    assert start(allowed, allowed.ask()) != glass


def test_postgres_counts_an_empty_seat_only_under_the_requesters_own_open_glass(allowed: Any) -> None:
    """Written past every rule of Python: the mark of another person, another environment or another time is no mark."""
    glass = write(allowed)
    other = EnvironmentFactory(service=allowed.environment.service, name="staging")
    good = allowed.ask()
    marked = {
        "": good, "not its environment": allowed.ask(environment=other),
        "no environment": allowed.ask(environment=None), "not its person": allowed.ask(requester=allowed.ada),
    }  # fmt: skip
    for question in marked.values():
        Question.objects.filter(pk=question.pk).update(break_glass=glass)
    assert {name: consume(question) for name, question in marked.items()} == {
        name: "RG009" if name else "" for name in marked
    }
    assert consume(allowed.ask()) == "RG009"
    Person.objects.filter(pk=allowed.rae.pk).update(active=False)
    assert consume(good) == "RG009"
    Person.objects.filter(pk=allowed.rae.pk).update(active=True)
    change(allowed, glass, ends_at=database_now())
    assert consume(good) == "RG009"


def test_a_mark_is_never_moved_nor_set_once_it_is_decided(allowed: Any) -> None:
    glass, question = write(allowed), allowed.ask()
    Question.objects.filter(pk=question.pk).update(break_glass=glass)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Question.objects.filter(pk=question.pk).update(break_glass=None)
    assert code(caught) == "RG011"
    decided = allowed.ask({})
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Question.objects.filter(pk=decided.pk).update(break_glass=glass)
    assert code(caught) == "RG011"


def test_of_many_who_break_the_glass_at_once_one_does(allowed: Any) -> None:
    deeds = [partial(break_glass.open_glass, allowed.environment, by=allowed.rae, reason="x")] * 8
    with racers(8) as crowd:
        answers = crowd.together(*deeds)
    assert (sum(map(bool, answers)), refusals(answers)) == (1, {"review_missing"})
    assert BreakGlass.objects.count() == 1


def test_a_real_rollback_starts_alone_and_says_so(stage: Any) -> None:
    Organisation.objects.filter(pk=stage.organisation.pk).update(break_glass_allowed=True)
    stage.rae.organisation.refresh_from_db()
    rollback = stage.propose()
    question = rollback.question
    told = {"content_hash": question.content_hash, "accepts": question.losses, "confirm": question.confirm}
    acting_alone.start_alone(question, by=stage.rae, reason="All are on a plane", **told)
    rollback.refresh_from_db()
    assert rollback.state == "queued"
    page = sign_in(stage.ava).get(f"/rollbacks/{rollback.pk}/").content.decode()
    assert "Started alone, by break-glass" in page
    assert "Told afterwards" in page
    assert {debt.person for debt in question.debts.all()} == {stage.ava, stage.cleo}


def test_the_browser_asks_for_the_password_and_keeps_what_was_filled_in(allowed: Any, kind: str) -> None:
    question = allowed.ask(url="/approvals/")
    browser = sign_in(allowed.rae)
    stale(browser)
    form = {"content_hash": question.content_hash, "reason": "All are on a plane"}
    answer = browser.post(f"/approvals/{question.pk}/break-glass/start/", form)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert not BreakGlass.objects.exists()
    assert "All are on a plane" in browser.get(f"/approvals/{question.pk}/break-glass/").content.decode()
    assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    assert browser.post(f"/approvals/{question.pk}/break-glass/start/", form)["Location"] == "/approvals/"
    assert BreakGlass.objects.get().person == allowed.rae


def test_no_token_acts_alone(allowed: Any) -> None:
    question = allowed.ask()
    client = program(allowed.rae, "read", "write", "approve", "admin")
    answer = client.post(f"/api/v1/approvals/{question.pk}/break-glass")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert not BreakGlass.objects.exists()


def test_programs_list_review_and_switch_it(allowed: Any, kind: str) -> None:
    glass = start(allowed, allowed.ask())
    client = program(allowed.ava, "write")
    (item,) = client.get("/api/v1/break-glass").json()["items"]
    assert (item["id"], item["reviewed_at"], len(item["started"])) == (str(glass.pk), None, 1)
    path = f"/api/v1/break-glass/{glass.pk}/review"
    assert program(allowed.rae, "write").post(path, {"review": "x"}, "application/json").status_code == 403
    assert client.post(path, {"review": "Right"}, "application/json").json()["review"] == "Right"
    switch = "/api/v1/break-glass/permission"
    assert client.post(switch, {"allowed": False}, "application/json").status_code == 403
    admin = program(PersonFactory(organisation=allowed.organisation, roles=["admin"]), "admin")
    assert admin.post(switch, {"allowed": False}, "application/json").json() == {"allowed": False}
    assert not Organisation.objects.get(pk=allowed.organisation.pk).break_glass_allowed


def test_a_start_alone_that_meets_the_last_vote_starts_it_once(allowed: Any, kind: str) -> None:
    """Whoever is first decides: then nobody was passed over, or the vote comes too late. Never both."""
    met = {"alone": 0, "voted": 0}
    with racers(2) as pair:
        for number in range(9):
            question = allowed.ask({"all_of": ["founder"]})
            vote = partial(
                asking.vote, question, by=allowed.ava, decision="approve", content_hash=question.content_hash
            )
            alone, voted = pair.meet(number, partial(start, allowed, question), vote)
            question.refresh_from_db()
            assert (bool(alone), bool(voted)) in {(True, False), (False, True)}
            assert question.state == "granted"
            assert (question.break_glass_id is not None) == bool(alone) == question.debts.exists()
            assert question.votes.filter(consumed_at=None).count() == 0
            met["alone" if alone else "voted"] += 1
            if alone:
                assert voted.refused == "decided"
                break_glass.review(alone.value, by=allowed.cleo, text="Right")
    assert min(met.values()) >= 2, met
