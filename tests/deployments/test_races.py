"""Two at the same moment about what is live and what is frozen: the second sees what the first has done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from apps.accounts import lifecycle as people
from apps.accounts.models import Organisation
from apps.approvals import asking
from apps.approvals.models import Question
from apps.deployments import freezing, lifting, production, switches
from apps.playbooks import lifecycle as playbooks
from apps.playbooks.models import Playbook
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.racing import Racers, racers
from tests.rollbacks.conftest import PLAYBOOK


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[Racers]:
    with django_db_blocker.unblock(), racers(2) as made:
        yield made


@pytest.fixture
def team(transactional_db: None) -> Organisation:
    return OrganisationFactory()


def test_the_second_release_knows_which_one_was_live_before(crowd: Racers, team: Organisation) -> None:
    environment = EnvironmentFactory(service=ServiceFactory(organisation=team))
    first, second, third = (DeploymentFactory(environment=environment, hours_ago=hours) for hours in (3, 2, 1))
    live = partial(production.went_live, environment, by=SYSTEM, pinned=False)
    assert all(crowd.overlapping(partial(live, first), partial(live, second)))
    told = Event.objects.filter(organisation=team, details__previous__isnull=False).order_by("-seq")[:2]
    assert [event.details["previous"] for event in told] == [first.version, third.version]


def test_only_one_person_asks_to_lift_a_freeze(crowd: Racers, team: Organisation) -> None:
    one, other = (PersonFactory(organisation=team, roles=["admin", "incident-commander", "founder"]) for _ in "ab")
    freeze = freezing.freeze(team, by=SYSTEM, stops="rollbacks", scope="organisation", reason="Wait")
    asked, again = crowd.overlapping(
        partial(lifting.ask_to_lift, freeze, by=one, reason="Over"),
        partial(lifting.ask_to_lift, freeze, by=other, reason="Over"),
    )
    assert asked
    assert again.refused == "already_asked"
    assert Question.objects.filter(kind=lifting.LIFT, state="open").count() == 1


def test_whoever_is_removed_while_their_vote_lifts_a_freeze_locks_nobody_out(crowd: Racers, team: Organisation) -> None:
    """The removal holds the organisation and then the person; the vote must not hold the person and want the other."""
    admin, one, other = (PersonFactory(organisation=team, roles=["admin", "incident-commander"]) for _ in "abc")
    freeze = freezing.freeze(team, by=SYSTEM, stops="rollbacks", scope="organisation", reason="Wait")
    question = lifting.ask_to_lift(freeze, by=one, reason="Over")
    removed, voted = crowd.overlapping(
        partial(switches.hold, team.pk),
        partial(asking.vote, question, by=other, decision="approve", content_hash=question.content_hash),
        then=partial(people.deactivate_person, other, by=admin),
    )
    assert removed
    assert voted.refused == "votes_missing"
    freeze.refresh_from_db()
    assert freeze.lifted_at is None


def test_an_older_draft_is_not_published_over_a_newer_one(crowd: Racers, team: Organisation) -> None:
    ServiceFactory(organisation=team)
    older = playbooks.draft(team, by=SYSTEM, content=PLAYBOOK)
    newer = playbooks.draft(team, by=SYSTEM, content=PLAYBOOK.replace("Tell the team", "Tell everybody"))
    assert newer.number > older.number
    published, overtaken = crowd.overlapping(
        partial(playbooks.publish, newer, by=SYSTEM, comment="Newer"),
        partial(playbooks.publish, older, by=SYSTEM, comment="Older"),
    )
    assert published
    assert not overtaken
    assert Playbook.objects.get(pk=newer.playbook_id).published_id == newer.pk
