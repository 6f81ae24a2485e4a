"""`doctor`: look whether this installation is sound."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rollback_portal.auditing import audit
from rollback_portal.doctoring import ERROR, examine, worker


class Command(BaseCommand):
    """Exit 0 unless something is wrong; warnings are printed and do not fail.

    With --audit: 1 where a package has a known flaw, 3 where not everything could be audited.
    """

    help = "Look whether database, roles, migrations, worker, broker and settings are sound."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --worker."""
        parser.add_argument("--worker", action="store_true", help="only ask whether a worker is alive")
        parser.add_argument("--audit", action="store_true", help="only ask which packages have known flaws")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found."""
        if options["audit"]:
            self._audit()
        findings = [worker()] if options["worker"] else list(examine())
        for finding in findings:
            self.stdout.write(f"{finding.level:8} {finding.text}")
        sys.exit(any(finding.level == ERROR for finding in findings))

    def _audit(self) -> None:
        told = audit()
        for finding in told.findings:
            self.stdout.write(f"{finding.level:8} {finding.text}")
        sys.exit(told.ends_with)
