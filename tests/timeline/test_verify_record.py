"""`audit export` and bin/verify-record: a stranger with a Python and two files can tell whether the record is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Organisation
from apps.timeline import anchoring, signing
from apps.timeline.anchoring import anchor_due
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory
from tests.timeline import forging

SCRIPT = Path(__file__).resolve().parents[2] / "bin" / "verify-record"
BARE = (sys.executable, "-I", "-S", str(SCRIPT))


def verify_record(*words: object, command: tuple[str, ...] = BARE) -> tuple[int, str]:
    """Run the script as a stranger would, with no package and no variable of ours; returns exit code and words."""
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, env={}, cwd="/", timeout=60)
    return done.returncode, done.stdout + done.stderr


def export(organisation: Organisation, path: Path) -> Path:
    call_command("audit", "export", "--organisation", organisation.slug, "--output", str(path))
    return path


@pytest.fixture
def whole(told: Organisation, tmp_path: Path) -> Path:
    """An export of a record with ten noted events, anchored at its end."""
    anchor_due()
    return export(told, tmp_path / "export.jsonl")


def test_an_export_says_what_it_is_and_holds_exactly_what_is_hashed(told: Organisation, whole: Path) -> None:
    first, *records = (json.loads(line) for line in whole.read_text().splitlines())
    assert (first["format"], first["version"]) == ("rollback-portal-record", 1)
    assert (first["organisation"], first["slug"]) == (str(told.pk), told.slug)
    assert first["records"] == len(records) == Event.objects.filter(organisation=told).count()
    for record, event in zip(records, Event.objects.filter(organisation=told).order_by("seq"), strict=True):
        assert (record["seq"], record["actor"], record["body"]) == (event.seq, event.actor_name, event.body)
        assert record["hash"] == bytes(event.hash or b"").hex()
    assert whole.stat().st_mode & 0o777 == 0o600


def test_a_whole_record_is_called_whole(whole: Path, settings: Any) -> None:
    code, said = verify_record(whole, "--anchors", settings.ANCHOR_FILE, "--public-key", signing.newest_key().public)
    assert code == 0, said
    assert "WHOLE" in said
    assert "1 anchor lies on its chain" in said
    assert "library cryptography is not installed" in said
    code, said = verify_record(whole)
    assert code == 0, said
    assert "No anchors were given" in said


def test_signatures_are_checked_where_the_library_is(whole: Path, settings: Any) -> None:
    installed = (sys.executable, "-I", str(SCRIPT))
    given = (whole, "--anchors", settings.ANCHOR_FILE, "--public-key")
    code, said = verify_record(*given, signing.newest_key().public, command=installed)
    assert code == 0, said
    assert "Every anchor is signed by a key that was given" in said
    settings.ANCHOR_KEY_FILE.unlink()
    code, said = verify_record(*given, signing.newest_key().public, command=installed)
    assert code == 1
    assert "line 1" in said
    assert "signed by a key that was not given" in said
    settings.ANCHOR_FILE.unlink()
    anchor_due()
    forged = settings.ANCHOR_FILE.read_text().replace('"slug":"', '"slug":"x')
    settings.ANCHOR_FILE.write_text(forged)
    code, said = verify_record(*given, signing.newest_key().public, command=installed)
    assert code == 1
    assert "has a signature that does not fit" in said


def _text_changed(lines: list[str]) -> list[str]:
    changed = json.loads(lines[5])
    changed["body"] = changed["body"].replace("noted line", "denied line")
    assert changed != json.loads(lines[5])
    return [*lines[:5], json.dumps(changed), *lines[6:]]


def _promise_kept(lines: list[str]) -> list[str]:
    """Take the last two away, and let the first line promise no more than is there."""
    first, end = json.loads(lines[0]), json.loads(lines[-3])
    return [json.dumps({**first, "records": end["seq"], "hash": end["hash"]}), *lines[1:-2]]


ATTACKS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "text changed": (_text_changed, "line 6, number 5 of {slug}: its hash does not fit its content"),
    "line removed": (lambda lines: [*lines[:5], *lines[6:]], "line 6, number 5 of {slug}: it is missing; number 6"),
    "reordered": (lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]], "line 6, number 5 of {slug}"),
    "tail cut": (lambda lines: lines[:-2], "number {last} of {slug}: it is missing"),
    "tail cut and promise kept": (_promise_kept, "number {last} of {slug}: it is missing, with everything after it"),
    "not JSON": (lambda lines: [*lines[:5], "{", *lines[6:]], "line 6 of .* cannot be read as JSON"),
    "not a record": (lambda lines: [*lines[:5], "{}", *lines[6:]], "line 6, number 5 of {slug}: it is not a record"),
    "beginning cut": (lambda lines: lines[1:], "line 1: the export does not begin by saying what it is"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_changed_export_is_found_and_the_first_bad_record_named(
    told: Organisation, whole: Path, settings: Any, attack: str
) -> None:
    change, sentence = ATTACKS[attack]
    lines = whole.read_text().splitlines()
    whole.write_text("".join(line + "\n" for line in change(lines)))
    code, said = verify_record(whole, "--anchors", settings.ANCHOR_FILE)
    assert code == 1
    assert re.search(sentence.format(slug=told.slug, last=len(lines) - 2), said), said


def test_a_chain_that_was_rewritten_as_a_whole_is_found_by_its_anchor(
    told: Organisation, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchoring, "AFTER_SECONDS", 0)
    anchor_due()
    proven = forging.last(told).seq or 0
    forging.tell(told, 3)
    anchor_due()
    forging.rewrite(told, proven + 1, "nothing happened")
    forged = export(told, tmp_path / "forged.jsonl")
    assert verify_record(forged)[0] == 0
    code, said = verify_record(forged, "--anchors", settings.ANCHOR_FILE)
    assert code == 1
    assert f"number {proven + 3} of {told.slug}: it is not what was anchored" in said
    assert f"something after number {proven} was rewritten" in said


def test_missing_and_unreadable_anchors_are_named(
    told: Organisation, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchoring, "AFTER_SECONDS", 0)
    for _ in range(4):
        forging.tell(told, 1)
        anchor_due()
    whole = export(told, tmp_path / "export.jsonl")
    lines = settings.ANCHOR_FILE.read_text().splitlines(keepends=True)
    assert verify_record(whole, "--anchors", settings.ANCHOR_FILE)[0] == 0
    settings.ANCHOR_FILE.write_text("".join(lines[:1] + lines[2:]))
    code, said = verify_record(whole, "--anchors", settings.ANCHOR_FILE)
    assert (code, "line 2" in said, "lines are missing" in said) == (1, True, True), said
    settings.ANCHOR_FILE.write_text("".join(lines[:1]) + "{\n")
    code, said = verify_record(whole, "--anchors", settings.ANCHOR_FILE)
    assert (code, "line 2" in said, "cannot be read" in said) == (1, True, True), said
    assert verify_record(whole, "--anchors", tmp_path / "nowhere")[0] == 2
    assert verify_record(whole, "--public-key", "short")[0] == 2


def test_every_organisation_can_stand_in_one_file(told: Organisation, settings: Any, capsys: Any) -> None:
    other = OrganisationFactory()
    anchor_due()
    call_command("audit", "export")
    path = settings.ANCHOR_FILE.with_name("all.jsonl")
    path.write_text(capsys.readouterr().out)
    code, said = verify_record(path, "--anchors", settings.ANCHOR_FILE, "--all")
    assert code == 0, said
    assert "of 2 organisations" in said
    alone = export(other, settings.ANCHOR_FILE.with_name("alone.jsonl"))
    assert verify_record(alone, "--anchors", settings.ANCHOR_FILE)[0] == 0
    code, said = verify_record(alone, "--anchors", settings.ANCHOR_FILE, "--all")
    assert code == 1
    assert str(told.pk) in said


def test_an_export_of_nobody_is_refused(team: Organisation, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no organisation"):
        call_command("audit", "export", "--organisation", "nobody")
    with pytest.raises(CommandError, match="could not be written"):
        call_command("audit", "export", "--output", str(tmp_path / "no folder" / "x"))


def test_the_script_explains_itself() -> None:
    code, said = verify_record("--help")
    assert code == 0
    assert "--anchors" in said
    assert "--public-key" in said
