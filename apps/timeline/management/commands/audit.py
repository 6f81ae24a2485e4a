"""`audit`: recompute every chain of the record, write it out, or tell the key that signs its anchors."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.timeline import checking, exporting, signing


class Command(BaseCommand):
    """Exit 0 when every record is whole and lies under its anchors, 1 with the first bad one otherwise."""

    help = "Recompute every hash chain and compare it with its anchors; export the record; show the anchors' key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the deed, and for an export of whom and where to."""
        parser.add_argument("deed", choices=["verify", "export", "key"], help="what to do with the record")
        parser.add_argument("--organisation", metavar="SLUG", help="export: only this one's record (all of them)")
        parser.add_argument("--output", metavar="FILE", type=Path, help="export: where to (standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the one that was asked for."""
        if options["deed"] == "verify":
            self._verify()
        elif options["deed"] == "export":
            self._export(options["organisation"], options["output"])
        else:
            self._tell_key()

    def _verify(self) -> None:
        try:
            verdict = checking.verify_everything()
        except signing.KeyUnusable as trouble:
            raise CommandError(f"{trouble} The record was not verified.") from None
        if verdict.faults:
            raise CommandError("\n".join(verdict.faults))
        self.stdout.write(f"The record is whole: {verdict.records} entries verified. {_anchored(verdict.anchors)}")

    def _export(self, slug: str | None, output: Path | None) -> None:
        wanted = checking.Organisations.objects.order_by("slug")
        wanted = list(wanted.filter(slug=slug) if slug else wanted)
        if slug and not wanted:
            raise CommandError(f"There is no organisation “{slug}”. Nothing was written.")
        if output is None:
            for organisation in wanted:
                for line in exporting.lines(organisation):
                    self.stdout.write(line, ending="")
            return
        path = (Path(os.environ.get("PORTAL_CALLED_FROM", ".")) / output.expanduser()).resolve()
        try:
            written = _write(path, wanted)
        except OSError as error:
            raise CommandError(f"{path} could not be written ({error.strerror}).") from None
        self.stderr.write(f"{written} entries of {len(wanted)} organisations were written to {path}.")

    def _tell_key(self) -> None:
        try:
            self.stdout.write(signing.newest_key().public)
        except signing.KeyUnusable as trouble:
            raise CommandError(str(trouble)) from None


def _anchored(lines: int) -> str:
    if lines:
        return f"It holds all {lines} anchors of {settings.ANCHOR_FILE}."
    return f"There are no anchors in {settings.ANCHOR_FILE} yet, so only the chains themselves were recomputed."


def _write(path: Path, wanted: list[Any]) -> int:
    """Write the export, readable for its owner only; it appears under its name when it is whole."""
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    written = 0
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        for organisation in wanted:
            for number, line in enumerate(exporting.lines(organisation)):
                file.write(line)
                written += number > 0
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return written
