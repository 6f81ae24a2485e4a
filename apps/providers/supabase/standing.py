"""Where a project stands: being restored, up again, failed; and a restore point: there, being made, failed.

A restore has no id at Supabase and leaves no mark, so what has been restored cannot be told from outside: only the
project's status is read, and as a proof against too early a yes the time at which Postgres was started.
"""

from __future__ import annotations

from apps.providers.base import Access, Call, Observation, Proof, Seen, Sending, Verification
from apps.providers.endings import quoted
from apps.providers.supabase import limits, wire

ENDED_BADLY = {
    "RESTORE_FAILED": "Supabase says that the restore failed",
    "INIT_FAILED": "Supabase says that the project could not be started",
    "REMOVED": "Supabase says that the project was removed",
}
DATABASE = ("db",)


def of_restore(access: Access, sending: Sending | None) -> Observation:
    """Say the project's status; whether this very restore was made cannot be seen from it."""
    status = quoted(wire.project(access)["status"])
    text = f"The project is {status}; Supabase does not tell which restore was made."
    return Observation(
        Seen.UNREADABLE, text, readings={"status": status}, under_way=bool(sending) and status == "RESTORING"
    )


def of_point(access: Access, name: str) -> Observation:
    """Say whether the restore point is there and new enough to be the one of this incident."""
    identity = {"restore_point": name}
    point = wire.point(access, name)
    if point is None:
        return Observation(Seen.OTHER, f"There is no restore point {name} yet.", identity)
    readings = {"status": point.status}
    if point.status == "PENDING":
        text = f"Supabase is making the restore point {name} just now."
        return Observation(Seen.OTHER, text, identity, readings, under_way=True)
    if point.status != "AVAILABLE":
        return Observation(Seen.OTHER, f"The restore point {name} is {quoted(point.status)}.", identity, readings)
    if old := limits.stale(point):
        return Observation(Seen.OTHER, old, identity, readings)
    return Observation(Seen.DESIRED, f"The restore point {name} is there.", identity, readings)


def proof_of_restore(access: Access, call: Call) -> Verification:
    """Say whether the project is up again after its restore. Raises ProviderError."""
    status = str(wire.project(access)["status"])
    if status in ENDED_BADLY:
        return Verification(Proof.VIOLATED, waiting(status), (("failed", f"project: {status}"),))
    if status != "ACTIVE_HEALTHY":
        return Verification(Proof.NOT_YET, waiting(status), (("running", f"project: {quoted(status)}"),))
    database, error = wire.services(access, DATABASE)["db"]
    line = ("done", "project: ACTIVE_HEALTHY")
    if database != "ACTIVE_HEALTHY":
        text = f"The project is up, but its database is {quoted(database)}. {limits.ASK}"
        return Verification(Proof.NOT_YET, text, (line, ("running", f"database: {quoted(error or database)}")))
    since, must = wire.started(access), limits.not_before(access, call)
    if since and must and since < must:
        text = f"Supabase took the restore, but has not begun: Postgres runs since {limits.shown(since)}. {limits.ASK}"
        return Verification(Proof.NOT_YET, text, (("running", text),))
    lines = [line, ("done", "database: ACTIVE_HEALTHY")]
    if since:
        lines.append(("done", f"Postgres runs since {limits.shown(since)}"))
    return Verification(Proof.SATISFIED, "The project is up again after its restore.", tuple(lines))


def proof_of_point(seen: Observation) -> Verification:
    """Say what an observation of a restore point proves."""
    if seen.seen is Seen.DESIRED:
        return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
    failed = seen.readings.get("status") in ("FAILED", "REMOVED")
    mark = "failed" if failed else "running"
    return Verification(Proof.VIOLATED if failed else Proof.NOT_YET, seen.summary, ((mark, seen.summary),))


def waiting(status: str) -> str:
    """Return what a project is doing that is not up, and whom to ask: at once, or when it does not end."""
    if status in ENDED_BADLY:
        return f"{ENDED_BADLY[status]} ({status}); it may be out of reach. Ask Supabase now ({wire.SUPPORT})."
    if status == "RESTORING":
        return f"Supabase is restoring the project; it cannot be reached and must not be interrupted. {limits.ASK}"
    if status == "INACTIVE":
        return "The project is paused. Wake it in Supabase's own pages."
    return f"The project is {quoted(status)}, not yet ACTIVE_HEALTHY. {limits.ASK}"
