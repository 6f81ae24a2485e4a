"""Freeze and unfreeze from the command line, as with the web down."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Person
from apps.deployments.models import Environment, Freeze, FreezeSwitch
from apps.timeline.models import Event
from tests.deployments.factories import EnvironmentFactory, ServiceFactory


def run(command: str, *arguments: str) -> str:
    said = StringIO()
    call_command(command, *arguments, "--reason", "Look first", stdout=said)
    return said.getvalue()


def is_frozen(environment: Environment) -> bool:
    return FreezeSwitch.objects.get(environment=environment).frozen


def test_an_operator_stops_what_they_name(production: Environment, ivo: Person) -> None:
    other = EnvironmentFactory(service=ServiceFactory(organisation=ivo.organisation))

    said = run("freeze", "--user", ivo.email, "--service", "portal", "--environment", "production")

    assert said == "Rollbacks of portal production are stopped.\n"
    assert (is_frozen(production), is_frozen(other)) == (True, False)
    assert Freeze.objects.get().created_by == ivo


def test_two_people_allow_it_again(production: Environment, ivo: Person, ada: Person) -> None:
    run("freeze", "--user", ivo.email)

    with pytest.raises(CommandError, match="You asked for this"):
        run("unfreeze", "--user", ivo.email, "--second", ivo.email)
    assert is_frozen(production)
    said = run("unfreeze", "--user", ivo.email, "--second", ada.email)

    assert said == "Rollbacks of every service are allowed again.\nNo run is waiting to go on.\n"
    assert not is_frozen(production)
    assert Freeze.objects.get().lifted_by == ada


def test_without_a_second_person_the_question_stays_open(production: Environment, ivo: Person, ada: Person) -> None:
    run("freeze", "--user", ivo.email)

    assert "A second person agrees at /freezes/" in run("unfreeze", "--user", ivo.email)
    assert is_frozen(production)
    run("unfreeze", "--user", ivo.email, "--second", ada.email)
    assert not is_frozen(production)


@pytest.mark.django_db(transaction=True)
def test_the_command_line_stops_every_organisation(production: Environment, ivo: Person, mallory: Person) -> None:
    theirs = EnvironmentFactory(service=ServiceFactory(organisation=mallory.organisation))

    run("freeze", "--user", ivo.email, "--all")

    assert is_frozen(production)
    assert is_frozen(theirs)
    assert Event.objects.filter(kind="freeze.made", organisation=mallory.organisation).get().actor_name == (
        "Rollback Portal"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--user", "nobody@example.com"), "Nobody here has the address nobody@example.com"),
        (("--user", "ivo", "--environment", "production"), "Name the service of the environment too"),
        (("--user", "ivo", "--service", "nothing"), "There is no service nothing"),
        (("--user", "sam"), "may freeze or unfreeze"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    production: Environment, ivo: Person, sam: Person, arguments: tuple[str, ...], said: str
) -> None:
    addresses = {"ivo": ivo.email, "sam": sam.email}

    with pytest.raises(CommandError, match=said):
        run("freeze", *(addresses.get(word, word) for word in arguments))
    assert not Freeze.objects.exists()


def test_nothing_to_lift_is_said(production: Environment, ivo: Person) -> None:
    with pytest.raises(CommandError, match="There is no such freeze"):
        run("unfreeze", "--user", ivo.email)
