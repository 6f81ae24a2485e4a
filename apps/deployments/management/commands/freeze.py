"""Stops rollbacks or deployments from the command line; needs the database and nothing else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.accounts.management.refusing import told_as_sentence
from apps.deployments import entering, lifecycle
from apps.deployments.freezing import freeze_all
from apps.deployments.holding import held_by, held_in
from apps.deployments.management.naming import add_place, person_called, place_called
from apps.deployments.switches import scope_in_words


class Command(BaseCommand):
    """freeze --user EMAIL --reason TEXT [--service SLUG [--environment NAME]] [--all] [--stops deployments]"""

    help = "Stop rollbacks (the kill switch) or deployments, from this moment on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take who, what, where and why."""
        add_place(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Freeze. Whoever may run commands here operates the installation, so --all asks for no further right."""
        person = person_called(options["user"], options["organisation"])
        place = place_called(person, options)
        with told_as_sentence():
            reason = entering.text(options["reason"], "reason", limit=2000)
            if place.scope == "all":
                made = freeze_all(person.organisation, by=person, stops=options["stops"], reason=reason)
            else:
                made = lifecycle.freeze(
                    person.organisation,
                    by=person,
                    stops=options["stops"],
                    scope=place.scope,
                    service=place.service,
                    environment=place.environment,
                    reason=reason,
                )
        self.stdout.write(f"{made.stops.capitalize()} of {scope_in_words(made)} are stopped.")
        for held in held_by(made, held_in(made.organisation_id)):
            self.stdout.write(f"It holds {held.title}. {held.text}")
