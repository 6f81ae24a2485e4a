"""`audit verify`: recompute every chain of the record."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.timeline.models import Head
from apps.timeline.verifying import verify


class Command(BaseCommand):
    """Exit 0 when every record is whole, 1 with the first bad one otherwise."""

    help = "Recompute every hash chain of the record; exit 1 names the first bad record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the deed."""
        parser.add_argument("deed", choices=["verify"], help="what to do with the record")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify one organisation after the other."""
        total = 0
        for organisation_id in Head.objects.order_by("organisation_id").values_list("organisation_id", flat=True):
            checked, fault = verify(organisation_id)
            total += checked
            if fault:
                raise CommandError(
                    f"The record of organisation {fault.organisation_id} is broken at number {fault.seq}: {fault.what} "
                    f"The {checked} before it are whole. Keep the database as it is and compare it with a backup."
                )
        self.stdout.write(f"The record is whole: {total} entries verified.")
