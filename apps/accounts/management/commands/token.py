"""Creates tokens from the command line: the token alone on stdout, all prose on stderr."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import giving_tokens
from apps.accounts.management.refusing import organisation_called, told_as_sentence
from apps.accounts.models import Person
from apps.accounts.tokens import SCOPES
from apps.timeline.log import SYSTEM


class Command(BaseCommand):
    """token create --user EMAIL --name NAME [--organisation SLUG] [--scope SCOPE …]"""

    help = "Create a token that acts as a person, in one organisation."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what `create` needs."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        create = deeds.add_parser("create", help="create a token")
        create.add_argument("--user", required=True, metavar="EMAIL")
        create.add_argument("--name", required=True)
        create.add_argument("--organisation", metavar="SLUG")
        create.add_argument(
            "--scope", action="append", default=[], dest="scopes", metavar="SCOPE", help=", ".join(SCOPES)
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the token; without a scope it may only read."""
        person = _person(options["user"], options["organisation"])
        with told_as_sentence():
            token, secret = giving_tokens.create_token(
                person.organisation,
                person=person,
                name=options["name"],
                scopes=options["scopes"] or ["read"],
                by=SYSTEM,
            )
        told = f"{token.name} acts as {person.email} in {person.organisation.name}: {', '.join(token.scopes)}."
        self.stderr.write(f"{told} It is shown only now.")
        self.stdout.write(secret)


def _person(email: str, slug: str | None) -> Person:
    people = Person.objects.filter(email=email.strip().lower(), active=True).select_related("organisation")
    if slug:
        people = people.filter(organisation=organisation_called(slug))
    found = list(people.order_by("organisation__slug"))
    if not found:
        raise CommandError(f"There is no active person {email}{f' in {slug}' if slug else ''}. No token was made.")
    if len(found) > 1:
        slugs = ", ".join(person.organisation.slug for person in found)
        raise CommandError(f"{email} is in several organisations. Say which with --organisation: {slugs}.")
    return found[0]
