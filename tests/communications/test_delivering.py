"""The outbox: at least once, found again by its marker, and never in anybody's way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from apps.approvals.asking import ask
from apps.communications import delivering, telling
from apps.communications.models import Notice
from apps.providers.calling import READ_TRIES
from apps.timeline.models import Event
from tests.accounts.factories import PersonFactory


@pytest.fixture
def notice(incident):
    telling.put(
        telling.chat_of(incident, incident.organisation_id), "Hello <!channel>", reason="test", incident=incident
    )
    return Notice.objects.get()


def posted(outside):
    return [entry for entry in outside.journal("slack") if "chat.postMessage" in entry["path"]]


def again(notice):
    """Deliver when the waiting time is over."""
    Notice.objects.filter(pk=notice.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    delivered = delivering.deliver_due()
    notice.refresh_from_db()
    return delivered


def test_a_message_is_delivered_once_and_recorded(notice, outside):
    assert delivering.deliver_due() == 1
    assert delivering.deliver_due() == 0
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, notice.last_error) == ("delivered", 1, "")
    assert notice.external_reference
    assert len(posted(outside)) == 1
    assert Event.objects.get(kind="notice.delivered").incident_id == notice.incident_id


def test_the_same_reason_makes_no_second_message(notice, incident):
    assert telling.put(notice.connection, "Other words", reason="test", incident=incident) == 0
    assert Notice.objects.count() == 1


def test_what_was_posted_although_the_answer_was_lost_is_found_and_not_posted_again(notice, outside):
    outside.fault("reset_after", slug="slack")
    assert delivering.deliver_due() == 0
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == ("waiting", 1)
    assert notice.last_error
    assert again(notice) == 1
    assert notice.state == "delivered"
    assert len(posted(outside)) == 1


def test_while_nobody_can_see_whether_it_was_posted_it_is_not_posted_again(notice, outside):
    outside.fault("reset_after", slug="slack")
    assert delivering.deliver_due() == 0
    outside.fault("status", slug="slack", status=503, reads=True, times=READ_TRIES)
    assert again(notice) == 0
    assert notice.state == "waiting"
    assert again(notice) == 1
    assert len(posted(outside)) == 1


def test_in_the_end_it_is_posted_although_nobody_can_see_whether_it_was(notice, outside):
    outside.fault("reset_after", slug="slack")
    outside.fault("status", slug="slack", status=503, reads=True, times=1000)
    for _ in range(delivering.LOOKS):
        assert again(notice) == 0
    assert again(notice) == 1
    assert len(posted(outside)) == 2
    assert "perhaps a second time" in Event.objects.get(kind="notice.sent_blindly").text


def test_a_channel_that_is_down_is_tried_again_later_and_later(notice, outside):
    outside.fault("status", slug="slack", status=503, reads=None, times=100)
    waits = []
    for _ in range(3):
        assert again(notice) == 0
        waits.append((notice.next_attempt_at - timezone.now()).total_seconds())
    assert notice.state == "waiting"
    assert waits == sorted(waits)
    assert waits[-1] > 10


def test_being_asked_to_wait_is_respected(notice, outside):
    outside.fault("status", slug="slack", status=429, retry_after="120")
    delivering.deliver_due()
    notice.refresh_from_db()
    assert (notice.next_attempt_at - timezone.now()).total_seconds() > 100


def test_a_refusal_that_will_not_change_is_given_up_and_said(notice, outside):
    outside.do("slack", "leave", organisation="motion-mavericks", channel="incidents")
    delivering.deliver_due()
    notice.refresh_from_db()
    assert notice.state == "given_up"
    said = Event.objects.get(kind="notice.given_up")
    assert "could not be told" in said.text


def test_after_many_tries_a_message_is_given_up(notice, outside):
    outside.fault("status", slug="slack", status=503, reads=None, times=1000)
    Notice.objects.update(attempts=delivering.MOST_ATTEMPTS - 1)
    again(notice)
    assert (notice.state, notice.next_attempt_at) == ("given_up", None)


def test_a_message_whose_process_died_while_sending_is_taken_again_by_the_claims_end(notice, outside):
    claimed = delivering._claim()
    assert delivering.deliver_due() == 0, "somebody else holds it"
    assert again(notice) == 1
    assert delivering._settle(claimed[0], delivering._send(claimed[0])) is False, "a late settle changes nothing"
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == ("delivered", 2)


@pytest.mark.django_db(transaction=True)
def test_many_workers_deliver_each_message_once(notice, outside):
    def tick(_):
        try:
            return delivering.deliver_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(tick, range(6))) == 1
    assert len(posted(outside)) == 1


def asked(incident, ian):
    PersonFactory(organisation=incident.organisation, roles=["founder"])
    return ask(
        organisation=incident.organisation,
        kind="test",
        title="Roll back portal → v2.30.4",
        url="/rollbacks/1/",
        subject=incident,
        requester=ian,
        content={"a": 1},
        rule={"all_of": ["founder"]},
        due_minutes=5,
        incident=incident,
    )


@pytest.mark.django_db(transaction=True)
def test_approvers_are_told_what_who_until_when_and_where(incident, ian, outside, settings):
    settings.BASE_URL = "https://portal.example"
    asked(incident, ian)
    note = Notice.objects.get()
    assert note.text.startswith("Waiting for approval: Roll back portal → v2.30.4\nP1 Share links fail for agencies\n")
    assert "Founder must agree, until " in note.text
    assert note.text.endswith("https://portal.example/rollbacks/1/")
    assert delivering.deliver_due() == 1
    assert len(posted(outside)) == 1


def test_a_question_whose_signal_was_lost_is_found_by_the_sweep(incident, ian):
    asked(incident, ian)  # inside the test's transaction no signal is sent
    assert not Notice.objects.exists()
    assert telling.sweep() == 1
    assert telling.sweep() == 0
    assert Notice.objects.count() == 1


def test_a_sweep_costs_the_same_however_many_questions_were_told(incident, ian, django_assert_max_num_queries):
    for _ in range(5):
        asked(incident, ian)
    telling.sweep()
    with django_assert_max_num_queries(4):
        assert telling.sweep() == 0


@pytest.mark.django_db(transaction=True)
def test_slack_being_down_does_not_delay_the_question(incident, ian, outside):
    outside.fault("hang_before", slug="slack", reads=None, times=100, seconds=60)
    started = timezone.now()
    asked(incident, ian)
    assert timezone.now() - started < timedelta(seconds=2)


def claimed_by_another(notice):
    """Claim the message, and let somebody else claim it after that claim has run out; returns both claims."""
    first = delivering._claim()
    Notice.objects.filter(pk=notice.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    return first[0], delivering._claim()[0]


def test_a_message_whose_turn_comes_too_late_is_left_to_whoever_took_it_over(notice, outside):
    mine, _ = claimed_by_another(notice)
    assert delivering._deliver(mine) is False
    assert posted(outside) == []


def test_that_a_message_is_there_counts_whoever_found_it(notice, outside):
    mine, theirs = claimed_by_another(notice)
    assert delivering._settle(mine, delivering._send(mine)) is True
    notice.refresh_from_db()
    assert notice.state == "delivered"
    assert delivering._deliver(theirs) is False
    assert len(posted(outside)) == 1


def test_that_a_message_could_not_be_sent_counts_only_for_whoever_holds_it(notice, outside):
    mine, theirs = claimed_by_another(notice)
    outside.fault("status", slug="slack", status=503, reads=None)
    assert delivering._settle(mine, delivering._send(mine)) is False
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == ("sending", theirs.attempts)
