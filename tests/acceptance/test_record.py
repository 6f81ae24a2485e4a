"""What is left behind: the stream, the record with its hashes, the log, updates and checklists."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

from tests.acceptance.agreeing import seconds
from tests.acceptance.client import Api
from tests.acceptance.instance import ROOT, Product
from tests.acceptance.world import World

LOG = ["date", "environment", "reason", "method", "duration", "data_loss", "deployed_by", "approved_by"]


def _collect(api: Api, path: str, into: list[tuple[float, dict[str, str]]], **more: Any) -> None:
    into.extend((time.time(), event) for event in api.stream(path, **more))


def test_the_stream_tells_every_item_once_and_beats(world: World) -> None:
    heard: list[tuple[float, dict[str, str]]] = []
    path = f"/incidents/{world.incident}/stream"
    listener = Thread(target=_collect, args=(world.people.founder, path, heard), kwargs={"seconds": 13})
    listener.start()
    world.people.commander.wait(world.start("flags-then-cache"))
    listener.join(40)
    items = [event for _, event in heard if "id" in event]
    assert items, heard
    timeline = world.people.founder.timeline(world.incident)
    assert [json.loads(event["data"]) for event in items] == timeline[: len(items)]
    assert [event["id"] for event in items] == [str(one["seq"]) for one in timeline[: len(items)]]
    assert timeline[-1]["kind"] in {json.loads(event["data"])["kind"] for event in items}
    beats = [(at, event) for at, event in heard if event.get("event") == "hb"]
    assert len(beats) >= 2, heard
    assert all(event == {"event": "hb", "data": "{}"} for _, event in beats)
    assert all(3 < later[0] - sooner[0] < 5.5 for sooner, later in pairwise(beats)), beats


def test_a_stream_goes_on_where_it_broke_off(world: World) -> None:
    world.people.commander.wait(world.start("only-flags"))
    timeline = world.people.founder.timeline(world.incident)
    middle = timeline[len(timeline) // 2]["seq"]
    path, heard = f"/incidents/{world.incident}/stream", []
    for event in world.people.founder.stream(path, last=str(middle), seconds=6):
        if "id" in event:
            heard.append(int(event["id"]))
        if event.get("event") == "hb":
            break
    rest = [one["seq"] for one in world.people.founder.timeline(world.incident) if one["seq"] > middle]
    assert heard == rest[: len(heard)]
    assert len(heard) >= len([one for one in timeline if one["seq"] > middle])


def test_a_stakeholder_hears_nothing_internal(world: World) -> None:
    people, note = world.people, "The database password is wrong"
    people.commander.post(f"/incidents/{world.incident}/updates", {"audience": "internal", "text": note}).must(201)
    said = {"audience": "stakeholder", "text": "We go back to the version of this morning", "next_update_minutes": 15}
    people.commander.post(f"/incidents/{world.incident}/updates", said).must(201)
    told = json.dumps(people.stakeholder.timeline(world.incident))
    assert said["text"] in told
    assert note not in told
    assert note in json.dumps(people.founder.timeline(world.incident))
    heard = []
    for event in people.stakeholder.stream(f"/incidents/{world.incident}/stream", seconds=6):
        heard.append(event)
        if event.get("event") == "hb":
            break
    assert note not in json.dumps(heard)
    for wrong in ({"audience": "everybody", "text": "x"}, {"audience": "public"}, {"audience": "public", "text": ""}):
        people.commander.post(f"/incidents/{world.incident}/updates", wrong).refused(422)


def test_the_record_proves_itself(world: World) -> None:
    """The recipe is the one that `GET /audit` describes in openapi.json."""
    world.people.commander.wait(world.start("only-flags"))
    events = world.people.commander.all("/audit", limit=200)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    previous = events[0]["previous_hash"]
    for event in events:
        moment = datetime.fromisoformat(event["recorded_at"])
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        microseconds = (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
        parts = (
            bytes.fromhex(previous),
            event["seq"].to_bytes(8, "big"),
            hashlib.sha256(event["body"].encode()).digest(),
            event["actor"].encode(),
            microseconds.to_bytes(8, "big"),
        )
        assert event["previous_hash"] == previous
        previous = hashlib.sha256(b"".join(parts)).hexdigest()
        assert event["hash"] == previous, event
        body = json.loads(event["body"])
        assert body["text"] == event["text"]
        assert body["kind"] == event["kind"]
        assert body["details"] == event["details"]


def test_the_end_of_a_run_is_anchored_outside_and_a_stranger_can_verify_it(
    product: Product, world: World, tmp_path: Path
) -> None:
    world.people.commander.wait(world.start("only-flags"))
    timeline = world.people.founder.timeline(world.incident)
    ended = max(one["seq"] for one in timeline if one["kind"] == "rollback.succeeded")
    anchors, give_up_at = product.data / "anchors" / "record.jsonl", time.monotonic() + 20
    while not any(json.loads(line)["seq"] >= ended for line in anchors.read_text().splitlines()):
        assert time.monotonic() < give_up_at, anchors.read_text()
        time.sleep(0.2)  # a file can only be looked at again
    here = {"env": product.env, "cwd": tmp_path, "capture_output": True, "text": True, "check": True, "timeout": 120}
    subprocess.run([ROOT / "bin" / "portal", "audit", "export", "--output", "record.jsonl"], **here)
    key = product.portal("audit", "key").strip()
    script = [sys.executable, "-I", "-S", ROOT / "bin" / "verify-record"]
    said = subprocess.run([*script, "record.jsonl", "--anchors", anchors, "--public-key", key, "--all"], **here).stdout
    assert said.startswith("WHOLE"), said
    assert "lie on their chains" in said


def test_every_vote_and_every_step_is_in_the_record(world: World) -> None:
    key = world.start("only-flags")
    done = world.people.commander.wait(key)
    timeline = world.people.commander.timeline(world.incident)
    kinds = [one["kind"] for one in timeline]
    assert kinds.count("question.approved") == 2
    assert kinds.count("rollback.proposed") == kinds.count("rollback.succeeded") == 1
    assert kinds.count("rollback.step_succeeded") == len(done["steps"])
    last = next(one for one in timeline if one["kind"] == "rollback.succeeded")
    assert abs(seconds(last["occurred_at"]) - seconds(done["timings"]["finished_at"])) < 2


def test_the_rollback_log_has_the_promised_columns(world: World) -> None:
    key = world.start("only-hosting")
    world.people.commander.wait(key)
    rows = world.people.commander.get("/rollback-log", format="json", limit=5).must(200)["items"]
    assert all(list(row) == LOG for row in rows)
    mine = next(row for row in rows if world.slug in row["environment"])
    assert mine["reason"] == "Share links fail"
    assert int(mine["duration"]) >= 0
    assert {"Founder", "Client Success Lead"} == set(mine["approved_by"].split(", "))
    answer = world.people.commander.get("/rollback-log", format="csv")
    answer.must(200)
    assert answer.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.raw.decode())))
    assert list(table[0]) == LOG
    assert any(world.slug in row["environment"] for row in table)
    world.people.commander.get("/rollback-log", format="pdf").refused(422)


def test_a_checklist_is_ticked_by_several(world: World) -> None:
    people = world.people
    people.commander.wait(world.start("with-checklist"))
    (checklist,) = people.commander.all(f"/incidents/{world.incident}/checklists")
    first, second = checklist["items"]
    path = f"/checklist-items/{first['id']}/ticks"
    people.success.post(path, {"result": "done", "note": "All nine", "evidence": "https://example.com"}).must(201)
    people.founder.post(f"/checklist-items/{second['id']}/ticks", {"result": "not_applicable", "note": "None"}).must(
        201
    )
    people.founder.post(path, {"result": "perhaps"}).refused(422)
    people.stakeholder.post(path, {"result": "done"}).refused(403)
    (after,) = people.commander.all(f"/incidents/{world.incident}/checklists")
    assert [item["state"] for item in after["items"]] == ["done", "not_applicable"]
    people.founder.post(path, {"result": "undone"}).must(201)
    (undone,) = people.commander.all(f"/incidents/{world.incident}/checklists")
    assert undone["items"][0]["state"] not in {"done", "not_applicable"}
