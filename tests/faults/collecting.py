"""Collect the evidence of a campaign: histories, the outside's journal, the product's rows, anchors and logs."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from tests.faults.evidence import Entry, Evidence, Frame, Limits, Operation, Sighting, Viewing
from tests.faults.rows import Attempt, Event, Freeze, Notice, Question, Rollback, Step, Vote
from tests.faults.written import read_anchors, read_history

ROLLBACKS = """SELECT r.*, p.canonical, encode(sha256(p.canonical), 'hex') AS digest FROM rollbacks_rollback r
  JOIN rollbacks_plan p ON p.organisation_id = r.organisation_id AND p.id = r.plan_id"""
ATTEMPTS = """SELECT a.*, a.xmin::text::bigint AS written, ARRAY(SELECT e.outcome FROM rollbacks_attemptevidence e
  WHERE e.attempt_id = a.id ORDER BY e.at) AS late FROM rollbacks_attempt a"""
HEADS = "SELECT * FROM timeline_head"
COMMITTED = "coalesce(pg_xact_commit_timestamp((transaction % 4294967296)::text::xid), recorded_at)"
SEARCHED = ("text", "character varying", "jsonb", "json", "ARRAY", "bytea")


def collect(
    *,
    histories: Iterable[Path] = (),
    journal: Iterable[Mapping[str, Any]] = (),
    states: Mapping[str, Any] | None = None,
    anchors: Iterable[Path] = (),
    logs: Iterable[Path] = (),
    canaries: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    frames: Iterable[Frame] = (),
    operations: Iterable[Operation] = (),
    viewings: Iterable[Viewing] = (),
    sightings: Iterable[Sighting] = (),
    moved: Iterable[str] = (),
    healed_at: float | None = None,
    limits: Limits | None = None,
) -> Evidence:
    """Read everything once, from Django's default database and the files given; takes seconds for 2,000 runs.

    `journal` are the outside's entries as its control door shows them, `states` its state by slug, `canaries` planted
    secrets by a name that may be shown, `healed_at` when the last fault ended (seconds since 1970).
    """
    secrets = dict(canaries or {})
    return Evidence(
        collected_at=time.time(),
        healed_at=healed_at,
        limits=limits or Limits(),
        operations=[*operations, *(one for path in histories for one in read_history(path))],
        journal=[entry_of(entry) for entry in journal],
        states=states or {},
        rollbacks={row.id: row for row in map(_rollback, _rows(ROLLBACKS))},
        steps=[_step(row) for row in _rows("SELECT * FROM rollbacks_step")],
        attempts={row.id: row for row in map(_attempt, _rows(ATTEMPTS))},
        questions={row.id: row for row in _questions()},
        freezes=_freezes(events := _events()),
        events=events,
        heads={str(row["organisation_id"]): (row["seq"], bytes(row["hash"]).hex()) for row in _rows(HEADS)},
        notices={row.id: row for row in map(_notice, _rows("SELECT * FROM communications_notice"))},
        deliveries=frozenset(row["delivery_id"] for row in _rows("SELECT delivery_id FROM providers_delivery")),
        connections={str(row["id"]): _json(row["settings"]) for row in _rows("SELECT * FROM providers_connection")},
        anchors=[anchor for path in anchors for anchor in read_anchors(path)],
        frames=list(frames),
        viewings=list(viewings),
        sightings=list(sightings),
        moved=frozenset(moved),
        log_lines=_log_lines(),
        texts=dict(texts or {}),
        leaks=[*_leaks_in_files(logs, secrets), *_leaks_in_database(secrets)],
        canaries=secrets,
    )


def journal_of(simulators: Any) -> list[dict[str, Any]]:
    """Return the whole journal of running simulators, page by page."""
    found: list[dict[str, Any]] = []
    while page := simulators.control(f"journal?slug=&limit=1000&after={found[-1]['id'] if found else 0}"):
        found += page
    return found


def journal_in(directory: Path) -> list[dict[str, Any]]:
    """Return the whole journal of simulators from their data directory, whether they run or not."""
    database = sqlite3.connect(f"file:{directory / 'simulators.sqlite3'}?mode=ro", uri=True)
    try:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("select * from journal order by id")]
    finally:
        database.close()
    for row in rows:
        for name in ("query", "headers", "effects"):
            row[name] = json.loads(row[name]) if row[name] else ([] if name == "effects" else {})
    return rows


def entry_of(said: Mapping[str, Any]) -> Entry:
    """Return one entry of the outside's journal as a value."""
    known = {name: said[name] for name in Entry.__dataclass_fields__ if name in said}
    return Entry(**{**known, "effects": tuple(said["effects"] or ()), "ending": said["ending"] or ""})


