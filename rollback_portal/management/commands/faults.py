"""`faults`: run a fault campaign on servers and processes of its own."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError

MISSING = "The fault campaign is part of the tests, and they are not installed here. Run it from a source folder."


class Command(BaseCommand):
    """Exit 1 when a promise was broken. Touches no instance: everything happens in a temporary folder."""

    help = "Run rollbacks while everything that can break does, and check every promise afterwards."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the campaign's own options."""
        self._campaign().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        sys.exit(self._campaign().perform(Namespace(**options)))

    def _campaign(self) -> Any:
        try:
            return import_module("tests.faults.__main__")
        except ModuleNotFoundError as missing:
            if (missing.name or "").startswith("tests"):
                raise CommandError(MISSING) from None
            raise
