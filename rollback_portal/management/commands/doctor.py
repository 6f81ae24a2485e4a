"""`doctor`: look whether this installation is sound."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rollback_portal.doctoring import ERROR, examine, worker


class Command(BaseCommand):
    """Exit 0 unless something is wrong; warnings are printed and do not fail."""

    help = "Look whether database, roles, migrations, worker, broker and settings are sound."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --worker."""
        parser.add_argument("--worker", action="store_true", help="only ask whether a worker is alive")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found."""
        findings = [worker()] if options["worker"] else list(examine())
        for finding in findings:
            self.stdout.write(f"{finding.level:8} {finding.text}")
        sys.exit(any(finding.level == ERROR for finding in findings))
