"""What the freeze commands name: an operator, and what to stop or allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.accounts.models import Person
from apps.deployments.freezing import STOPS
from apps.deployments.models import Environment, Service


@dataclass(frozen=True)
class Place:
    """A scope, and the service or environment it means."""

    scope: str
    service: Service | None = None
    environment: Environment | None = None


def add_place(parser: CommandParser) -> None:
    """Take what both commands need: who, what, where, why."""
    parser.add_argument("--user", required=True, metavar="EMAIL", help="who does it; it is recorded")
    parser.add_argument("--organisation", metavar="SLUG", help="needed when the person is in several")
    parser.add_argument("--service", metavar="SLUG", help="only this service")
    parser.add_argument("--environment", metavar="NAME", help="only this environment of the service")
    parser.add_argument("--all", action="store_true", help="every organisation of this installation")
    parser.add_argument("--stops", choices=STOPS, default="rollbacks", help="rollbacks (default) or deployments")
    parser.add_argument("--reason", required=True)


def person_called(email: str, organisation: str | None) -> Person:
    """Return the active person of that address. Raises CommandError."""
    found = Person.objects.filter(email__iexact=email.strip(), active=True).select_related("organisation", "user")
    people = list(found.filter(organisation__slug=organisation) if organisation else found)
    if not people:
        raise CommandError(f"Nobody here has the address {email}. Nothing was changed.")
    if len(people) > 1:
        known = ", ".join(person.organisation.slug for person in people)
        raise CommandError(f"{email} is in several organisations: add --organisation, one of {known}.")
    return people[0]


def place_called(person: Person, options: dict[str, Any]) -> Place:
    """Return what the options mean in the person's organisation. Raises CommandError."""
    if options["all"]:
        return Place("all")
    if not options["service"]:
        if options["environment"]:
            raise CommandError("Name the service of the environment too: --service SLUG.")
        return Place("organisation")
    service = Service.objects.visible_to(person).filter(slug=options["service"]).first()
    if service is None:
        raise CommandError(f"There is no service {options['service']} in {person.organisation.slug}.")
    if not options["environment"]:
        return Place("service", service)
    environment = service.environments.select_related("service").filter(name=options["environment"]).first()
    if environment is None:
        raise CommandError(f"There is no environment {options['environment']} of {service.slug}.")
    return Place("environment", service, environment)
