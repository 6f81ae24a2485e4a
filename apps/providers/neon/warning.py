"""Say what a restore takes away before it is approved, and under which name the state before it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.providers.base import Access, Airlock, Call
from apps.providers.endings import dig
from apps.providers.neon import changing, limits, wire
from apps.providers.neon.wire import Record


def airlock(access: Access, call: Call) -> Airlock:
    """Return what is lost between the wanted point and now. Raises ProviderError."""
    now = datetime.now(UTC)
    listed = wire.branches(access)
    branch = wire.target(access, listed)
    begins = _begins(call, branch, listed)
    copy = (
        f"Neon keeps the branch as it is now, in the same project, under a name that begins with "
        f"“{branch['name']}-before-”; the restore itself makes it. It counts against the plan's branches and storage."
    )
    return Airlock(
        loses=_loses(call, branch, begins, now),
        safety_copy=copy,
        lost_from=begins,
        lost_until=now if begins else None,
        refusals=tuple(changing.refusals(access, call, branch, listed)),
    )


def _begins(call: Call, branch: Record, listed: list[Record]) -> datetime | None:
    """Return since when what was written is lost: the wanted time, or when the branch and the other one parted."""
    if call.action == "restore":
        return limits.point_of(call.parameters).time
    source = wire.named(listed, call.parameters["preserved"])
    made = wire.at(dig(source, "parent_timestamp") or dig(source, "created_at")) if source else None
    if dig(source, "parent_id") == branch["id"]:
        return made  # a copy of this very branch
    return wire.at(dig(branch, "last_reset_at")) or made


def _loses(call: Call, branch: Record, begins: datetime | None, now: datetime) -> str:
    what = f"Everything that was written to the branch {branch['name']}, in all of its databases,"
    if begins:
        length = limits.span((now - begins).total_seconds())
        return f"{what} since {limits.shown(begins)}: {length} up to now, and what is written until it begins."
    if call.action == "restore":
        return f"{what} after LSN {limits.point_of(call.parameters).lsn}; Neon does not tell which time that was."
    return f"{what} that is not in {call.parameters['preserved']}."
