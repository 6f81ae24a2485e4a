"""Each rule names what it guards; the published example stands under all of them."""

from dataclasses import replace

import pytest

from apps.playbooks.catalogue import Catalogue, catalogue_of
from apps.playbooks.linter import RULES, lint, report
from apps.playbooks.parsing import parse
from tests.playbooks.catalogue import CATALOGUE
from tests.playbooks.examples import SMALLEST
from tests.providers.foreign import LOSS_SHARE, Foreign

HEAD = "version: 1\nslug: a\nname: A\napprovals: {all_of: [founder], due_minutes: 5}\n"
CHECK = "  - {name: Look, check: {path: /}}\n"


def codes(text, level=None):
    return {finding.code for finding in lint(parse(text), CATALOGUE) if level in (None, finding.level)}


def test_the_published_example_may_be_published():
    found = report(parse(SMALLEST), CATALOGUE)
    assert not found.errors
    assert {finding.code for finding in found.warnings} == {"loss_not_named"}
    assert found.rules_held == len(RULES) - 1


def test_an_empty_catalogue_finds_nothing_wrong_with_actions():
    assert not report(parse(SMALLEST), Catalogue()).findings


@pytest.mark.parametrize(
    ("step", "code", "level"),
    [
        ("{name: A, use: hosting.explode}", "unknown_action", "error"),
        ("{name: A, use: tracker.create}", "unknown_action", "error"),
        ("{name: A, use: hosting.rollback}", "wrong_parameters", "error"),
        ("{name: A, use: hosting.rollback, with: {deployment: a, force: true}}", "wrong_parameters", "error"),
        ("{name: A, use: cache.delete_prefix, with: {prefix: '*'}}", "deletes_everything", "error"),
        ("{name: A, use: cache.delete_prefix, with: {prefix: ' ** '}}", "deletes_everything", "error"),
        ("{name: A, use: cache.delete_prefix, with: {prefix: 'a:'}}", "loss_not_named", "warning"),
        ("{name: A, use: chat.post, with: {text: a}, on_failure: halt}", "message_stops_run", "warning"),
        ("{name: A, use: hosting.rollback, with: {deployment: '{time.now}'}}", "moving_value", "error"),
        (
            "{name: A, use: hosting.rollback, with: {deployment: a}, on_failure: compensate}",
            "no_inverse",
            "warning",
        ),
        ("{name: A, check: {path: /}, on_failure: continue}", "check_ignored", "warning"),
        ("{name: look, check: {path: /}}", "duplicate_name", "warning"),
        ("{name: A, check: {use: metrics.guess, with: {window_minutes: 5, below: 1}}}", "unknown_check", "error"),
        ("{name: A, check: {use: chat.health}}", "unknown_check", "error"),
        ("{name: A, check: {use: metrics.loss_share, with: {below: 1}}}", "wrong_check", "error"),
        ("{name: A, check: {use: metrics.loss_share, with: {window_minutes: 5}}}", "wrong_check", "error"),
        ("{name: A, check: {use: metrics.loss_share, with: {window_minutes: 4, below: 1}}}", "wrong_check", "error"),
        (
            "{name: A, check: {use: metrics.loss_share, with: {window_minutes: '5', below: 1}}}",
            "wrong_check",
            "error",
        ),
        ("{name: A, check: {use: metrics.health, with: {part: a, more: b}}}", "wrong_check", "error"),
        ("{name: A, check: {use: metrics.health, with: {part: '{release.version}', x: b}}}", "wrong_check", "error"),
        ("{name: A, check: {use: metrics.health, with: {part: '{time.now}'}}}", "moving_value", "error"),
        ("{name: A, human: 'Ask <PLACEHOLDER> first'}", "unresolved_placeholder", "error"),
        ("{name: A, human: 'Ask [TBD]'}", "unresolved_placeholder", "error"),
        ("{name: A, use: chat.post, with: {text: 'started at <time>'}}", "looks_unresolved", "warning"),
        ("{name: A, use: chat.post, with: {text: '{{ release.version }}'}}", "double_braces", "warning"),
    ],
)
def test_a_bad_step_is_found(step, code, level):
    text = f"{HEAD}steps:\n  - {step}\n{CHECK}"
    found = [finding for finding in lint(parse(text), CATALOGUE) if finding.code == code]
    assert [finding.level for finding in found][:1] == [level]
    assert found[0].line == 6
    assert found[0].step == 1


