"""Ask Supabase everything that could stop a restore: token, the project's state, its plan, backups, restore points."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.supabase import limits, standing, wire

KEPT = {"pro": "7 days", "team": "14 days", "enterprise": "up to 30 days"}
RIGHTS = (
    "Supabase tells only when it is used whether the token may restore; a scoped token needs project_admin_read, "
    "backups_read, backups_write and database_read. It does not tell when the token expires."
)


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    token = str(access.credentials.get("access_token") or "")
    if token.startswith(("eyJ", "sb_secret_", "sb_publishable_")):
        text = "This is a key of the project's own API. The Management API needs an access token of an account (sbp_…)."
        return [Finding("error", text, "token")]
    try:
        project = wire.project(access)
    except ProviderError as error:
        return [Finding("error", f"{error} Look at the access token and the project reference.", "project")]
    name, region = quoted(project.get("name")), quoted(project.get("region"))
    found = [Finding("ok", f"Signed in; the project {name} is there, in {region}.", "project")]
    found += [_state(str(project["status"])), Finding("ok", RIGHTS, "rights"), *_plan(access, project)]
    for look in (_backups, _points):
        try:
            found += look(access)
        except ProviderError as error:
            found.append(Finding("error" if isinstance(error, Denied) else "warning", str(error), "backups"))
    return found


def _state(status: str) -> Finding:
    if status == "ACTIVE_HEALTHY":
        return Finding("ok", "The project is ACTIVE_HEALTHY.", "state")
    if status in standing.ENDED_BADLY:
        return Finding("error", standing.waiting(status), "state")
    return Finding("warning", standing.waiting(status), "state")


def _plan(access: Access, project: wire.Record) -> list[Finding]:
    slug = project.get("organization_slug") or project.get("organization_id")
    try:
        body = wire.get(access, f"/v1/organizations/{slug}", "The plan") if str(slug).isascii() else None
    except ProviderError:
        return []  # a scoped token may not ask for it; the backups tell what counts
    plan = quoted(dig(body, "plan"))
    if plan == "free":
        text = "The Free plan has no backups that can be restored. Make dumps (supabase db dump), or upgrade."
        return [Finding("error", text, "plan")]
    kept = f"; daily backups are kept for {KEPT[plan]}" if plan in KEPT else ""
    return [Finding("ok", f"The plan is {plan}{kept}.", "plan")] if plan else []


def _backups(access: Access) -> list[Finding]:
    found = wire.backups(access)
    done = [one for one in found.listed if one.status == "COMPLETED"]
    newest = f" The newest is {_named(done[0])}." if done else ""
    level = "ok" if done or found.pitr else "error"
    told = [Finding(level, f"{len(done)} daily backups can be restored.{newest}", "backups")]
    if not found.pitr:
        text = "Point-in-time recovery is not on: only a whole daily backup can be restored, so up to a day is lost."
        return [*told, Finding("warning", text, "pitr")]
    if not (found.earliest and found.latest):
        text = "Point-in-time recovery is on, but Supabase does not tell from when to when."
        return [*told, Finding("warning", text, "pitr")]
    text = f"Any moment from {limits.shown(found.earliest)} to {limits.shown(found.latest)} can be restored."
    return [*told, Finding("ok", text, "pitr")]


def _points(access: Access) -> list[Finding]:
    try:
        wire.point(access, "rollback-portal")
    except Denied:
        text = "This account or token may not use restore points. A copy has to be made by hand before a restore."
        return [Finding("warning", text, "restore-points")]
    return [Finding("ok", "Restore points can be read.", "restore-points")]


def _named(backup: wire.Backup) -> str:
    made = limits.shown(backup.made) if backup.made else "of an unknown time"
    return f"{backup.number} ({made})" if backup.number is not None else made
