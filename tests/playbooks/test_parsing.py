"""Any text gives a playbook or problems with lines, never anything else."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.playbooks.choices import Kind, OnFailure
from apps.playbooks.definition import DEFAULT_APPROVALS, ActionStep, Approvals, CheckStep, HumanStep
from apps.playbooks.exporting import content_hash
from apps.playbooks.parsing import parse, parse_json, parse_json_text
from apps.playbooks.problems import Invalid
from tests.playbooks.examples import FULLEST, SMALLEST

HEAD = "version: 1\nslug: a\nname: A\n"
STEP = "steps:\n  - {name: Look, check: {path: /}}\n"


def problems(text):
    with pytest.raises(Invalid) as caught:
        parse(text)
    return caught.value.problems


def expect_problems(invalid):
    assert 1 <= len(invalid.problems) <= 50
    assert all(problem.message for problem in invalid.problems)


def test_the_published_example_is_read_as_written():
    playbook = parse(SMALLEST)
    assert playbook.approvals == Approvals(all_of=("founder", "client-success-lead"), due_minutes=5)
    assert [type(step) for step in playbook.steps] == [ActionStep] * 3 + [CheckStep, ActionStep]
    assert playbook.steps[0].parameters == {"flags": "{release.flags}"}
    assert playbook.steps[3].check.path == "/api/health"
    assert playbook.steps[4].on_failure is OnFailure.CONTINUE
    assert playbook.roles_used == {"flags", "hosting", "cache", "chat"}
    assert [step.line for step in playbook.steps] == [6, 7, 8, 9, 10]


def test_every_field_is_read():
    playbook = parse(FULLEST)
    assert playbook.kind is Kind.ROLLBACK
    assert playbook.summary == "Two lines,\nand the second one.\n"
    assert playbook.triggers[1].above == 1
    assert playbook.triggers[1].for_minutes == 10
    assert playbook.approvals.needed == 2
    assert playbook.approvals_for("P0").nobody
    assert playbook.approvals_for("P1") == Approvals(all_of=("cto",), due_minutes=10, expires_minutes=90)
    assert playbook.approvals_for("P3") == playbook.approvals
    assert playbook.inputs[2].default == ("a", "b")
    assert playbook.losses[0].name == "share-links-made-since-the-release-stop-opening"
    assert isinstance(playbook.steps[2], HumanStep)
    assert playbook.steps[2].evidence
    assert playbook.steps[1].check.contains == '{"ok": {"deep": true}}'
    assert playbook.checklists[0].items[1].id == "tokens"
    assert playbook.message("Public").subject == "Sorry"


def test_without_approvals_a_lead_or_the_commander_must_agree():
    assert parse(HEAD + STEP).approvals == DEFAULT_APPROVALS
    assert not DEFAULT_APPROVALS.nobody


def test_a_message_never_stops_a_run_unless_the_text_says_so():
    silent = parse(HEAD + "steps:\n  - {name: Tell, use: chat.post, with: {text: hi}}\n")
    assert silent.steps[0].on_failure is OnFailure.CONTINUE


def test_json_means_the_same_as_yaml():
    document = {
        "version": 1,
        "slug": "a",
        "name": "A",
        "steps": [{"name": "Look", "check": {"path": "/"}}],
    }
    assert parse_json(document) == parse(HEAD + STEP) == parse_json_text(json.dumps(document))
    assert content_hash(parse(json.dumps(document))) == content_hash(parse_json(document))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("- a", 1, "mapping"),
        (HEAD, 1, "needs “steps”"),
        (HEAD + "steps: []\n", 4, "at least one step"),
        ("slug: a\nname: A\n" + STEP, 1, "needs “version”"),
        ("version: 2\nslug: a\nname: A\n" + STEP, 1, "must be 1"),
        ("version: true\nslug: a\nname: A\n" + STEP, 1, "must be 1"),
        ("version: 1\nslug: A b\nname: A\n" + STEP, 2, "small letters"),
        (HEAD + "nmae: x\n" + STEP, 4, "Did you mean “name”?"),
        (HEAD + "name: B\n" + STEP, 4, "written twice; the first one is on line 3"),
        (HEAD + "owner: &x a\n" + STEP, 4, "Anchors"),
        (HEAD + "owner: *x\n" + STEP, 4, "Anchors"),
        (HEAD + "owner: !!python/object:os.system a\n" + STEP, 4, "Tags"),
        (HEAD + "owner: ! a\n" + STEP, 4, "Tags"),
        (HEAD + "target_minutes: .nan\n" + STEP, 4, "not a number"),
        (HEAD + "target_minutes: -.inf\n" + STEP, 4, "not a number"),
        (HEAD + "target_minutes: 1e999\n" + STEP, 4, "not a number"),
        (HEAD + "target_minutes: 9999999999999999\n" + STEP, 4, "too large"),
        (HEAD + "target_minutes: true\n" + STEP, 4, "whole number"),
        (HEAD + "target_minutes: 0\n" + STEP, 4, "from 1 to"),
        (HEAD + 'owner: "a\\u0000b"\n' + STEP, 4, "U+0000"),
        (HEAD + 'owner: "a\\u202eb"\n' + STEP, 4, "U+202E"),
        (HEAD + 'owner: "\\U00110000"\n' + STEP, None, "no text may hold"),
        (HEAD + "owner: \x07\n" + STEP, 4, "no text may hold"),
        (HEAD + STEP + "---\na: 1\n", 6, "one document"),
        ("%YAML 1.1\n---\n" + HEAD + STEP, 2, "Directives"),
        (HEAD + "? [a]\n: b\n" + STEP, 4, "field name"),
        (HEAD + "owner: a: b\n" + STEP, 4, "not readable as YAML"),
        (HEAD + "owner: [a]\n" + STEP, 4, "must be a text"),
        (HEAD + "owner: 2.30\n" + STEP, 4, "in quotes"),
        (HEAD + "approvals: {all_of: [a], any_of: [b]}\n" + STEP, 4, "not both"),
        (HEAD + "approvals: {all_of: }\n" + STEP, 4, "really nobody"),
        (HEAD + "approvals: {any_of: []}\n" + STEP, 4, "at least one role"),
        (HEAD + "approvals: {any_of: [a], needed: 2}\n" + STEP, 4, "only 1 roles"),
        (HEAD + "approvals: {all_of: [a], needed: 1}\n" + STEP, 4, "belongs to"),
        (HEAD + "inputs: {a: {kind: choice}}\n" + STEP, 4, "choices"),
        (HEAD + "inputs: {A: {}}\n" + STEP, 4, "small letters"),
        (HEAD + "triggers: [{above: 3}]\n" + STEP, 4, "needs “text” or “signal”"),
        (HEAD + "checklists: [{title: t, items: [{id: x, text: a}, {id: x, text: b}]}]\n" + STEP, 4, "“x”"),
        (HEAD + "messages: [{name: a, text: a}, {name: a, text: a}]\n" + STEP, 4, "already a message"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text, line, words):
    found = problems(text)
    assert any(words in problem.message and problem.line == line for problem in found), [str(p) for p in found]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{name: a}", "exactly one of"),
        ("{name: a, use: hosting.rollback, human: b}", "exactly one of"),
        ("{use: hosting.rollback}", "needs “name”"),
        ("{name: a, use: hosting}", "<connection role>.<action>"),
        ("{name: a, use: hosting.__class__}", "<connection role>.<action>"),
        ("{name: a, use: hostings.rollback}", "not a connection role"),
        ("{name: a, use: hosting.rollback, with: [a]}", "must be a mapping"),
        (
            "{name: a, use: hosting.rollback, on_failure: explode}",
            "must be one of: halt, continue, compensate",
        ),
        ("{name: a, use: hosting.rollback, gives_up_seconds: -1}", "whole number"),
        ("{name: a, check: {}}", "“path” or “url”"),
        ("{name: a, check: {path: /, url: 'https://x'}}", "“path” or “url”"),
        ("{name: a, check: {path: /, use: metrics.health}}", "“path” or “url”"),
        ("{name: a, check: {use: health}}", "“use” must be <connection role>.<check>"),
        ("{name: a, check: {use: nowhere.health}}", "not a connection role"),
        ("{name: a, check: {use: metrics.health, status: 200}}", "no field “status”"),
        ("{name: a, check: {use: metrics.health, with: [a]}}", "must be a mapping"),
        ("{name: a, check: {use: metrics.health, with: {part: '{no.thing}'}}}", "no placeholder"),
        ("{name: a, check: {path: //evil.example/}}", "must begin with one /"),
        ("{name: a, check: {path: 'a b'}}", "must begin with one /"),
        ("{name: a, check: {url: 'file:///etc/passwd'}}", "https://"),
        ("{name: a, check: {url: 'https://u:p@x/'}}", "without a password"),
        ("{name: a, check: {url: 'https://[x/'}}", "https://"),
        ("{name: a, check: {path: /, method: POST}}", "only looks"),
        ("{name: a, check: {path: /, header: {'a b': c}}}", "not a header name"),
        ("{name: a, check: {path: /, json: [1]}}", "members"),
        ("{name: a, human: '{inputs.nope}'}", "not declared under inputs"),
        ("{name: a, human: '{x.__class__}'}", "no placeholder {x.__class__}"),
        ("{name: a, human: '{0.__class__}'}", "no placeholder {0.__class__}"),
        ("{name: a, human: '{release.version!r}'}", "no placeholder"),
        ("{name: a, human: '{ release.version }'}", "without spaces"),
        ("{name: a, use: chat.post, with: {deep: [{er: '{settings.SECRET_KEY}'}]}}", "no placeholder"),
        ("42", "mapping"),
    ],
)
def test_a_mistake_in_a_step_is_named(step, words):
    found = problems(f"{HEAD}steps:\n  - {step}\n")
    assert any(words in problem.message and problem.line == 5 for problem in found), [str(p) for p in found]


def test_limits_hold():
    assert "256 KB" in problems(HEAD + "#" * 300_000)[0].message
    assert "deeper" in problems("a: " + "[" * 2_000)[0].message
    assert "deeper" in problems("".join(f"{'  ' * depth}a:\n" for depth in range(40)) + "  " * 40 + "a: 1")[0].message
    many = HEAD + "steps:\n" + "  - {name: a, check: {path: /}}\n" * 201
    assert "200 are allowed" in problems(many)[0].message
    assert parse(HEAD + "steps:\n" + "  - {name: a, check: {path: /}}\n" * 200)
    assert "characters" in problems(HEAD + f"owner: {'a' * 121}\n" + STEP)[0].message
    assert len(problems(HEAD + "steps: [" + "{}, " * 199 + "]")) == 50


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"version": float("nan")},
        {"version": object()},
        {1: 2},
        {"a" * 500: 1},
        {"a": "\ud800"},
        {"a": "x" * 300_000},
        {"a": [0] * 60_000},
        {"a": 10**400},
    ],
)
def test_unfit_json_is_refused_without_lines(document):
    with pytest.raises(Invalid) as caught:
        parse_json(document)
    assert all(problem.line is None for problem in caught.value.problems)


def test_endless_and_broken_json_is_refused():
    endless: list = []
    endless.append(endless)
    with pytest.raises(Invalid):
        parse_json(endless)
    for text in ("[" * 100_000, b"\xff", '{"a": 1, "a": 2}', "1" * 10_000, "{"):
        with pytest.raises(Invalid):
            parse_json_text(text)


WORDS = st.sampled_from(
    [*"[]{}:,-?|>&*!%@`#'\"\n \t", "a: ", "- ", "\n  ", "version: 1\n", "steps:", "name", "use: ", "check: ",
     "<<: ", "\\u", "{inputs.a}", "approvals: ", "all_of: ", "1e9", ".nan", "null", "---\n", "...\n", "\x00",
     "\x85", "\u2028", "\ud800", "😀"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(WORDS).map("".join), st.integers(0, len(FULLEST)).map(lambda at: FULLEST[:at])))
@example("? ")
@example("{,}")
@example('"\\x')
def test_no_text_raises_anything_but_problems(text):
    try:
        parse(text)
    except Invalid as invalid:
        expect_problems(invalid)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(FULLEST) - 1), WORDS, st.integers(0, 12))
def test_no_damaged_playbook_raises_anything_but_problems(at, word, cut):
    try:
        parse(FULLEST[:at] + word + FULLEST[at + cut :])
    except Invalid as invalid:
        expect_problems(invalid)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["steps", "approvals", "all_of", "check", "a"]), inner)
    ),
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_no_document_raises_anything_but_problems(document):
    for candidate in (
        document,
        {"version": 1, "slug": "a", "name": "A", "steps": document, "approvals": document},
    ):
        try:
            parse_json(candidate)
        except Invalid as invalid:
            expect_problems(invalid)