def test_what_a_check_looks_for_is_data():
    text = HEAD + "steps:\n  - {name: A, check: {path: /, contains: '<TITLE>'}}\n"
    assert codes(text) == set()


def test_a_rollback_needs_a_check_behind_it():
    bare = HEAD + "steps:\n  - {name: A, use: hosting.rollback, with: {deployment: a}}\n"
    assert codes(bare) == {"not_verified"}
    assert codes(bare + CHECK) == set()
    assert codes(HEAD + "steps:\n" + CHECK + "  - {name: A, use: hosting.rollback, with: {deployment: a}}\n") == {
        "not_verified"
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("approvals: {all_of: []}", "nobody_agrees"),
        ("approvals: {all_of: [a], by_severity: {P0: {all_of: []}}}", "nobody_agrees"),
        ("approvals: {all_of: [a], due_minutes: 60}", "due_after_expiry"),
        ("approvals: {all_of: [a], due_minutes: 5}\ntarget_minutes: 5", "target_infeasible"),
        ("approvals: {all_of: [a], due_minutes: 5}\ntarget_minutes: 9", "target_tight"),
        ("target_minutes: 90\nrto_minutes: 60", "target_after_rto"),
    ],
)
def test_clocks_and_votes_are_weighed(fields, code):
    steps = "steps:\n  - {name: A, use: hosting.rollback, with: {deployment: a}}\n"
    steps += "  - {name: B, check: {path: /, within_seconds: 120}}\n"
    text = f"version: 1\nslug: a\nname: A\n{fields}\n{steps}"
    assert codes(text) == {code}


def test_a_role_that_nobody_can_hold_is_found():
    known = replace(CATALOGUE, people_roles=frozenset({"founder"}))
    found = lint(parse(SMALLEST), known)
    assert "There is no role “client-success-lead” here, so nobody could agree in it." in {one.message for one in found}


def test_errors_come_first_and_read_as_sentences():
    text = HEAD + "steps:\n" + CHECK + CHECK + "  - {name: A, use: cache.delete_prefix, with: {prefix: '*'}}\n"
    first = lint(parse(text), CATALOGUE)[0]
    assert str(first).startswith("error: line 8: Step 3 would delete every key. The prefix “*” matches everything.")


@pytest.mark.parametrize(
    "check",
    [
        "{use: metrics.loss_share, with: {window_minutes: 5, below: 1}}",
        "{use: metrics.loss_share, with: {window_minutes: 60, above: 0}}",
        "{use: database.health, with: {part: '{release.version}'}}",
    ],
)
def test_a_check_that_a_provider_answers_stands(check):
    assert not codes(f"{HEAD}steps:\n  - {{name: A, check: {check}}}\n", "error")


def test_a_window_that_one_of_two_sources_can_tell_stands():
    fine = replace(LOSS_SHARE, resolution_seconds=60)
    finer = type("Finer", (Foreign,), {"checks": (fine,)})()
    both = replace(CATALOGUE, questions_by_use=catalogue_of([Foreign(), finer]).questions_by_use)
    text = f"{HEAD}steps:\n  - {{name: A, check: {{use: metrics.loss_share, with: {{window_minutes: 2, below: 1}}}}}}\n"
    assert "only for windows of 5 minutes" in lint(parse(text), CATALOGUE)[0].message
    assert not [finding for finding in lint(parse(text), both) if finding.level == "error"]


def test_a_provider_that_tells_what_would_be_lost_needs_no_words_of_the_playbook():
    told = replace(CATALOGUE, offers_by_use=catalogue_of([Foreign()]).offers_by_use)
    step = "{name: A, use: database.restore, with: {point: '2026-03-01T02:15:00Z'}}"
    assert not [one for one in lint(parse(f"{HEAD}steps:\n  - {step}\n{CHECK}"), told) if one.code == "loss_not_named"]
