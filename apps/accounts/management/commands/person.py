"""Lets people in from the command line."""

import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import inviting, lifecycle
from apps.accounts.management.refusing import organisation_called, told_as_sentence
from apps.accounts.models import User
from apps.timeline.log import SYSTEM


class Command(BaseCommand):
    """person create EMAIL --organisation SLUG [--role ROLE …] [--name NAME] [--password-stdin]"""

    help = "Add a person to an organisation."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what `create` needs."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        create = deeds.add_parser("create", help="add a person")
        create.add_argument("email")
        create.add_argument("--organisation", required=True, metavar="SLUG")
        create.add_argument("--role", action="append", default=[], dest="roles", metavar="ROLE")
        create.add_argument("--name", default="")
        create.add_argument("--password-stdin", action="store_true", help="read it from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Add the person; without a password, print the link by which they choose one."""
        team = organisation_called(options["organisation"])
        password = _password(options["email"]) if options["password_stdin"] else None
        known = User.objects.filter(email=options["email"].strip().lower()).exists()
        with told_as_sentence():
            person = lifecycle.add_person(
                team,
                email=options["email"],
                name=options["name"],
                roles=options["roles"],
                password=password,
                by=SYSTEM,
            )
        self.stdout.write(f"Added {person.email} to {team.name}.")
        if known and password:
            self.stderr.write("The account was here before; its password was not changed.")
        elif not person.has_password:
            self.stdout.write(f"They choose a password here: {inviting.password_link(person)}")


def _password(email: str) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        validate_password(password, User(email=email))
    except ValidationError as weak:
        raise CommandError(f"The password was not accepted: {' '.join(weak.messages)} Nobody was added.") from weak
    return password
