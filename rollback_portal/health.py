"""Whether the portal lives, and whether it can do its work."""

from __future__ import annotations

import time

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from kombu.exceptions import OperationalError

from apps.rollbacks.polling import workers_alive

_migrated: list[bool] = []
_broker: dict[str, float | str] = {"asked": 0.0, "is": "down"}
BROKER_SECONDS = 5.0


@login_not_required
def alive(request: HttpRequest) -> JsonResponse:
    """200 while the process lives."""
    return JsonResponse({"status": "alive"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and a worker are there. The broker is told, and is never a reason for 503."""
    found = {"database": "down", "migrations": "unknown", "workers": 0, "broker": "unknown"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found["database"] = "up"
        found["migrations"] = "done" if _is_migrated() else "missing"
        found["workers"] = workers_alive() if found["migrations"] == "done" else 0
    except DatabaseError:
        pass  # told as "down"
    found["broker"] = broker()
    ok = found["database"] == "up" and found["migrations"] == "done" and bool(found["workers"])
    return JsonResponse({"ready": ok, **found}, status=200 if ok else 503)


def _is_migrated() -> bool:
    """Say whether every migration has run; once true, it stays true for this process's code."""
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.append(True)
    return True


def broker() -> str:
    """Return up or down; asked at most every few seconds, with a short limit."""
    if time.monotonic() - float(_broker["asked"]) > BROKER_SECONDS:
        try:
            with current_app.connection_for_write(connect_timeout=0.5) as link:
                link.ensure_connection(max_retries=1, timeout=0.5)
            _broker["is"] = "up"
        except (OperationalError, OSError):
            _broker["is"] = "down"
        _broker["asked"] = time.monotonic()
    return str(_broker["is"])
