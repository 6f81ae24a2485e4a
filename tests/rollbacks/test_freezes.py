"""A stop of rollbacks as people meet it: what waits because of it, what goes on when it is lifted, the web away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Person
from apps.approvals import asking
from apps.deployments import freezing, lifting
from apps.deployments.models import Freeze, FreezeSwitch
from apps.rollbacks import engine, showing
from apps.rollbacks.models import Rollback
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import PersonFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory
from tests.rollbacks.conftest import ONLY_HOSTING, Stage

ROOT = Path(__file__).parents[2]
MOST_QUERIES = 25


@pytest.fixture
def second(stage: Stage) -> Person:
    """Somebody else who may freeze and allow again."""
    return PersonFactory(organisation=stage.organisation, name="Second", roles=["incident-commander"])


@pytest.fixture
def waiting(stage: Stage) -> Rollback:
    """An approved run that a stop of its environment holds."""
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    freezing.freeze(
        stage.organisation, by=stage.rae, stops="rollbacks", scope="environment", environment=stage.environment,
        reason="Legal looks first",
    )  # fmt: skip
    engine.advance(rollback.pk)
    rollback.refresh_from_db()
    assert rollback.state == "running"
    return rollback


def test_the_page_says_who_stopped_what_waits_and_what_goes_on(
    stage: Stage, waiting: Rollback, second: Person, django_assert_max_num_queries: Any
) -> None:
    browser = sign_in(stage.rae)
    browser.get("/freezes/")
    with django_assert_max_num_queries(MOST_QUERIES):
        page = browser.get("/freezes/").content.decode()
    for wanted in ("Rae", "Legal looks first", waiting.reference, "It goes on by itself when this is lifted."):
        assert wanted in page
    question = lifting.ask_to_lift(Freeze.objects.get(), by=stage.rae, reason="Legal agrees")
    known = {fact.label: fact.text for fact in asking.facts_of(question)}
    assert known["When it is lifted"].startswith(f"Goes on at once, by itself: {waiting.reference}")
    listed = program(second).get("/api/v1/approvals").json()["items"]
    assert {"label": "Why it may go on", "text": "Legal agrees"} in listed[0]["facts"]
    assert f"When it is lifted, {waiting.reference}" in sign_in(second).get("/freezes/").content.decode()


def test_what_another_stop_holds_does_not_go_on(stage: Stage, waiting: Rollback, second: Person) -> None:
    narrow = Freeze.objects.get()
    freezing.freeze(stage.organisation, by=stage.rae, stops="rollbacks", scope="organisation", reason="All of it")
    question = lifting.ask_to_lift(narrow, by=stage.rae, reason="Legal agrees")
    known = {fact.label: fact.text for fact in asking.facts_of(question)}
    assert "No run is waiting to go on." in known["When it is lifted"]
    assert f"Does not go on by it: {waiting.reference}" in known["When it is lifted"]
    assert "Another stop holds it too." in sign_in(stage.rae).get("/freezes/").content.decode()


def test_the_page_of_a_run_names_the_stop_that_holds_it(stage: Stage, waiting: Rollback) -> None:
    page = showing.fragments(str(waiting.pk), "inside")
    for wanted in ("Rollbacks are frozen here", "Rae", "Legal looks first", "goes on by itself when it is lifted"):
        assert wanted in page


def portal(*arguments: str) -> str:
    """Run a command as an operator would with the web, the workers and the broker away: only Postgres is there."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, connection.settings_dict["NAME"], *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "rollback_portal.settings", "REDIS_URL": "redis://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


COMMAND = """
import sys, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from django.core.management import call_command
call_command(*sys.argv[2:])
"""


@pytest.mark.parametrize(
    "where",
    [["--service", "portal", "--environment", "production"], ["--service", "portal"], [], ["--all"]],
    ids=["environment", "service", "organisation", "everything"],
)
def test_stopping_and_allowing_again_need_only_the_database_and_two_people(
    stage: Stage, second: Person, where: list[str]
) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    other = EnvironmentFactory(service=ServiceFactory(organisation=stage.organisation, slug="other"))
    who = ["--user", stage.rae.email, *where, "--reason", "Look first"]
    said = portal("freeze", *who)
    assert f"It holds {rollback.reference}" in said
    assert FreezeSwitch.objects.get(environment=stage.environment).frozen
    assert FreezeSwitch.objects.get(environment=other).frozen is ("--service" not in where)
    engine.advance(rollback.pk)
    assert rollback.attempts.count() == 0
    said = portal("unfreeze", *who, "--second", second.email)
    assert f"Goes on at once, by itself: {rollback.reference}" in said
    assert not FreezeSwitch.objects.filter(frozen=True).exists()
    assert stage.run(rollback).state == "succeeded"
