"""Keeps states and journal in one SQLite file, on the disk before anybody is answered."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

TABLES = """
create table if not exists meta (name text primary key, value text not null);
create table if not exists state (slug text primary key, body text not null);
create table if not exists journal (
    id integer primary key autoincrement, slug text not null, method text not null, path text not null,
    query text not null, headers text not null, digest text not null, body text not null,
    attempt_id text not null, fault text not null default '',
    received_at real not null, effect_at real, effects text, answered_at real, status integer, ending text
);
"""
KEPT_BODY = 8192  # characters of a body that the journal shows; the digest covers all of it


class Storage:
    """One file in the data directory; in memory when no directory is given."""

    def __init__(self, directory: Path | None) -> None:
        if directory:
            directory.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(str(directory / "simulators.sqlite3") if directory else ":memory:")
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(TABLES)
        self._db.commit()

    def meta(self, name: str, value: str | None = None) -> str | None:
        """Reads a named value, or writes it when one is given."""
        if value is not None:
            with self._db:
                self._db.execute("insert or replace into meta values (?, ?)", (name, value))
            return value
        row = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def states(self) -> dict[str, Any]:
        """Every stored state by slug."""
        rows = self._db.execute("select slug, body from state").fetchall()
        return {row["slug"]: json.loads(row["body"]) for row in rows}

    def keep(self, states: dict[str, Any], entry: int | None = None, effects: list[Any] | None = None) -> None:
        """Commits states, and with them the effect of the journal entry that caused them."""
        with self._db:
            for slug, state in states.items():
                self._db.execute("insert or replace into state values (?, ?)", (slug, json.dumps(state)))
            if entry is not None:
                self._db.execute(
                    "update journal set effect_at = ?, effects = ? where id = ?",
                    (time.time(), json.dumps(effects or []), entry),
                )

    def received(self, **facts: Any) -> int:
        """Commits that a mutating request has arrived; returns the entry's id."""
        facts["body"] = facts["body"][:KEPT_BODY]
        names = ", ".join(facts)
        marks = ", ".join("?" for _ in facts)
        with self._db:
            cursor = self._db.execute(f"insert into journal ({names}) values ({marks})", tuple(facts.values()))  # nosec B608 # names of a dataclass
        return int(cursor.lastrowid or 0)

    def answered(self, entry: int, status: int | None, ending: str) -> None:
        """Commits how the request ended: `answered`, or how the line was broken."""
        with self._db:
            self._db.execute(
                "update journal set answered_at = ?, status = ?, ending = ? where id = ?",
                (time.time(), status, ending, entry),
            )

    def journal(self, *, slug: str = "", after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """The entries after an id, oldest first; `slug` narrows them to one provider."""
        rows = self._db.execute(
            "select * from journal where id > ? and (? = '' or slug = ?) order by id limit ?",
            (after, slug, slug, limit),
        ).fetchall()
        return [_readable(row) for row in rows]

    def forget(self) -> None:
        """Empties states and journal; ids of later entries go on rising."""
        with self._db:
            self._db.execute("delete from state")
            self._db.execute("delete from journal")

    def close(self) -> None:
        """Closes the file."""
        self._db.close()


def _readable(row: sqlite3.Row) -> dict[str, Any]:
    entry = dict(row)
    for name in ("query", "headers", "effects"):
        entry[name] = json.loads(entry[name]) if entry[name] else ([] if name == "effects" else {})
    return entry
