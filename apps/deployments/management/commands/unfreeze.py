"""Allows again what a freeze stopped; needs the database, and two people."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.accounts.management.refusing import told_as_sentence
from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question
from apps.deployments import lifecycle
from apps.deployments.holding import consequences
from apps.deployments.management.naming import Place, add_place, person_called, place_called
from apps.deployments.models import Freeze
from apps.deployments.switches import scope_in_words


class Command(BaseCommand):
    """unfreeze --user EMAIL [--second EMAIL] --reason TEXT [--service SLUG [--environment NAME]] [--all]

    One person asks and another one agrees. Without --second the question stays open, to be answered in the browser.
    """

    help = "Lift the freezes of exactly this scope. Needs a second person: name one who is with you, or leave it open."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take who, who else, what, where and why."""
        add_place(parser)
        parser.add_argument("--second", metavar="EMAIL", help="who agrees; it is recorded as their vote")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask about each freeze of the scope, and let the second person agree."""
        person = person_called(options["user"], options["organisation"])
        second = person_called(options["second"], person.organisation.slug) if options["second"] else None
        found = _freezes(person, place_called(person, options), options["stops"])
        if not found:
            raise CommandError("There is no such freeze. Nothing was changed.")
        for freeze in found:
            with told_as_sentence():
                self._lift(freeze, person, second, options["reason"])

    def _lift(self, freeze: Freeze, person: Person, second: Person | None, reason: str) -> None:
        follows = consequences(freeze)
        with transaction.atomic():
            question = _open_question(freeze) or lifecycle.ask_to_lift(freeze, by=person, reason=reason)
            if second:
                asking.vote(
                    question,
                    by=second,
                    decision="approve",
                    content_hash=question.content_hash,
                    note=f"On the command line, with {person.name}",
                )
        words = f"{freeze.stops} of {scope_in_words(freeze)}"
        if second:
            self.stdout.write(f"{words.capitalize()} are allowed again.")
        else:
            self.stdout.write(f"Asked to allow {words} again. A second person agrees at {question.url}.")
            self.stdout.write("When it is lifted:")
        self.stdout.write(follows)


def _freezes(person: Person, place: Place, stops: str) -> list[Freeze]:
    rows = Freeze.objects.visible_to(person).active().filter(stops=stops, scope=place.scope)
    if place.scope == "service":
        rows = rows.filter(service=place.service)
    if place.scope == "environment":
        rows = rows.filter(environment=place.environment)
    return list(rows.select_related("service", "environment__service", "question").order_by("created_at"))


def _open_question(freeze: Freeze) -> Question | None:
    return freeze.question if freeze.question and freeze.question.state == "open" else None
