"""Ask a database whether the role can do what scripts need. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.sql.looking import reading
from apps.providers.sql.wire import place

SOON = timedelta(days=14)
ABOUT = """
SELECT current_user AS role, current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
       current_setting('default_transaction_read_only') = 'on' AS read_only,
       has_database_privilege(current_database(), 'CREATE') AS may_copy,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       (SELECT nullif(rolvaliduntil, 'infinity') FROM pg_roles WHERE rolname = current_user) AS until,
       (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS encrypted
"""


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        with reading(access) as connection, connection.cursor(row_factory=dict_row) as cursor:
            about = cursor.execute(ABOUT).fetchone() or {}
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    text = f"Signed in to {place(access)} as {about['role']}; Postgres {about['version']}."
    return [Finding("ok", text, "sign-in"), *_writing(about), *_guarding(about), *expiry(about["until"])]


def _writing(about: dict[str, Any]) -> list[Finding]:
    if about["standby"]:
        return [Finding("error", "This server is a standby: connect the primary.", "rights")]
    if about["read_only"]:
        return [Finding("error", "The role may only read: default_transaction_read_only is on.", "rights")]
    if about["may_copy"]:
        return [Finding("ok", "The role may make schemas, which copies of tables need.", "rights")]
    text = "The role may not make schemas, so it can keep no copies: GRANT CREATE ON DATABASE to it."
    return [Finding("warning", text, "rights")]


def _guarding(about: dict[str, Any]) -> list[Finding]:
    found = []
    if about["superuser"]:
        text = "The role is a superuser: a script could read files and run programs. Give it a role of its own."
        found.append(Finding("warning", text, "superuser"))
    if not about["encrypted"]:
        found.append(Finding("warning", "The connection is not encrypted.", "tls"))
    return found


def expiry(until: datetime | None) -> list[Finding]:
    """Say when the role's password ends (VALID UNTIL)."""
    if until is None:
        return []
    level = "warning" if until - datetime.now(UTC) < SOON else "ok"
    return [Finding(level, f"The role's password is valid until {until:%Y-%m-%d %H:%M} UTC.", "expiry")]
