"""A step may name people who must agree before it begins, also without doing anything else."""

from __future__ import annotations

import jsonschema
import pytest

from apps.playbooks.definition import ActionStep, Approvals, GateStep
from apps.playbooks.difference import difference
from apps.playbooks.exporting import canonical, content_hash, to_yaml
from apps.playbooks.linter import lint
from apps.playbooks.models import Revision
from apps.playbooks.parsing import parse, parse_json_text
from apps.playbooks.problems import Invalid
from apps.playbooks.schema import json_schema
from apps.playbooks.step_text import change_step
from apps.playbooks.yaml_text import read
from tests.playbooks.catalogue import CATALOGUE
from tests.playbooks.conftest import browser
from tests.playbooks.examples import SMALLEST
from tests.playbooks.factories import RevisionFactory

GATE = (
    "  - {name: The hotfix may go out, approvals: {all_of: [technical-lead, reliability-partner], due_minutes: 10}}\n"
)
ASKED = SMALLEST + GATE
CLEAR = 'use: cache.delete_prefix, with: {prefix: "share:"}'
GATED = SMALLEST.replace(CLEAR, f"{CLEAR}, approvals: {{any_of: [founder, cto], needed: 2}}")
HOME = "/playbooks/portal-release-rollback"


def test_a_step_says_who_must_agree_before_it_begins():
    step = parse(GATED).steps[2]
    assert isinstance(step, ActionStep)
    assert step.approvals == Approvals(any_of=("founder", "cto"), needed=2)
    assert parse(SMALLEST).steps[2].approvals is None


def test_a_step_that_is_only_approvals_is_a_gate():
    gate = parse(ASKED).steps[-1]
    assert isinstance(gate, GateStep)
    assert gate.approvals == Approvals(all_of=("technical-lead", "reliability-partner"), due_minutes=10)


@pytest.mark.parametrize("text", [ASKED, GATED])
def test_it_survives_every_way_of_writing_it_down(text):
    playbook = parse(text)
    assert parse(to_yaml(playbook)) == playbook
    assert parse_json_text(canonical(playbook)) == playbook
    jsonschema.Draft202012Validator(json_schema()).validate(read(text).plain())


def test_who_must_agree_to_a_step_is_part_of_the_content():
    assert content_hash(parse(GATED)) != content_hash(parse(SMALLEST))
    told = difference(parse(SMALLEST), parse(GATED)).sentences
    assert told == (
        "Step 3 needs other people to agree before it begins: "
        "it was nobody more, now 2 of founder, cto, void after 60 min.",
    )


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("{all_of: []}", "must name somebody"),
        ("{due_minutes: 5}", "must name somebody"),
        ("{all_of: [cto], any_of: [cto]}", "not both"),
        ("{all_of: [cto], by_severity: {}}", "has no field “by_severity”"),
        ("[cto]", "must be a mapping"),
    ],
)
def test_a_rule_that_would_ask_nobody_is_refused(rule, says):
    text = f"{SMALLEST}  - {{name: Gate, approvals: {rule}}}\n"
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert says in " ".join(problem.message for problem in refused.value.problems)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(read(text).plain())


def test_more_votes_than_roles_are_refused():
    with pytest.raises(Invalid, match="only 1 roles may vote"):
        parse(f"{SMALLEST}  - {{name: Gate, approvals: {{any_of: [cto], needed: 2}}}}\n")


def test_a_step_that_says_nothing_is_still_refused():
    with pytest.raises(Invalid, match="or “approvals” alone"):
        parse(SMALLEST + "  - {name: Nothing}\n")


def test_the_linter_reads_the_rules_of_steps():
    wrong = ASKED.replace("technical-lead, reliability-partner", "nobody-has-this").replace("10}", "90}")
    codes = {finding.code for finding in lint(parse(wrong), CATALOGUE)}
    assert "due_after_expiry" in codes


def test_who_must_agree_is_changed_in_the_form(mavericks, rae):
    RevisionFactory(organisation=mavericks, content=GATED, published=True)
    client = browser(rae)
    page = client.get(f"{HOME}/draft/steps/3/").content.decode()
    assert "Must all agree before it begins" in page
    said = {"name": "Clear cached share links", "with-prefix": "share:", "on_failure": "halt"}
    asked = {"agree-all_of": "founder\r\ntechnical-lead", "agree-any_of": "", "agree-due_minutes": "7"}
    answer = client.post(f"{HOME}/draft/steps/3/", said | asked)
    assert answer.status_code == 302, answer.content.decode()
    step = parse(Revision.objects.get(number=2).content).steps[2]
    assert step.approvals == Approvals(all_of=("founder", "technical-lead"), due_minutes=7)
    emptied = {"agree-all_of": "", "agree-any_of": "", "number": "2", "edits": "0"}
    assert client.post(f"{HOME}/draft/steps/3/", said | emptied).status_code == 302
    assert parse(Revision.objects.get(number=2).content).steps[2].approvals is None


def test_other_lines_stay_when_the_rule_of_a_step_changes():
    new = change_step(ASKED, 6, {"approvals": {"all_of": ["cto"], "any_of": None, "needed": None, "due_minutes": 3}})
    assert parse(new).steps[:5] == parse(ASKED).steps[:5]
    assert parse(new).steps[5].approvals == Approvals(all_of=("cto",), due_minutes=3)
