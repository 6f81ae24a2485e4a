"""When rules change while people decide: nothing is asked by a rule that is gone; what was asked by it is taken back.

A question keeps what it was decided by (`Ruling.as_rule`), so that it can be decided again by the rules as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from apps.accounts.models import Organisation
from apps.approvals import asking
from apps.approvals.matching import Situation
from apps.approvals.models import Question
from apps.approvals.ruling import Own, Ruling, rule_in
from apps.timeline.answers import Refused

LOCK = "SELECT {}(hashtext('approval-rules'), hashtext(%s))"


def hold_rules(organisation_id: Any) -> None:
    """Keep the rules as they are until the transaction ends; whoever changes one waits.

    It is the last lock that anybody takes: after those of questions, of runs, and of what else is asked about.
    """
    _lock("pg_advisory_xact_lock_shared", organisation_id)


def hold_for_change(organisation: Organisation) -> set[Any]:
    """Let nobody ask by the rules, vote on what they decided, or change them, until the transaction ends.

    Returns the keys of the open questions, which are locked: in the order that voters keep, questions come first.
    """
    locked = {question.pk for question in _asked(organisation).select_for_update(of=("self",))}
    _lock("pg_advisory_xact_lock", organisation.pk)
    return locked


def refuse_outdated(ruling: Ruling, organisation: Organisation) -> None:
    """Raise Stale where the rules have changed since `ruling` was made, and hold them until the transaction ends."""
    hold_rules(organisation.pk)
    if deciding(rule_in(organisation.pk, ruling.situation, ruling.own).as_plan()) != deciding(ruling.as_plan()):
        raise asking.Stale("A rule about who must agree changed at this moment. Nothing was asked; plan again.")


def take_back_outdated(organisation: Organisation, *, by: Any, name: str, locked: set[Any]) -> int:
    """Take back every open question that the rules now decide otherwise than when it was asked; returns how many.

    `name` is the rule that changed, `locked` what `hold_for_change` returned, in the same transaction. Raises Refused
    where somebody is answering a question that was asked at this very moment.
    """
    outdated = [question for question in _asked(organisation) if _differs(question)]
    _lock_late({question.pk for question in outdated} - locked)
    for question in outdated:
        asking.void(question, by=by, reason=f"the rule “{name}” changed; plan again")
    return len(outdated)


def deciding(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a ruling people were asked by, without prose: one more rule that matches changes nothing of it."""
    return {key: value for key, value in kept.items() if key not in {"because", "decided_by"}}


def _asked(organisation: Organisation) -> QuerySet[Question]:
    return Question.objects.filter(organisation=organisation, state="open", rule__has_key="decided_by").order_by("pk")


def _lock_late(questions: set[Any]) -> None:
    """Lock without waiting: whoever holds one of them may be waiting for the rules."""
    try:
        with transaction.atomic():
            list(Question.objects.filter(pk__in=questions).select_for_update(nowait=True))
    except OperationalError as busy:
        raise Refused("Somebody is answering by this rule just now. Nothing was changed; try again.") from busy


def _differs(question: Question) -> bool:
    by = question.rule["decided_by"]
    own = Own(**by["own"]) if by["own"] else None
    now = rule_in(question.organisation_id, Situation.from_json(by["situation"]), own)
    return deciding(now.as_plan()) != deciding(question.rule)


def _lock(function: str, organisation_id: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK.format(function), [str(organisation_id)])
