"""Creates organisations from the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from apps.accounts import inviting, lifecycle
from apps.accounts.management.refusing import told_as_sentence
from apps.accounts.roles import ADMINISTRATOR
from apps.timeline.log import SYSTEM


class Command(BaseCommand):
    """organisation create SLUG --name NAME --admin EMAIL"""

    help = "Create an organisation with its standard roles and its first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what `create` needs."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        create = deeds.add_parser("create", help="create an organisation")
        create.add_argument("slug")
        create.add_argument("--name", required=True)
        create.add_argument("--admin", required=True, metavar="EMAIL")
        create.add_argument("--time-zone", default="UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create both or neither."""
        with told_as_sentence(), transaction.atomic():
            team = lifecycle.create_organisation(
                options["slug"], name=options["name"], time_zone=options["time_zone"], by=SYSTEM
            )
            person = lifecycle.add_person(team, email=options["admin"], roles=[ADMINISTRATOR], by=SYSTEM)
        self.stdout.write(f"Created {team.name} ({team.slug}). {person.email} administers it.")
        if not person.has_password:
            self.stdout.write(f"They choose a password here: {inviting.password_link(person)}")
