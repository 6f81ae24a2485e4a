"""The shipped playbooks are readable, clean, and say what the teams' own procedures say."""

import pytest

from apps.playbooks.catalogue import installed
from apps.playbooks.choices import Kind
from apps.playbooks.definition import ActionStep, CheckStep, GateStep
from apps.playbooks.linter import report
from apps.playbooks.shipped import shipped
from tests.playbooks.catalogue import CATALOGUE

BY_SLUG = {one.definition.slug: one for one in shipped()}


@pytest.mark.parametrize("slug", sorted(BY_SLUG))
def test_a_shipped_playbook_has_nothing_to_correct(slug):
    found = report(BY_SLUG[slug].definition, CATALOGUE)
    assert {finding.code for finding in found.findings} <= {"nobody_agrees"}
    assert not found.errors


@pytest.mark.parametrize("slug", sorted(BY_SLUG))
def test_the_installed_providers_can_do_all_of_it(slug):
    assert not report(BY_SLUG[slug].definition, installed()).errors


def test_the_portal_rollback_goes_in_the_order_of_the_teams_plan():
    playbook = BY_SLUG["portal-release-rollback"].definition
    uses = [step.use if isinstance(step, ActionStep) else "check" for step in playbook.steps]
    assert uses == [
        "flags.flags_off",
        "hosting.rollback",
        "cache.delete_prefix",
        *["check"] * 5,
        "chat.post",
        "paging.note",
    ]
    assert playbook.approvals.all_of == ("founder", "client-success-lead")
    assert playbook.approvals.due_minutes == 5
    assert (playbook.target_minutes, playbook.rto_minutes, playbook.update_cadence_minutes) == (30, 60, 15)
    paths = [step.check.path for step in playbook.steps if isinstance(step, CheckStep)]
    assert len(set(paths)) == 5


def test_the_portal_rollback_asks_for_every_check_and_duty_of_the_plan():
    text = BY_SLUG["portal-release-rollback"].text
    for number in (*range(1, 3), *range(5, 10), 11, 12, 13, 14, 16, 18, 21, 23, *range(25, 39), 40, 41):
        assert f"S2-{number:02}" in text


def test_it_fits_where_its_roles_are_connected():
    portal = BY_SLUG["portal-release-rollback"]
    needed = frozenset({"hosting", "flags", "cache", "chat", "paging"})
    assert portal.fits("motion-mavericks", frozenset({"portal"}), needed | {"mail"})
    assert not portal.fits("motion-mavericks", frozenset({"portal"}), needed - {"paging"})
    assert not portal.fits("pulse", frozenset({"portal"}), needed)
    assert BY_SLUG["instant-rollback"].fits("anybody", frozenset(), frozenset({"hosting"}))


def test_a_hotfix_waits_for_both_who_must_look_at_it():
    """S1-36: the technical lead and the reliability partner, after the tests and before anything goes out."""
    playbook = BY_SLUG["portal-hotfix"].definition
    gate = next(at for at, step in enumerate(playbook.steps) if isinstance(step, GateStep))
    promoted = next(at for at, step in enumerate(playbook.steps) if isinstance(step, ActionStep))
    assert playbook.steps[gate].approvals.all_of == ("technical-lead", "reliability-partner")
    assert 0 < gate < promoted


def test_the_way_forward_is_a_playbook_too():
    assert BY_SLUG["go-forward"].definition.kind is Kind.FORWARD
