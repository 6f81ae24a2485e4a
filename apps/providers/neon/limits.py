"""What Neon can restore at all: the point that is asked for against the history it keeps and the branch's own rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.declaring import moment
from apps.providers.endings import dig, quoted
from apps.providers.neon import wire

LSN = re.compile(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}")


@dataclass(frozen=True)
class Point:
    """The point of a branch's history that is asked for: a time in UTC, or a log sequence number."""

    time: datetime | None
    lsn: str = ""

    @property
    def written(self) -> str:
        """The point as people read it."""
        return shown(self.time) if self.time else f"LSN {self.lsn}"

    def body(self, prefix: str) -> dict[str, str]:
        """Return the field that asks for this point, such as source_timestamp."""
        if self.time:
            return {f"{prefix}_timestamp": self.time.isoformat().replace("+00:00", "Z")}
        return {f"{prefix}_lsn": self.lsn}


def point_of(parameters: Mapping[str, Any]) -> Point:
    """Return the point that the parameters name; `point_problem` has found nothing wrong with them."""
    found = moment(parameters["time"]) if parameters.get("time") else None
    return Point(found.astimezone(UTC) if found else None, str(parameters.get("lsn") or "").strip())


def point_problem(parameters: Mapping[str, Any]) -> str:
    """Return why the parameters name no point, or an empty text."""
    lsn = str(parameters.get("lsn") or "").strip()
    if bool(parameters.get("time")) is bool(lsn):
        return "Give either “time” or “lsn”: the point of the branch's history to go back to."
    if lsn and not LSN.fullmatch(lsn):
        return f"“{quoted(lsn)}” is not a log sequence number such as 0/1DE2850."
    return ""


def shown(at: datetime) -> str:
    """Return a moment as people read it."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def oldest(project: Mapping[str, Any], branch: Mapping[str, Any], now: datetime) -> datetime:
    """Return the earliest moment that the branch can be restored to. Raises ProviderError.

    Neon keeps `history_retention_seconds` of changes, and a branch has none from before it was made.
    """
    seconds = dig(project, "history_retention_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ProviderError("Neon does not tell how long it keeps the project's history.")
    begins = now - timedelta(seconds=seconds)
    made = wire.at(dig(branch, "created_at"))
    return max(begins, made) if made else begins


def span(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    left = max(int(seconds), 0)
    parts = [(left // 86400, "d"), (left // 3600 % 24, "h"), (left // 60 % 60, "min"), (left % 60, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number) or "0 s"


def outside_window(access: Access, branch: Mapping[str, Any], point: Point, now: datetime) -> list[str]:
    """Return why Neon cannot go back to the point; nothing for an LSN, whose time only Neon knows."""
    if point.time is None:
        return []
    if point.time > now:
        return [f"{point.written} has not come yet."]
    project = wire.project(access)
    begins = oldest(project, branch, now)
    if point.time >= begins:
        return []
    kept = span(float(project["history_retention_seconds"]))
    return [
        f"{point.written} is outside of what Neon can go back to: the project keeps {kept} of history, so "
        f"{branch['name']} can be restored to {shown(begins)} or later."
    ]


def restricted(branch: Mapping[str, Any]) -> list[str]:
    """Return why Neon does not let this branch be restored, in its own words."""
    rules = dig(branch, "restricted_actions")
    found = [one for one in rules if dig(one, "name") == "restore"] if isinstance(rules, list) else []
    said = [quoted(dig(one, "reason")) or "without a reason" for one in found]
    return [f"Neon does not let {branch['name']} be restored: “{reason}”." for reason in said]
