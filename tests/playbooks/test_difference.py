"""A difference is told in sentences first, then line by line."""

import pytest

from apps.playbooks.difference import difference
from apps.playbooks.exporting import to_yaml
from apps.playbooks.parsing import parse
from tests.playbooks.examples import FULLEST, SMALLEST


def told(old, new):
    return difference(parse(old), parse(new)).sentences


def test_nothing_changed_is_empty():
    assert difference(parse(SMALLEST), parse(SMALLEST)).is_empty
    assert told(FULLEST, to_yaml(parse(FULLEST))) == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('prefix: "share:"', 'prefix: "*"', "Step 3 deletes more: prefix was share:, now *."),
        ('prefix: "share:"', 'prefix: "share:a:"', "Step 3 deletes less: prefix was share:, now share:a:."),
        (
            'prefix: "share:"',
            'prefix: "other:"',
            "Step 3 deletes something else: prefix was share:, now other:.",
        ),
        ("within_seconds: 60", "within_seconds: 300", "Step 4 waits longer: 300 s, was 60 s."),
        (
            "check: {path: /api/health, status: 200",
            "check: {use: metrics.error_rate, with: {window_minutes: 5, below: 1}",
            "Step 4 asks something else: it was /api/health, now metrics.error_rate.",
        ),
        ("status: 200", "status: 204", "Step 4 checks something else: status was 200, now 204."),
        (
            "Clear cached",
            "Delete cached",
            "Step 3 is called “Delete cached share links”, was “Clear cached share links”.",
        ),
        ("due_minutes: 5", "due_minutes: 9", "The time to agree in minutes: it was 5, now 9."),
        (
            "[founder, client-success-lead]",
            "[founder]",
            "Other people must agree: it was founder and client-success-lead, now founder.",
        ),
        (
            "name: Portal",
            "name: New portal",
            "The name: it was Portal release rollback, now New portal release rollback.",
        ),
        ("Rollback initiated", "We roll back", "Step 5 says something else: text was Rollback initiated"),
        (
            "flags.flags_off",
            "flags.flags_on",
            "Step 1 does something else: it was flags.flags_off, now flags.flags_on.",
        ),
        (
            "slug: portal",
            "target_minutes: 30\nslug: portal",
            "The target in minutes: it was nothing, now 30.",
        ),
    ],
)
def test_a_change_is_told_in_a_sentence(old, new, sentence):
    found = told(SMALLEST, SMALLEST.replace(old, new))
    assert len(found) == 1, found
    assert found[0].startswith(sentence)


def test_steps_that_come_go_and_move_are_named():
    steps = SMALLEST.splitlines(keepends=True)
    gone = "".join(steps[:7] + steps[8:])
    assert told(SMALLEST, gone) == ("Step 3 is gone: Clear cached share links (cache.delete_prefix).",)
    assert told(gone, SMALLEST) == ("Step 3 is new: Clear cached share links (cache.delete_prefix).",)
    swapped = "".join([*steps[:5], steps[6], steps[5], *steps[7:]])
    assert told(SMALLEST, swapped) == ("Step 2 comes later than before: Turn off the flags of the release.",)


def test_every_kind_of_change_is_told():
    changed = (
        FULLEST.replace("needed: 2", "needed: 1")
        .replace("P1: {all_of: [cto], due_minutes: 10}", "P1: {all_of: [cto], due_minutes: 20}")
        .replace("Failed migration", "Failed move")
        .replace("kind: list, default: [a, b]", "kind: list")
        .replace("Validate tokens", "Look at tokens")
        .replace("name: Public", "name: Open")
        .replace("evidence: true", "evidence: false")
        .replace("gives_up_seconds: 120", "gives_up_seconds: 60")
        .replace("on_failure: compensate", "on_failure: continue")
    )
    found = "\n".join(told(FULLEST, changed))
    for words in (
        "2 of founder, technical-lead, on-call-engineer, now founder or technical-lead or on-call-engineer.",
        "At P1: The time to agree in minutes: it was 10, now 20.",
        "Triggers: removed Failed migration.",
        "Triggers: added Failed move.",
        "The input “links” changed.",
        "The checklist “Afterwards” changed.",
        "The message “Public” is gone.",
        "There is a new message, “Open”.",
        "Step 3 no longer needs evidence.",
        "Step 1 gives up after another time, in seconds: it was 120, now 60.",
        "Step 1: a failure now lets the run go on, it used to be that it puts earlier steps back.",
    ):
        assert words in found


def test_lines_carry_the_numbers_of_both_texts():
    new = SMALLEST.replace('prefix: "share:"', 'prefix: "*"')
    lines = difference(parse(SMALLEST), parse(new), old_text=SMALLEST, new_text=new).lines
    changed = [(line.kind, line.old_number, line.new_number) for line in lines if line.kind in "-+"]
    assert changed == [("-", 8, None), ("+", None, 8)]
    assert lines[0].kind == "…"


def test_a_changed_limit_of_a_providers_check_is_told_by_its_name():
    old = SMALLEST.replace("path: /api/health, status: 200", "use: metrics.error_rate, with: {below: 1}")
    new = old.replace("below: 1", "below: 2")
    assert told(old, new) == ("Step 4 checks something else: below was 1, now 2.",)
