"""The kill switch and the release freeze: what they cover, and that two people lift them."""

import threading

import pytest
from django.db import connection, transaction

from apps.accounts.models import Organisation, Person
from apps.approvals import asking
from apps.approvals.models import Question
from apps.deployments import lifecycle
from apps.deployments.models import Environment, Freeze, FreezeSwitch
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory


def stop(person: Person, scope: str = "organisation", stops: str = "rollbacks", **where: object) -> Freeze:
    return lifecycle.freeze(person.organisation, by=person, stops=stops, scope=scope, reason="Look first", **where)


def is_frozen(environment: Environment) -> bool:
    return FreezeSwitch.objects.get(environment=environment).frozen


def agree(question: Question, person: Person) -> None:
    asking.vote(question, by=person, decision="approve", content_hash=question.content_hash)


@pytest.fixture
def staging(production: Environment) -> Environment:
    return EnvironmentFactory(service=production.service, name="staging", kind="staging")


@pytest.fixture
def other(mavericks: Organisation) -> Environment:
    return EnvironmentFactory(service=ServiceFactory(organisation=mavericks, slug="other"))


def test_each_scope_freezes_what_it_holds(
    production: Environment, staging: Environment, other: Environment, ivo: Person
) -> None:
    everything = (production, staging, other)
    stop(ivo, "environment", environment=production)
    assert [is_frozen(one) for one in everything] == [True, False, False]
    stop(ivo, "service", service=production.service)
    assert [is_frozen(one) for one in everything] == [True, True, False]
    stop(ivo, "organisation")
    assert [is_frozen(one) for one in everything] == [True, True, True]


def test_another_organisation_is_not_touched(production: Environment, mallory: Person) -> None:
    stop(mallory)

    assert not is_frozen(production)


def test_a_release_freeze_stops_no_rollback(production: Environment, ivo: Person) -> None:
    stop(ivo, stops="deployments")

    assert not is_frozen(production)


def test_a_freeze_is_recorded_with_its_reason(production: Environment, ivo: Person) -> None:
    freeze = stop(ivo, "environment", environment=production)

    event = Event.objects.get(kind="freeze.made")
    assert event.text == "Ivo stopped rollbacks of portal production: Look first"
    assert (event.subject_id, freeze.created_by) == (str(freeze.pk), ivo)


def test_a_stakeholder_does_not_freeze(production: Environment, sam: Person) -> None:
    with pytest.raises(Forbidden, match="freeze or unfreeze"):
        stop(sam)
    assert not Freeze.objects.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"stops": "lunch"}, "stops"),
        ({"scope": "street"}, "scope"),
        ({"scope": "environment"}, "environment"),
        ({"scope": "service"}, "service"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_freeze_must_make_sense(ivo: Person, said: dict[str, str], field: str) -> None:
    said = {"stops": "rollbacks", "scope": "organisation", "reason": "Look first", **said}

    with pytest.raises(Unacceptable) as refused:
        lifecycle.freeze(ivo.organisation, by=ivo, **said)

    assert refused.value.extra["field"] == field


def test_a_second_person_lifts_it(production: Environment, ivo: Person, ada: Person) -> None:
    freeze = stop(ivo, "environment", environment=production)

    question = lifecycle.ask_to_lift(freeze, by=ivo, reason="Looked")

    assert is_frozen(production)
    with pytest.raises(Forbidden, match="You asked for this"):
        agree(question, ivo)
    agree(question, ada)
    freeze.refresh_from_db()
    assert not is_frozen(production)
    assert freeze.lifted_by == ada
    assert Event.objects.filter(kind="freeze.lifted").get().text == (
        "Rollbacks of portal production are allowed again; Ada agreed."
    )


def test_a_wider_freeze_still_holds_when_a_narrow_one_is_lifted(
    production: Environment, ivo: Person, ada: Person
) -> None:
    narrow = stop(ivo, "environment", environment=production)
    stop(ivo, "organisation")

    agree(lifecycle.ask_to_lift(narrow, by=ivo, reason="Looked"), ada)

    assert is_frozen(production)


def test_lifting_is_asked_once_and_not_after_it_is_lifted(production: Environment, ivo: Person, ada: Person) -> None:
    freeze = stop(ivo)
    question = lifecycle.ask_to_lift(freeze, by=ivo, reason="Looked")

    with pytest.raises(Refused, match="waits for a second person"):
        lifecycle.ask_to_lift(freeze, by=ada, reason="Looked")
    agree(question, ada)
    with pytest.raises(Refused, match="lifted already"):
        lifecycle.ask_to_lift(freeze, by=ivo, reason="Looked")


def test_after_a_no_it_can_be_asked_again(production: Environment, ivo: Person, ada: Person) -> None:
    freeze = stop(ivo)
    question = lifecycle.ask_to_lift(freeze, by=ivo, reason="Looked")
    asking.vote(question, by=ada, decision="reject", content_hash=question.content_hash)

    again = lifecycle.ask_to_lift(freeze, by=ivo, reason="Looked again")

    assert again.pk != question.pk
    assert is_frozen(production)


def test_who_is_alone_cannot_ask(production: Environment, ivo: Person) -> None:
    freeze = stop(ivo)

    with pytest.raises(Refused, match="Nobody else here may agree"):
        lifecycle.ask_to_lift(freeze, by=ivo, reason="Looked")


def test_a_new_environment_begins_under_the_freezes_that_hold(production: Environment, ivo: Person) -> None:
    stop(ivo, "service", service=production.service)

    assert is_frozen(EnvironmentFactory(service=production.service, name="staging"))
    assert not is_frozen(EnvironmentFactory(service=ServiceFactory(organisation=ivo.organisation)))


def test_only_an_operator_freezes_every_organisation(production: Environment, ada: Person) -> None:
    with pytest.raises(Forbidden, match="operator of this installation"):
        stop(ada, "all")


@pytest.mark.django_db(transaction=True)
def test_a_freeze_of_all_holds_everywhere_until_two_people_lift_it(production: Environment, mallory: Person) -> None:
    operator = PersonFactory(organisation=production.organisation, roles=["admin"])
    operator.user.is_superuser = True
    operator.user.save()
    second = PersonFactory(organisation=production.organisation, roles=["incident-commander"])
    theirs = EnvironmentFactory(service=ServiceFactory(organisation=mallory.organisation))

    freeze = stop(operator, "all")
    founded_later = EnvironmentFactory(service=ServiceFactory(organisation=OrganisationFactory()))

    assert is_frozen(production)
    assert is_frozen(theirs)
    assert is_frozen(founded_later)
    agree(lifecycle.ask_to_lift(freeze, by=operator, reason="Looked"), second)
    assert not is_frozen(production)
    assert not is_frozen(theirs)
    assert not is_frozen(founded_later)


@pytest.mark.django_db(transaction=True)
def test_a_freeze_waits_for_an_intent_under_way(production: Environment, ivo: Person) -> None:
    """An intent holds the switch for reading until it commits; the freeze commits after it."""
    committed: list[str] = []

    def freeze_meanwhile() -> None:
        stop(ivo, "environment", environment=production)
        committed.append("freeze")
        connection.close()

    thread = threading.Thread(target=freeze_meanwhile)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT frozen FROM deployments_freezeswitch FOR SHARE")
        thread.start()
        thread.join(0.5)
        committed.append("intent")
    thread.join(5)

    assert committed == ["intent", "freeze"]
