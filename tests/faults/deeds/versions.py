"""Another version of the product is put in place while runs are under way (F19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from tests.faults.rig import WORKERS

if TYPE_CHECKING:
    from tests.faults.injecting import Injector

# What a migration does that raises the epoch: a lock on the table of runs, another column, another meaning.
MIGRATION = """
SET LOCAL lock_timeout = '300ms';
ALTER TABLE rollbacks_rollback DROP COLUMN IF EXISTS of_epoch_{before};
ALTER TABLE rollbacks_rollback ADD COLUMN of_epoch_{epoch} integer;
CREATE OR REPLACE FUNCTION rollbacks_schema_epoch() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT {epoch}';
"""


def upgrade(injector: Injector) -> None:
    """F19: the database is migrated first; each worker runs old code until it is replaced, one after the other."""
    rig = injector.rig
    if "upgrade" in injector.busy:
        return
    before = max(rig.epochs.values())
    try:
        with psycopg.connect(rig.databases.addresses()["DATABASE_OWNER_URL"]) as connection:
            connection.execute(MIGRATION.format(before=before, epoch=before + 1))
    except psycopg.Error:
        return  # the table is not free, or the server is away: a migration is then tried again later
    names = injector.rng.sample(WORKERS, len(WORKERS))
    first = injector.rng.uniform(0.2, 2.0)

    def replace(name: str) -> None:
        rig.epochs[name] = before + 1
        rig.kill(name)  # what is dead or killed is started by the supervisor, from now on with the new code

    injector.later(first, lambda: replace(names[0]))
    what = f"epoch {before + 1}, and old code for {first:.1f} s"
    seconds = first + injector.rng.uniform(0.2, 3.0)
    injector.heal_after("upgrade", seconds, "F19", what, lambda: replace(names[1]), hits=False)
