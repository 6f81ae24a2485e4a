"""Results that could not be written because Postgres was away: kept on disk, and brought in as late evidence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from apps.rollbacks.models import Attempt, AttemptEvidence


def folder() -> Path:
    """Return the spool's folder, made when first needed."""
    path = Path(settings.DATA_DIR) / "spool"
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(attempt_id: UUID, result: dict[str, Any]) -> Path:
    """Write the result of an attempt to disk and wait until it is really there."""
    path = folder() / f"{attempt_id}.json"
    part = path.with_suffix(".part")
    with part.open("w") as file:
        json.dump(result, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return path


def bring_in() -> int:
    """Turn every spooled result into evidence of its attempt. Returns how many; stops when Postgres is still away."""
    brought = 0
    for path in sorted(folder().glob("*.json")):
        try:
            result = json.loads(path.read_text())
        except FileNotFoundError:
            continue  # another worker of this machine was quicker
        try:
            attempt = Attempt.objects.filter(pk=path.stem).first()
            if attempt:
                AttemptEvidence.objects.create(
                    organisation_id=attempt.organisation_id,
                    attempt=attempt,
                    outcome=result["outcome"],
                    message=result["message"],
                    details=result,
                )
        except DatabaseError:
            return brought
        path.unlink(missing_ok=True)
        brought += 1
    return brought
