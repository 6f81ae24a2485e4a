"""What Neon can be asked as proof: what a preview holds, whether a time can be restored, whether the branch rests."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.providers.base import Access, Call, Check, CheckResult, Parameter
from apps.providers.endings import dig, quoted
from apps.providers.neon import limits, wire
from apps.providers.neon.wire import RUNNING, Record

PREVIEW = Check(
    "preview",
    "A preview is ready and its schema is as expected",
    (
        Parameter("name", "Name of the preview branch"),
        Parameter("database", "Database", required=False, help="Its schema is read. Empty for the first one."),
        Parameter("contains", "Schema contains", required=False, help="Such as CREATE TABLE public.share_links"),
        Parameter("lacks", "Schema lacks", required=False, help="What must not be in it yet."),
    ),
)
RESTORE_WINDOW = Check(
    "restore_window",
    "A time can still be restored",
    (Parameter("time", "Time", kind="time"),),
)
BRANCH_READY = Check("branch_ready", "The branch is ready and nothing is under way")
CHECKS = (PREVIEW, RESTORE_WINDOW, BRANCH_READY)


def examine(access: Access, call: Call) -> CheckResult:
    """Return what the named check found. Raises ProviderError."""
    listed = wire.branches(access)
    if call.action == PREVIEW.name:
        return _preview(access, call, listed)
    branch = wire.target(access, listed)
    if call.action == RESTORE_WINDOW.name:
        point = limits.point_of(call.parameters)
        found = [*limits.restricted(branch), *limits.outside_window(access, branch, point, datetime.now(UTC))]
        return _told(not found, " ".join(found) or f"{branch['name']} can be restored to {point.written}.")
    running = [quoted(dig(one, "action")) for one in wire.operations(access, None) if dig(one, "status") in RUNNING]
    if running or not wire.settled(branch):
        doing = ", ".join(dict.fromkeys(running)) or quoted(dig(branch, "current_state"))
        return _told(False, f"Neon is working on the project just now: {doing}.")
    return _told(True, f"{branch['name']} is {quoted(dig(branch, 'current_state'))} and nothing is under way.")


def _preview(access: Access, call: Call, listed: list[Record]) -> CheckResult:
    name = call.parameters["name"]
    if not (found := wire.named(listed, name)):
        return _told(False, f"There is no branch {quoted(name)}.")
    if not wire.settled(found):
        return _told(False, f"Neon is still making {found['name']}.")
    of = wire.at(dig(found, "parent_timestamp"))
    when = f" of {limits.shown(of)}" if of else ""
    lines = [("done", f"{found['name']} is ready, a branch{when}.")]
    wanted = [(text, True) for text in [call.parameters.get("contains")] if text]
    wanted += [(text, False) for text in [call.parameters.get("lacks")] if text]
    if wanted or call.parameters.get("database"):
        database, schema = _schema(access, found, str(call.parameters.get("database") or ""))
        lines.append(("done", f"The schema of {database} has {schema.count('CREATE TABLE')} tables."))
        lines += [_line(schema, text, there) for text, there in wanted]
    holds = all(mark == "done" for mark, _ in lines)
    return CheckResult(holds, " ".join(text for _, text in lines), tuple(lines), as_of=datetime.now(UTC))


def _schema(access: Access, branch: Record, database: str) -> tuple[str, str]:
    """Return a database's name and its schema as SQL."""
    path = wire.branch_path(access, branch)
    if not database:
        listed = wire.get(access, f"{path}/databases", "The list of databases")
        database = str(dig(listed, "databases", 0, "name") or "")
    sql = dig(wire.get(access, f"{path}/schema", f"The schema of {database}", {"db_name": database}), "sql")
    return database, sql if isinstance(sql, str) else ""


def _line(schema: str, text: str, there: bool) -> tuple[str, str]:
    found = text in schema
    return ("done" if found is there else "failed", f"“{quoted(text)}” is {'' if found else 'not '}in it.")


def _told(holds: bool, text: str) -> CheckResult:
    return CheckResult(holds, text, (("done" if holds else "failed", text),), as_of=datetime.now(UTC))
