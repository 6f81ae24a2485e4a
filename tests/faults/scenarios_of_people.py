"""Scenarios of votes and freezes: seconds long, and harmless as long as the bug they try is not there."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Person
from apps.approvals import asking
from apps.deployments import freezing
from apps.rollbacks import engine, lifecycle
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Refused
from apps.timeline.log import SYSTEM
from tests.accounts.factories import TokenFactory
from tests.faults import bugs
from tests.faults.acting import (
    SAY,
    Trial,
    playbook,
    scenario,
)
from tests.faults.evidence import Evidence
from tests.faults.surgery import replaced
from tests.providers.factories import ConnectionFactory


@scenario("answer-before-commit", ends="awaiting_approval")
def a_webhook_and_a_vote_cannot_be_committed(trial: Trial) -> Evidence:
    """A provider delivers and a program approves while the database cannot commit."""
    rollback = trial.stage.propose(playbook(SAY))
    client = Client(raise_request_exception=False)
    with _nothing_commits("providers_delivery"), _nothing_commits("approvals_vote"):
        trial.told("hook", lambda: _deliver(trial, client), delivery="delivery-1")
        value = {"rollback": str(rollback.pk), "person": str(trial.stage.ava.pk)}
        trial.told("approve", lambda: _approve(trial, client, rollback), **value)
        while bugs.PROMISED:
            bugs.PROMISED.pop().exception(20)
    return trial.evidence()


def _deliver(trial: Trial, client: Client) -> Any:
    outside = trial.stage.outside
    credentials = {**outside.describe()["vercel"]["credentials"], "webhook_secret": "only for this test"}
    account = ConnectionFactory(
        organisation=trial.stage.organisation, simulators=outside, provider="vercel", credentials=credentials
    )
    body = json.dumps({"id": "delivery-1", "type": "deployment.promoted"}).encode()
    signed = {"x-vercel-signature": hmac.new(b"only for this test", body, "sha1").hexdigest()}
    address = reverse("providers:hook", args=["vercel", account.pk])
    return client.post(address, body, content_type="application/json", headers=signed)


def _approve(trial: Trial, client: Client, rollback: Rollback) -> Any:
    headers = TokenFactory(person=trial.stage.ava, scopes=("read", "write", "approve")).header
    said = {"decision": "approve", "plan_hash": rollback.plan_hash, "accepts": [], "confirm": ""}
    address = f"/api/v1/rollbacks/{rollback.pk}/approvals"
    return client.post(address, said, content_type="application/json", headers=headers)


@contextmanager
def _nothing_commits(table: str) -> Iterator[None]:
    name = f"{table}_disk_is_full"
    with connection.cursor() as cursor:
        cursor.execute(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
            CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION {name}()""")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()")


@scenario("gate-ignores-freeze", ends="running")
def a_freeze_comes_before_the_call(trial: Trial) -> Evidence:
    """Rollbacks are frozen after the approval and before anything was sent."""
    rollback = trial.started(SAY)
    freezing.freeze(trial.stage.organisation, by=SYSTEM, stops="rollbacks", scope="organisation", reason="Wait")
    engine.advance(rollback.pk)
    return trial.evidence()


@scenario("votes-without-content", ends="queued")
def a_plan_is_changed_under_its_votes(trial: Trial) -> Evidence:
    """One person has agreed; then the plan is exchanged in place; then the other agrees to what they read."""
    rollback = trial.stage.propose(playbook(SAY))
    other = trial.stage.propose(playbook(SAY.replace("Rolling back", "Something else"), "other"))
    _agree(rollback, trial.stage.ava)
    try:
        with transaction.atomic():
            Rollback.objects.filter(pk=rollback.pk).update(plan=other.plan_id, plan_hash=other.plan_hash)
    except DatabaseError:
        pass  # that is what should happen: what was asked stays what it was
    _agree(rollback, trial.stage.cleo)
    return trial.evidence()


def _agree(rollback: Rollback, person: Person) -> None:
    lifecycle.vote(rollback, by=person, decision="approve", plan_hash=rollback.question.content_hash)


@scenario("expired-votes-count", ends="awaiting_approval")
def the_last_vote_waits_until_the_question_has_expired(trial: Trial) -> Evidence:
    """The deciding vote is held up by somebody who edits that person, and the question expires meanwhile."""
    original = asking.ask
    with replaced(asking, "ask", lambda **asked: original(**{**asked, "expires_minutes": 2.5 / 60})):
        rollback = trial.stage.propose(playbook(SAY))
    _agree(rollback, trial.stage.ava)
    rollback.question.refresh_from_db()

    def last() -> None:
        try:
            _agree(rollback, trial.stage.cleo)
        except (DatabaseError, Refused):
            pass  # that is what should happen: the votes no longer count
        finally:
            connections.close_all()

    thread = threading.Thread(target=last)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=trial.stage.cleo.pk)
        thread.start()
        time.sleep(max(0.0, rollback.question.expires_at.timestamp() + 0.1 - time.time()))
    thread.join(20)
    return trial.evidence()


@scenario("commit-error-is-rollback", ends="awaiting_approval")
def the_answer_to_a_commit_is_lost(trial: Trial) -> Evidence:
    """A vote is committed, and the connection breaks before Postgres can say so."""
    rollback = trial.stage.propose(playbook(SAY))
    value = {"rollback": str(rollback.pk), "person": str(trial.stage.ava.pk)}
    with _next_commit_loses_its_answer():
        trial.told("approve", lambda: _agree(rollback, trial.stage.ava), **value)
    return trial.evidence()


@contextmanager
def _next_commit_loses_its_answer() -> Iterator[None]:
    wrapper = type(connections["default"])
    commit = wrapper._commit

    def cut(self: Any) -> None:
        commit(self)
        raise OperationalError("server closed the connection unexpectedly")

    with replaced(wrapper, "_commit", cut):
        yield