def _rows(sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _at(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


def _taken(row: Mapping[str, Any], kind: type, **more: Any) -> dict[str, Any]:
    """Return the columns that a value has under the same name: ids as text, moments as seconds."""
    taken = {}
    for name in kind.__dataclass_fields__:
        if f"{name}_id" in row:
            taken[name] = str(row[f"{name}_id"] or "")
        elif name in row:
            value = row[name]
            taken[name] = _at(value) if isinstance(value, datetime) else str(value) if name == "id" else value
    return {**taken, **more}


def _rollback(row: Mapping[str, Any]) -> Rollback:
    plan = json.loads(bytes(row["canonical"]))
    return Rollback(**_taken(row, Rollback, plan=plan, plan_digest=row["digest"]))


def _step(row: Mapping[str, Any]) -> Step:
    return Step(**_taken(row, Step, already=tuple(_json(row["baseline"]).get("already", ()))))


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(**_taken(row, Attempt, transaction=row["written"], late=tuple(row["late"])))


def _notice(row: Mapping[str, Any]) -> Notice:
    return Notice(**_taken(row, Notice))


def _questions() -> Iterator[Question]:
    votes: dict[str, list[Vote]] = {}
    for row in _rows("SELECT * FROM approvals_vote ORDER BY cast_at"):
        votes.setdefault(str(row["question_id"]), []).append(Vote(**_taken(row, Vote)))
    seats: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in _rows("SELECT * FROM approvals_seat"):
        seats.setdefault(str(row["question_id"]), {})[str(row["id"])] = tuple(row["roles"])
    for row in _rows("SELECT * FROM approvals_question"):
        key = str(row["id"])
        yield Question(**_taken(row, Question, seats=seats.get(key, {}), votes=tuple(votes.get(key, ()))))


def _events() -> list[Event]:
    on = _rows("SHOW track_commit_timestamp")[0]["track_commit_timestamp"] == "on"
    rows = _rows(f"SELECT *, {COMMITTED if on else 'recorded_at'} AS committed FROM timeline_event ORDER BY seq")
    return [_event(row) for row in rows]


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        str(row["id"]), str(row["organisation_id"]), row["seq"], row["kind"], _json(row["details"]), row["actor_name"],
        row["subject_kind"], row["subject_id"], row["transaction"], row["recorded_at"].timestamp(),
        round(row["recorded_at"].timestamp() * 1_000_000), row["committed"].timestamp(), row["body"] or "",
        bytes(row["previous_hash"] or b""), bytes(row["hash"] or b""), str(row["incident_id"] or ""),
    )  # fmt: skip


def _freezes(events: Sequence[Event]) -> list[Freeze]:
    """Read the freezes; they begin and end with the commits of their first and last records."""
    told: dict[str, list[Event]] = {}
    for event in events:
        if event.subject_kind == "freeze":
            told.setdefault(event.subject, []).append(event)
    found = []
    for row in _rows("SELECT * FROM deployments_freeze"):
        about = told.get(str(row["id"]), [])
        began = about[0].committed_at if about else row["created_at"].timestamp()
        ended = about[-1].committed_at if about and row["lifted_at"] else _at(row["lifted_at"])
        found.append(Freeze(**_taken(row, Freeze, frozen_at=began, lifted_at=ended)))
    return found


def _log_lines() -> dict[str, list[int]]:
    rows = _rows("SELECT rollback_id, array_agg(number ORDER BY number) AS n FROM rollbacks_logline GROUP BY 1")
    return {str(row["rollback_id"]): row["n"] for row in rows}


def _leaks_in_files(paths: Iterable[Path], secrets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for path in paths if secrets else ():
        with path.open(errors="replace") as lines:
            for number, line in enumerate(lines, start=1):
                yield from ((f"{path.name}:{number}", name) for name, secret in secrets.items() if secret in line)


def _leaks_in_database(secrets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Look for every secret in every column that can hold text, once per table."""
    columns: dict[str, list[str]] = {}
    tables = """SELECT table_name, column_name FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type = ANY(%s)"""
    for row in _rows(tables, [list(SEARCHED)]) if secrets else ():
        columns.setdefault(row["table_name"], []).append(f'"{row["column_name"]}"::text')
    for table, parts in columns.items():
        together = f"concat_ws(' ', {', '.join(parts)})"
        for name, secret in secrets.items():
            spoilt = _rows(f'SELECT count(*) AS n FROM "{table}" WHERE position(%s in {together}) > 0', [secret])
            hexed = secret.encode().hex()
            spoilt += _rows(f'SELECT count(*) AS n FROM "{table}" WHERE position(%s in {together}) > 0', [hexed])
            if any(row["n"] for row in spoilt):
                yield f"table {table}", name
