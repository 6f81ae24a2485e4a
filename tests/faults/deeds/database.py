"""Faults of the database: connections are ended, commits lose their answer, the server restarts (F7, F8)."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import psycopg

from tests.faults.deeds.lines import PG_LINKS

if TYPE_CHECKING:
    from tests.faults.injecting import Injector


def end_backends(injector: Injector) -> None:
    """F7: one connection of the application, or every one."""
    held, most = injector.held("postgres"), injector.rng.choice((1, 1, 2, 100))
    ending = """SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
        WHERE usename = current_user AND pid <> pg_backend_pid() ORDER BY random() LIMIT %s) AS found"""
    try:
        with injector.rig.database() as connection:
            row = connection.execute(ending, [most]).fetchone()
    except psycopg.Error:
        return  # it is away just now
    if row and row[0]:
        injector.tally.fault("F7", f"{row[0]} backends ended", affected=held)


def at_commit(injector: Injector) -> None:
    """F7: the next commits of a link lose their answer, or their backend."""
    link = injector.rng.choice((*PG_LINKS, *PG_LINKS[:2]))
    count_commits(injector, link)
    how = injector.rng.choices(("cut", "end", "end-first"), (5, 3, 2), k=injector.rng.choice((1, 1, 2)))
    injector.rig.links.at_commit(link, how)


def count_commits(injector: Injector, link: str) -> None:
    """Disarm a link, and count the commits that met what was ordered for them."""
    met = injector.rig.links.at_commit(link, [])
    if met > injector.commits[link]:
        held = injector.held(link.removesuffix("-pg")) if link != "web-pg" else []
        injector.tally.fault("F7", f"{link} at COMMIT", times=met - injector.commits[link], affected=held)
        injector.commits[link] = met


def restart_postgres(injector: Injector) -> None:
    """F8."""
    _restart(injector, signal.SIGINT, "restarted fast")


def crash_postgres(injector: Injector) -> None:
    """F8: it has to recover."""
    _restart(injector, signal.SIGQUIT, "restarted at once")


def _restart(injector: Injector, how: signal.Signals, what: str) -> None:
    began, held = time.time(), injector.held("postgres")
    injector.rig.databases.postgres.stop(how)
    injector.rig.databases.postgres.start()
    injector.rig.databases.postgres.wait()
    injector.tally.fault("F8", f"Postgres {what}", began=began, affected=held)
