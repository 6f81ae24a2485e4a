"""Make the database ready for this version: tables, rights, shipped playbooks and rules."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.accounts.models import Organisation
from apps.approvals.standard_rules import give_rules
from apps.playbooks.shipping import publish_shipped
from rollback_portal.granting import grant


class Command(BaseCommand):
    """`prepare [--demo]`: safe to repeat, also while an older version is running."""

    help = "Migrate with the owner's role, give the application's role its rights, hand out playbooks and rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --demo."""
        parser.add_argument("--demo", action="store_true", help="make the demo's world as well")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it all, in this order."""
        owner = "owner" if "owner" in settings.DATABASES else "default"
        call_command("migrate", database=owner, interactive=False, verbosity=0)
        call_command("createcachetable", database=owner, verbosity=0)
        if owner == "owner":
            grant(owner)
        for organisation in Organisation.objects.all():
            publish_shipped(organisation)
            give_rules(organisation)
        if options["demo"]:
            from apps.demo.seeding import seed  # the demo is never loaded where it is not asked for

            seed()
