"""Prints the one-time link by which the first administrator of an empty installation comes in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.accounts import set_up
from apps.timeline.answers import Refused


class Command(BaseCommand):
    """The link alone on stdout; nothing there once an organisation exists."""

    help = "Print the one-time set-up link (valid for 30 minutes), or nothing when there is an organisation."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --if-empty, which also keeps quiet about it."""
        parser.add_argument("--if-empty", action="store_true", help="be quiet when there is nothing to do")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and print a link."""
        try:
            self.stdout.write(set_up.make_link())
        except Refused as refusal:
            if not options["if_empty"]:
                self.stderr.write(refusal.message)
