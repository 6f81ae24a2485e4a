"""Where a restore, a preview or a copy stands at Neon, told from its branches and operations.

Neon has no job of its own for a restore: the branch under which the old state was kept is the sign that it was begun,
and the operations on both branches say whether it has ended. Whether `failed` is final is not documented, so a failed
operation counts only while no later one of the same kind on the same branch took its place.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from apps.providers.base import Access, Call, Observation, Seen, Sending
from apps.providers.endings import dig, quoted
from apps.providers.neon import limits, wire
from apps.providers.neon.wire import FAILED, RUNNING, Record

AROUND = timedelta(seconds=60)  # operations are written about when the branch was reset, not to the second
LONGEST_OWN = 80
GAVE_UP = "gave up"
PREVIEW = "preview-"


def suffix(sending: Sending) -> str:
    """Return how the names end that an attempt's branches are found by; the same for every attempt of a step."""
    return re.sub(r"[^A-Za-z0-9]+", "-", sending.marker.rpartition(":")[2])[-32:]


def kept_name(branch: Record, sending: Sending) -> str:
    """Return the name under which a restore preserves the branch."""
    return f"{branch['name'][:LONGEST_OWN]}-before-{suffix(sending)}"


def copy_name(branch: Record, sending: Sending) -> str:
    """Return the name of a safety copy of the branch."""
    return f"{branch['name'][:LONGEST_OWN]}-copy-{suffix(sending)}"


def ending_in(listed: list[Record], ending: str) -> Record | None:
    """Return the record whose name ends so, or None."""
    return next((one for one in listed if str(dig(one, "name") or "").endswith(ending)), None)


def of_restore(access: Access, sending: Sending | None) -> Observation:
    """Say whether the restore of this attempt has been done; its drift is that somebody else restored the branch."""
    listed = wire.branches(access)
    branch = wire.target(access, listed)
    identity = {"branch": branch["id"], "restored": str(dig(branch, "last_reset_at") or "never")}
    kept = ending_in(listed, f"-before-{suffix(sending)}") if sending else None
    if not kept:
        busy = sending is not None and not wire.settled(branch)
        text = f"Neon is changing {branch['name']} just now." if busy else _untouched(branch)
        return Observation(Seen.OTHER, text, identity, {"branch": branch["name"]}, under_way=busy)
    return _begun(access, branch, kept, identity)


def of_branch(access: Access, found: Record, wanted: str, identity: dict[str, str]) -> Observation:
    """Say whether a new branch is ready; `wanted` says in words what it is."""
    if wire.settled(found):
        text = f"{wanted} is there: {found['name']}."
        return Observation(Seen.DESIRED, text, identity, {"branch": found["name"], "id": found["id"]})
    working = _operations(access, {found["id"]}, wire.at(dig(found, "created_at")))
    gave_up = _gave_up(working)
    text = gave_up or f"Neon is making {found['name']} just now."
    readings = {**_told(working), **({GAVE_UP: gave_up} if gave_up else {})}
    return Observation(Seen.OTHER, text, identity, readings, under_way=not gave_up)


def of_preview(access: Access, call: Call) -> Observation:
    """Say whether the preview branch is there and of the wanted point, or, for its deletion, that it is gone."""
    name = call.parameters["name"]
    identity = {"preview": name}
    found = wire.named(wire.branches(access), name)
    if call.action == "delete_preview":
        if not found:
            return Observation(Seen.DESIRED, f"There is no branch {name}.", identity)
        return Observation(Seen.OTHER, f"The branch {name} is there.", identity, {"id": found["id"]})
    if not found:
        return Observation(Seen.OTHER, f"There is no branch {name} yet.", identity)
    point = limits.point_of(call.parameters)
    if another := differs(found, point):
        return Observation(Seen.OTHER, another, identity, {"id": found["id"]})
    return of_branch(access, found, f"A preview of {point.written}", identity)


