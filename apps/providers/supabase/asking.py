"""What Supabase can be asked as proof: the health of its services, the project's state, backups, a time to restore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.providers.base import Access, Call, Check, CheckResult, Parameter
from apps.providers.endings import quoted
from apps.providers.supabase import limits, standing, wire

SERVICES = ("auth", "db", "pooler", "realtime", "rest", "storage")
KNOWN = (*SERVICES, "db_postgres_user", "pg_bouncer")
SHOWN = 10
HEALTH = Check(
    "health",
    "Every service of the project is healthy",
    (
        Parameter(
            "services",
            "Services",
            kind="list",
            required=False,
            help=f"Of {', '.join(KNOWN)}; empty for the usual.",
        ),
    ),
)
PROJECT_ACTIVE = Check("project_active", "The project is up and not being restored")
BACKUPS = Check(
    "backups",
    "There are backups that can be restored",
    (Parameter("newer_than_hours", "Newest not older than (hours)", kind="number", required=False),),
)
RESTORE_WINDOW = Check("restore_window", "A time can be restored", (Parameter("time", "Time", kind="time"),))
CHECKS = (HEALTH, PROJECT_ACTIVE, BACKUPS, RESTORE_WINDOW)


def services_problem(call: Call) -> str:
    """Return why the services cannot be asked for, or an empty text."""
    unknown = [name for name in call.parameters.get("services") or () if name not in KNOWN]
    return f"Supabase has no service {', '.join(map(quoted, unknown))}; it has {', '.join(KNOWN)}." if unknown else ""


def examine(access: Access, call: Call) -> CheckResult:
    """Return what the named check found. Raises ProviderError."""
    if call.action == HEALTH.name:
        return _health(access, tuple(dict.fromkeys(call.parameters.get("services") or SERVICES)))
    if call.action == PROJECT_ACTIVE.name:
        status = str(wire.project(access)["status"])
        if status == "ACTIVE_HEALTHY":
            return _told(True, "The project is ACTIVE_HEALTHY.")
        return _told(False, standing.waiting(status))
    found = wire.backups(access)
    if call.action == RESTORE_WINDOW.name:
        wanted = limits.wanted_time(call.parameters)
        reasons = limits.of_time(found, wanted)
        return _told(not reasons, " ".join(reasons) or f"The project can be restored to {limits.shown(wanted)}.")
    return _backups(found, call.parameters.get("newer_than_hours"))


def _health(access: Access, names: tuple[str, ...]) -> CheckResult:
    found = wire.services(access, names)
    lines = tuple(
        ("done" if status == "ACTIVE_HEALTHY" else "failed", f"{name}: {quoted(status)}{_why(error)}")
        for name, (status, error) in found.items()
    )
    bad = [name for name, (status, _) in found.items() if status != "ACTIVE_HEALTHY"]
    text = f"Not healthy: {', '.join(bad)}." if bad else f"All {len(found)} services are healthy."
    return CheckResult(not bad, text, lines, as_of=datetime.now(UTC))


def _backups(found: wire.Backups, hours: float | None) -> CheckResult:
    done = [one for one in found.listed if one.status == "COMPLETED"]
    lines = [("done", f"{one.number}: {_when(one)}{'' if one.physical else ', logical'}") for one in done[:SHOWN]]
    newest = max((at for at in (found.latest, done[0].made if done else None) if at), default=None)
    if found.pitr and found.earliest and found.latest:
        lines.insert(0, ("done", f"any moment from {limits.shown(found.earliest)} to {limits.shown(found.latest)}"))
    if not lines:
        return _told(False, "Supabase lists no backup that can be restored.")
    if hours is not None and (newest is None or datetime.now(UTC) - newest > timedelta(hours=hours)):
        text = f"The newest is {limits.shown(newest) if newest else 'of an unknown time'}, older than {hours:g} hours."
        return CheckResult(False, text, (("failed", text), *lines), as_of=datetime.now(UTC))
    text = f"{len(done)} daily backups can be restored; point-in-time recovery is {'on' if found.pitr else 'off'}."
    return CheckResult(True, text, tuple(lines), as_of=datetime.now(UTC))


def _when(backup: wire.Backup) -> str:
    return limits.shown(backup.made) if backup.made else "of an unknown time"


def _why(error: str) -> str:
    return f" ({quoted(error)})" if error else ""


def _told(holds: bool, text: str) -> CheckResult:
    return CheckResult(holds, text, (("done" if holds else "failed", text),), as_of=datetime.now(UTC))
