"""Verifies every chain with its anchors, on demand and once a day, and keeps the newest answer for `doctor`."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.timeline import anchors, signing
from apps.timeline.models import Head
from apps.timeline.reading import moment
from apps.timeline.verifying import Fault, verify

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
Organisations: Any = Head._meta.get_field("organisation").related_model  # teams are an app above


@dataclass
class Verdict:
    """What verifying found: how much was read, and a sentence for everything that is not whole."""

    records: int = 0
    anchors: int = 0
    at: str = ""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # the organisations that the faults are of

    def of(self, organisation: Any) -> dict[str, Any]:
        """Return what people of one organisation are told: when, and whether theirs is whole."""
        return {"at": datetime.fromisoformat(self.at), "whole": str(organisation.pk) not in self.broken}


def verify_everything() -> Verdict:
    """Recompute the chain of every organisation and compare it with its anchors. Raises KeyUnusable."""
    began = time.monotonic()
    found = anchors.read(settings.ANCHOR_FILE, signing.keys())
    verdict = Verdict(anchors=found.lines, at=moment(timezone.now()) or "")
    here = list(Organisations.objects.order_by("pk").values_list("pk", flat=True))
    for organisation_id in here:
        checked, fault = verify(organisation_id, found.of.get(str(organisation_id), ()))
        verdict.records += checked
        if fault:
            verdict.faults.append(_broken(fault, checked))
            verdict.broken.append(str(organisation_id))
    for gone in sorted(set(found.of) - set(map(str, here))):
        line = found.of[gone][0].line
        verdict.faults.append(f"The organisation {gone} was anchored (line {line} of the anchors) and is not here.")
    verdict.faults += found.flaws[:1]  # those that follow are often its consequences
    verdict.seconds = round(time.monotonic() - began, 1)
    return verdict


def check_daily() -> Verdict | None:
    """Verify everything once a day, by whichever worker comes first; None when it is not time."""
    settings.ANCHOR_FOLDER.mkdir(parents=True, exist_ok=True)
    with _place().with_suffix(".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        before = newest()
        if before and timezone.now() - datetime.fromisoformat(before.at) < EVERY:
            return None
        return _check()


def newest() -> Verdict | None:
    """Return what the newest self-check found, None while there was none."""
    try:
        return Verdict(**json.loads(_place().read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _check() -> Verdict:
    try:
        verdict = verify_everything()
    except signing.KeyUnusable as trouble:
        verdict = Verdict(at=moment(timezone.now()) or "", faults=[str(trouble)])
    for sentence in verdict.faults:
        logger.error("The daily check of the record: %s", sentence)
    draft = _place().with_suffix(".part")
    with draft.open("w") as file:
        json.dump(asdict(verdict), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(_place())
    return verdict


def _place() -> Path:
    return settings.ANCHOR_FOLDER / "self-check.json"


def _broken(fault: Fault, checked: int) -> str:
    return (
        f"The record of organisation {fault.organisation_id} is broken at number {fault.seq}: {fault.what} "
        f"The {checked} before it are whole. Keep the database as it is and compare it with a backup."
    )
