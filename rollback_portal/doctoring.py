"""Look whether an installation is sound, and say in sentences what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.providers import sealing
from apps.rollbacks.polling import workers_alive
from apps.timeline import anchoring, checking, handing_on
from apps.timeline.clock import database_now
from rollback_portal.health import broker

OK, WARNING, ERROR = "ok", "warning", "error"
MUST_BE_ON = ("fsync", "synchronous_commit", "full_page_writes")
OLDEST_POSTGRES = 180000
ANCHORED_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    level: str
    text: str


def examine() -> Iterator[Finding]:
    """Yield what is found, the database first."""
    try:
        yield from _database()
        yield from _roles()
        yield from _migrations()
        yield worker()
        yield from _record()
    except DatabaseError as away:
        yield Finding(ERROR, f"Postgres cannot be asked: {away}. Nothing can run until it answers.")
    yield from _webhooks()
    yield from _broker()
    yield from _settings()


def worker() -> Finding:
    """Say whether a worker is alive."""
    alive = workers_alive()
    if alive:
        return Finding(OK, f"{alive} worker{'s' if alive > 1 else ''} alive.")
    return Finding(ERROR, "No worker has beaten for 15 seconds: approved rollbacks wait. Start a worker.")


def _database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, version = cursor.fetchone()
        yield Finding(
            OK if number >= OLDEST_POSTGRES else WARNING,
            f"Postgres {version}."
            if number >= OLDEST_POSTGRES
            else f"Postgres {version} is older than 18, which is tested.",
        )
        for name in MUST_BE_ON:
            cursor.execute("SELECT current_setting(%s)", [name])
            if cursor.fetchone()[0] == "off":
                yield Finding(ERROR, f"{name} is off: a crash of Postgres can lose what was acknowledged. Turn it on.")


def _roles() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_userbyid(relowner) = current_user, current_setting('is_superuser') = 'on' "
            "FROM pg_class WHERE oid = 'timeline_event'::regclass"
        )
        owns, superuser = cursor.fetchone()
    if owns or superuser:
        yield Finding(
            WARNING,
            "The application signs in to Postgres as the owner of its tables, so the record is append-only by custom "
            "alone. Give DATABASE_OWNER_URL for migrations and another role in DATABASE_URL.",
        )
    else:
        yield Finding(OK, "The application's role owns nothing and cannot change the record.")


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Finding(ERROR, f"{len(missing)} migrations have not run. Run `bin/portal prepare`.")
    else:
        yield Finding(OK, "Every migration has run.")


def _record() -> Iterator[Finding]:
    """The record as it was anchored outside, and as it was when it was verified last."""
    newest = anchoring.newest_anchors()
    broken = [anchor for anchor in newest.values() if not anchoring.lies_on_chain(anchor)]
    for anchor in broken:
        yield Finding(
            ERROR,
            f"The record of {anchor.slug} does not hold number {anchor.seq} as it was anchored at {anchor.at}: it was "
            "rewritten, or restored from an older copy. Run bin/portal audit verify.",
        )
    since = anchoring.waiting_since()
    if since and (database_now() - since).total_seconds() > ANCHORED_WITHIN_SECONDS:
        yield Finding(
            WARNING,
            f"What was recorded since {since:%Y-%m-%d %H:%M} UTC is not anchored in {settings.ANCHOR_FILE}. "
            "A worker writes it; its log says what stands in the way.",
        )
    elif newest and not broken:
        yield Finding(OK, f"The record is anchored in {settings.ANCHOR_FILE}.")
    verdict = checking.newest()
    if verdict and verdict.faults:
        yield from (Finding(ERROR, f"Verified {verdict.at}: {sentence}") for sentence in verdict.faults)
    elif verdict:
        yield Finding(OK, f"The record was whole at {verdict.at}: {verdict.records} entries verified.")


def _webhooks() -> Iterator[Finding]:
    for url in settings.ANCHOR_WEBHOOKS:
        standing = handing_on.standing_of(url)
        if standing.trouble:
            yield Finding(WARNING, f"Anchors wait since {standing.since}: {standing.trouble} It is tried again.")
        elif standing.taken_at:
            yield Finding(OK, f"{standing.host} took the newest anchors at {standing.taken_at}.")


def _broker() -> Iterator[Finding]:
    if broker() == "down":
        yield Finding(WARNING, "The broker is away. Rollbacks still run: every worker polls Postgres.")
        return
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2)
    about = client.info("server")
    policy = client.info("memory").get("maxmemory_policy", "noeviction")
    yield Finding(
        OK, f"{about.get('server_name', 'redis').capitalize()} {about.get('valkey_version', about['redis_version'])}."
    )
    if policy != "noeviction":
        yield Finding(WARNING, f"The broker evicts ({policy}). Set maxmemory-policy to noeviction.")


def _settings() -> Iterator[Finding]:
    try:
        sealing.open_sealed(sealing.seal({"doctor": True}, "doctor"), "doctor")
        yield Finding(OK, f"Credentials can be sealed ({len(settings.ENCRYPTION_KEYS)} keys).")
    except (sealing.KeysMissing, sealing.SealBroken) as broken:
        yield Finding(ERROR, f"Credentials cannot be sealed: {broken}")
    if settings.DEBUG:
        yield Finding(WARNING, "DEBUG is on: error pages show the code. Turn it off outside development.")
    if not settings.SECURE:
        yield Finding(WARNING, f"BASE_URL is {settings.BASE_URL}: without https, sign-ins can be read on the way.")
