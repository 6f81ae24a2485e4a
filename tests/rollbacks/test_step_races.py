"""Two people decide about the same step at the same moment, on connections of their own: one of them is told no."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from apps.accounts.models import Person
from apps.approvals import asking
from apps.rollbacks import lifecycle, operating, withdrawing
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Refused
from tests.rollbacks.conftest import Stage

ROUNDS = 8


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment, each on its own connection; returns what came of each, a refusal as itself."""
    start = Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except Refused as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


@pytest.mark.parametrize("rival", ["retry", "cancel"])
def test_a_vote_and_what_takes_its_question_back_never_both_count(
    stage: Stage,
    stuck: Rollback,
    second: Person,
    rival: str,
) -> None:
    deeds: dict[str, Callable[[], Any]] = {
        "retry": lambda: operating.retry(stuck, 1, by=stage.rae, reason="It is back"),
        "cancel": lambda: lifecycle.cancel(stuck, by=stage.rae, reason="The fix is out"),
    }
    question = operating.ask_to_adopt(stuck, 1, by=stage.rae, reason="Moved by hand", evidence="The dashboard")
    vote = lambda: asking.vote(question, by=second, decision="approve", content_hash=question.content_hash)  # noqa: E731
    voted, other = at_once(vote, deeds[rival])
    question.refresh_from_db()
    step = stuck.steps.get(position=1)
    if isinstance(voted, Refused):
        assert question.state == "void"
        assert step.state != "succeeded"
    else:
        assert question.state == "granted"
        assert step.state == "succeeded"
        assert rival == "cancel" or isinstance(other, Refused)
    assert not withdrawing.open_about([step.pk]).exists()


def test_however_many_ask_the_same_there_is_one_question(stage: Stage, stuck: Rollback) -> None:
    ask = lambda: operating.ask_to_skip(stuck, 1, by=stage.rae, reason="Done by hand")  # noqa: E731
    outcomes = at_once(*[ask] * ROUNDS)
    assert sum(isinstance(one, Refused) for one in outcomes) == ROUNDS - 1
    assert withdrawing.open_about([stuck.steps.get(position=1).pk]).count() == 1


def test_however_many_are_asked_again_the_chat_is_told_once(stage: Stage) -> None:
    from apps.approvals.reminding import remind
    from apps.timeline.models import Event

    planned = stage.propose()
    outcomes = at_once(*[lambda: remind(planned.question, by=stage.rae)] * ROUNDS)
    assert sum(isinstance(one, Refused) for one in outcomes) == ROUNDS - 1
    assert Event.objects.filter(kind="question.asked_again").count() == 1