def differs(found: Record, point: limits.Point) -> str:
    """Return how a branch is not of the wanted point, or an empty text. Neon may leave both facts away."""
    if not dig(found, "parent_id") or dig(found, "default"):
        return f"{found['name']} is a branch of its own and no preview."
    made, lsn = wire.at(dig(found, "parent_timestamp")), dig(found, "parent_lsn")
    if point.time and made and abs(made - point.time) >= timedelta(seconds=1):
        return f"{found['name']} is a preview of {limits.shown(made)}, not of {point.written}."
    if point.lsn and lsn and str(lsn).upper() != point.lsn.upper():
        return f"{found['name']} is a preview of LSN {quoted(lsn)}, not of {point.written}."
    return ""


def of_copy(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether the safety copy of this attempt is there."""
    listed = wire.branches(access)
    branch = wire.target(access, listed)
    identity = {"branch": branch["id"]}
    if sending is None:
        return Observation(Seen.OTHER, f"No copy of {branch['name']} has been made yet.", identity)
    ending = f"-copy-{suffix(sending)}"
    if call.parameters.get("kind") == "snapshot":
        if not (shot := ending_in(wire.snapshots(access), ending)):
            return Observation(Seen.OTHER, f"There is no snapshot of {branch['name']} with our name.", identity)
        return Observation(Seen.DESIRED, f"The snapshot {quoted(dig(shot, 'name'))} is there.", identity)
    if not (found := ending_in(listed, ending)):
        return Observation(Seen.OTHER, f"There is no copy of {branch['name']} with our name.", identity)
    return of_branch(access, found, f"A copy of {branch['name']}", identity)


def _untouched(branch: Record) -> str:
    reset = wire.at(dig(branch, "last_reset_at"))
    when = f"it was last restored at {limits.shown(reset)}" if reset else "it was never restored"
    return f"{branch['name']} is as it was written; {when}."


def _begun(access: Access, branch: Record, kept: Record, identity: dict[str, str]) -> Observation:
    reset = wire.at(dig(branch, "last_reset_at")) or wire.at(dig(kept, "created_at"))
    found = _operations(access, {branch["id"], kept["id"]}, reset - AROUND if reset else None)
    readings: dict[str, Any] = {**_told(found), "kept as": kept["name"]}
    if gave_up := _gave_up(found):
        text = f"{gave_up} The state before it is kept as {kept['name']}."
        return Observation(Seen.OTHER, text, identity, {**readings, GAVE_UP: text})
    running = [op["action"] for op in found if op["status"] in RUNNING]
    if running or not wire.settled(branch):
        doing = ", ".join(running) or str(dig(branch, "current_state"))
        text = f"Neon is restoring {branch['name']} just now ({doing}); the state before it is kept as {kept['name']}."
        return Observation(Seen.OTHER, text, identity, readings, under_way=True)
    text = f"{branch['name']} is restored; the state before it is kept as {kept['name']}."
    return Observation(Seen.DESIRED, text, identity, readings)


def _operations(access: Access, branches: set[str], since: datetime | None) -> list[dict[str, str]]:
    """Return the operations on the branches since then, the oldest first; those that name no branch are among them."""
    found = []
    for one in wire.operations(access, since):
        made = {name: str(dig(one, name) or "") for name in ("branch_id", "endpoint_id", "status", "created_at")}
        made["action"] = quoted(dig(one, "action"))
        if made["action"] != "check_availability" and made["branch_id"] in {*branches, ""}:
            found.append(made)
    found.reverse()  # Neon lists the newest first, and those of one restore have the same time
    return sorted(found, key=lambda one: one["created_at"])


def _told(found: list[dict[str, str]]) -> dict[str, str]:
    return {f"{number}. {one['action']}": one["status"] for number, one in enumerate(found, start=1)}


def _gave_up(found: list[dict[str, str]]) -> str:
    """Return which operations failed and were not made again since, in a sentence, or an empty text."""
    failed = []
    for one in (one for one in found if one["status"] == FAILED):
        same = ("branch_id", "endpoint_id", "action")
        later = [other for other in found if other["created_at"] > one["created_at"]]
        if not any(all(other[name] == one[name] for name in same) for other in later):
            failed.append(one["action"])
    return f"Neon gave up on {', '.join(failed)}." if failed else ""
