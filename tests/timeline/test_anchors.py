"""Anchors: written outside the database once a minute and at the end of a run, once, in order, and held against it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.accounts.models import Organisation
from apps.timeline import anchoring, anchors, checking, signing
from apps.timeline.anchoring import anchor_due
from apps.timeline.models import Head
from tests.accounts.factories import OrganisationFactory
from tests.timeline import forging


@pytest.fixture
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every anchor be old enough for the next one."""
    monkeypatch.setattr(anchoring, "AFTER_SECONDS", 0)


@pytest.fixture
def file(settings: Any) -> Path:
    return settings.ANCHOR_FILE


def said(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def refusal() -> str:
    with pytest.raises(CommandError) as caught:
        call_command("audit", "verify")
    return str(caught.value)


# --- writing ---------------------------------------------------------------------------------------------------------


def test_an_anchor_says_where_the_chain_is_and_is_signed(told: Organisation, file: Path) -> None:
    assert anchor_due() == 1
    (line,) = said(file)
    head = Head.objects.get(organisation=told)
    assert (line["organisation"], line["slug"]) == (str(told.pk), told.slug)
    assert (line["seq"], line["hash"]) == (head.seq, bytes(head.hash).hex())
    assert line["previous"] is None
    found = anchors.read(file, signing.keys())
    assert found.flaws == []
    assert anchoring.lies_on_chain(found.of[str(told.pk)][0])


def test_a_minute_passes_between_anchors_and_a_chain_at_rest_needs_none(
    told: Organisation, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert anchor_due() == 1
    forging.tell(told, 1)
    assert anchor_due() == 0
    monkeypatch.setattr(anchoring, "AFTER_SECONDS", 0)
    assert anchor_due() == 1
    assert anchor_due() == 0
    first, second = file.read_bytes().splitlines()
    assert json.loads(second)["previous"] == anchors.understood(first).digest
    assert anchors.read(file, signing.keys()).flaws == []


def test_the_end_of_a_run_is_anchored_at_once(told: Organisation) -> None:
    assert anchor_due() == 1
    forging.tell(told, 1)
    assert anchor_due({"test.something_else"}) == 0
    assert anchor_due({forging.noted().name}) == 1


def test_many_workers_at_once_write_each_anchor_once_and_in_order(
    told: Organisation, file: Path, a_minute_later: None
) -> None:
    def work(number: int) -> int:
        try:
            if number % 3 == 0:
                forging.tell(told, 1, f"race {number}")
            return anchor_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        written = sum(pool.map(work, range(48)))
    written += anchor_due()
    found = anchors.read(file, signing.keys())
    assert found.flaws == []
    assert found.lines == written > 1
    assert found.of[str(told.pk)][-1].seq == Head.objects.get(organisation=told).seq
    call_command("audit", "verify")


def test_a_worker_that_starts_later_goes_on_where_the_file_ends(
    told: Organisation, file: Path, a_minute_later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchor_due()
    forging.tell(told, 1)
    monkeypatch.setattr(anchoring, "_newest", {})
    assert anchor_due() == 1
    assert anchors.read(file, signing.keys()).flaws == []


def test_a_line_that_a_power_cut_left_unfinished_is_taken_away(
    told: Organisation, file: Path, a_minute_later: None
) -> None:
    anchor_due()
    with file.open("ab") as open_file:
        open_file.write(b'{"at":"2026')
    forging.tell(told, 1)
    assert anchor_due() == 1
    assert len(said(file)) == 2
    assert anchors.read(file, signing.keys()).flaws == []


def test_a_worker_that_was_frozen_over_the_file_holds_nobody_up(
    told: Organisation, file: Path, a_minute_later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "PATIENCE_SECONDS", 0.1)
    anchor_due()
    forging.tell(told, 1)
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert anchor_due() == 0
        call_command("audit", "verify")
    assert anchor_due() == 1


def test_an_unwritable_place_is_said_and_nothing_is_lost(
    told: Organisation, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ANCHOR_FILE = tmp_path / "not mounted" / "record.jsonl"
    with caplog.at_level(logging.ERROR, "apps.timeline"):
        assert anchor_due() == 0
    assert "could not be anchored" in caplog.text
    settings.ANCHOR_FILE.parent.mkdir()
    assert anchor_due() == 1


# --- keys ------------------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_only_its_owner_may_read_it(settings: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: signing.newest_key().name, range(24)))
    assert len(names) == 1
    assert os.stat(settings.ANCHOR_KEY_FILE).st_mode & 0o777 == 0o600
    assert [entry.name for entry in settings.ANCHOR_KEY_FILE.parent.glob("anchor-key*")] == ["anchor-key"]


def test_a_newer_key_signs_and_the_older_one_still_counts(
    told: Organisation, settings: Any, a_minute_later: None
) -> None:
    anchor_due()
    old = settings.ANCHOR_KEY_FILE.read_text().strip()
    settings.ANCHOR_KEYS = ["bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU=", old]
    forging.tell(told, 1)
    assert anchor_due() == 1
    call_command("audit", "verify")
    settings.ANCHOR_KEYS = settings.ANCHOR_KEYS[:1]
    assert "a key that is not here" in refusal()


def test_a_key_that_is_none_is_said(told: Organisation, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.ANCHOR_KEYS = ["not a key"]
    assert anchor_due() == 0
    assert "ANCHOR_KEYS" in caplog.text
    assert "not the base64 of 32 bytes" in refusal()


# --- held against the record -----------------------------------------------------------------------------------------


def test_a_chain_that_was_rewritten_as_a_whole_is_found_by_its_anchor(told: Organisation, a_minute_later: None) -> None:
    anchor_due()
    proven = forging.last(told).seq
    assert proven
    forging.tell(told, 5)
    anchor_due()
    forging.tell(told, 5)
    forging.rewrite(told, proven + 2, "nothing happened")
    told_of = refusal()
    assert f"number {proven + 5}: It is not what was anchored" in told_of
    assert f"after number {proven} was rewritten" in told_of
    assert "line 2 of the anchors" in told_of


def test_without_an_anchor_the_same_forgery_would_pass(told: Organisation) -> None:
    forging.rewrite(told, 3, "nothing happened")
    call_command("audit", "verify")


def test_records_that_were_cut_off_are_found_by_their_anchor(told: Organisation) -> None:
    anchor_due()
    forging.cut_short(told, 6)
    told_of = refusal()
    assert "broken at number 7: The newest records are missing" in told_of
    assert "line 1 of the anchors" in told_of


def test_anchoring_says_aloud_that_the_chain_is_another_one(
    told: Organisation, a_minute_later: None, caplog: pytest.LogCaptureFixture
) -> None:
    anchor_due()
    forging.rewrite(told, 3, "nothing happened")
    forging.tell(told, 1)
    with caplog.at_level(logging.ERROR, "apps.timeline"):
        assert anchor_due() == 1
        assert anchor_due() == 0
    assert caplog.text.count("rewritten, or restored from an older copy") == 1


def test_an_organisation_that_was_anchored_and_is_gone_is_named(told: Organisation, file: Path) -> None:
    gone = OrganisationFactory.build()
    key = signing.newest_key()
    anchor = {
        "organisation": str(gone.pk), "slug": gone.slug, "seq": 1, "hash": "00" * 32,
        "at": "2026-11-20T12:00:00Z", "previous": None,
    }  # fmt: skip
    file.parent.mkdir()
    file.write_bytes(anchors.written(anchor, key) + b"\n")
    assert str(gone.pk) in refusal()


def _second_line_changed(lines: list[str]) -> list[str]:
    forged = lines[1].replace('"slug":"', '"slug":"x')
    return [lines[0], forged, *lines[2:]]


ATTACKS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "changed": (_second_line_changed, "Line 2 .* has a signature that does not fit"),
    "removed": (lambda lines: [lines[0], *lines[2:]], "Line 2 .* does not follow the line before it"),
    "turned round": (lambda lines: [lines[1], lines[0], *lines[2:]], "Line 1 .* does not follow"),
    "unreadable": (lambda lines: [lines[0], "{", *lines[2:]], "Line 2 .* cannot be read as an anchor"),
    "written twice": (lambda lines: [*lines, lines[-1]], "Line 5 .* does not follow"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_bad_line_of_anchors_is_named(told: Organisation, file: Path, a_minute_later: None, attack: str) -> None:
    for _ in range(4):
        forging.tell(told, 1)
        anchor_due()
    call_command("audit", "verify")
    change, sentence = ATTACKS[attack]
    file.write_text("".join(line + "\n" for line in change(file.read_text().splitlines())))
    with pytest.raises(CommandError, match=sentence):
        call_command("audit", "verify")


# --- by itself, once a day -------------------------------------------------------------------------------------------


def test_the_record_is_verified_once_a_day_and_the_answer_kept(told: Organisation) -> None:
    anchor_due()
    first = checking.check_daily()
    assert first
    assert first.faults == []
    assert first.records >= 10
    assert checking.check_daily() is None
    assert checking.newest() == first


def test_the_daily_check_says_what_is_broken(told: Organisation, caplog: pytest.LogCaptureFixture) -> None:
    anchor_due()
    forging.rewrite(told, 3, "nothing happened")
    found = checking.check_daily()
    assert found
    assert "is not what was anchored" in found.faults[0]
    assert "is not what was anchored" in caplog.text
