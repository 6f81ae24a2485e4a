"""What people do at once, raced through the verbs: every pair of them ends one way, and none locks the other out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from apps.accounts import lifecycle as people
from apps.accounts.models import Role
from apps.approvals import asking, overdue
from apps.approvals.models import Question, Vote
from apps.rollbacks import lifecycle, proposing
from apps.rollbacks.models import Rollback
from apps.timeline.log import SYSTEM
from tests.racing import Racers, refusals
from tests.rollbacks.test_starting_races import BOTH, ROUNDS, agree, another, at, crowd, proposed, put, seq

__all__ = ["crowd", "proposed"]  # the fixtures


def test_a_vote_that_meets_a_new_plan_is_void_or_stale(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    """One of two votes against planning again: a vote that came first is void, one that comes later is stale."""
    wish, draft = proposing.prepare_again(proposed, by=stage.rae)
    for number in range(ROUNDS):
        before = proposed.question_id
        fresh = replace(draft, canonical=draft.canonical + b" " * (number + 1))
        voted, planned = crowd.meet(
            number, agree(proposed, stage.ava), partial(proposing.plan_again, proposed, wish, fresh)
        )  # fmt: skip
        assert planned
        assert refusals([voted]) <= {"stale_plan", "decided"}
        proposed = Rollback.objects.select_related("question").get(pk=proposed.pk)
        assert proposed.question_id != before
        assert proposed.question.content_hash == proposed.plan_hash
        assert not proposed.question.votes.exists()
        assert Vote.objects.filter(question_id=before).count() == int(bool(voted))
        assert Question.objects.get(pk=before).state == "void"


def test_a_start_is_of_the_plan_that_was_agreed_on(crowd: Racers, stage: Any, proposed: Rollback) -> None:
    """The last vote against planning again: it starts as agreed, or it is planned again and does not start."""
    wish, draft = proposing.prepare_again(proposed, by=stage.rae)
    for number in range(ROUNDS):
        rollback = another(proposed, 100 + number, BOTH)
        agree(rollback, stage.ava)()
        mine = replace(wish, rollback_id=rollback.pk)
        fresh = replace(draft, canonical=draft.canonical + b" " * (number + 1))
        voted, planned = crowd.meet(
            number, agree(rollback, stage.cleo), partial(proposing.plan_again, rollback, mine, fresh)
        )  # fmt: skip
        assert [bool(voted), bool(planned)] in ([True, False], [False, True])
        rollback = Rollback.objects.select_related("question", "plan").get(pk=rollback.pk)
        votes = rollback.question.votes.filter(content_hash=rollback.plan.hash).exclude(consumed_at=None)
        assert (rollback.state, votes.count()) == (("queued", 2) if voted else ("awaiting_approval", 0))
        put(rollback, "cancelled")


def test_a_question_that_expires_while_people_answer_ends_one_way(
    crowd: Racers, stage: Any, proposed: Rollback
) -> None:
    for number in range(ROUNDS):
        rollback = another(proposed, 100 + number, {"all_of": ["founder"]}, expires_minutes=0.03 / 60)
        ends = rollback.question.expires_at
        late = timedelta(microseconds=400 * (number - ROUNDS // 2))
        voted, closed = crowd.together(
            partial(at, ends + late, agree(rollback, stage.ava)), partial(at, ends, overdue.close_overdue)
        )  # fmt: skip
        overdue.close_overdue()
        rollback = Rollback.objects.select_related("question").get(pk=rollback.pk)
        ended = (rollback.state, rollback.question.state, rollback.question.votes.count())
        assert ended == (("queued", "granted", 1) if voted else ("expired", "expired", 0))
        assert refusals([voted]) <= {"expired", "decided", "RG009"}
        if voted:
            assert rollback.question.votes.get().consumed_at < ends
            put(rollback, "cancelled")


@pytest.mark.parametrize("other", ["cancel", "vote", "plan again"])
def test_two_ways_to_a_question_do_not_lock_each_other_out(
    crowd: Racers, stage: Any, proposed: Rollback, other: str
) -> None:
    """One person answers on the question's own page; another does something that ends the question, in its middle."""
    wish, draft = proposing.prepare_again(proposed, by=stage.rae)
    rollback = another(proposed, 100, BOTH)
    agree(rollback, stage.ava)()
    fresh = replace(draft, canonical=draft.canonical + b" ")
    deeds: dict[str, Callable[[], Any]] = {
        "cancel": partial(lifecycle.cancel, rollback, by=stage.rae, reason="Enough"),
        "vote": agree(rollback, stage.cleo),
        "plan again": partial(proposing.plan_again, rollback, replace(wish, rollback_id=rollback.pk), fresh),
    }
    voted, _ = crowd.overlapping(
        partial(Question.objects.select_for_update().get, pk=rollback.question_id),
        deeds[other],
        partial(
            asking.vote, rollback.question, by=stage.cleo, decision="approve", content_hash=rollback.plan_hash
        ),
    )  # fmt: skip
    assert voted
    rollback.refresh_from_db()
    assert rollback.state == ("cancelling" if other == "cancel" else "queued")


def test_a_role_is_taken_and_a_vote_is_cast_without_locking_each_other_out(
    crowd: Racers, stage: Any, proposed: Rollback
) -> None:
    founder = Role.objects.get(organisation=stage.organisation, slug="founder")
    for number in range(ROUNDS):
        rollback = another(proposed, 100 + number, BOTH)
        agree(rollback, stage.ava)()
        started, taken = crowd.meet(
            number, agree(rollback, stage.cleo), partial(people.take_role, stage.ava, founder, by=SYSTEM)
        )  # fmt: skip
        assert taken
        if started:
            assert seq("rollback.approved", rollback) < seq("role.taken", stage.ava)
        else:
            assert refusals([started]) <= {"RG009", "votes_missing"}
        people.give_role(stage.ava, founder, by=SYSTEM)
        put(rollback, "cancelled")
