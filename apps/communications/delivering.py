"""Deliver what waits: claim (a transaction) → send (none) → settle (a transaction, only while the claim holds).

At least once: before a message that may have been sent is sent again, its marker is looked for; where that cannot be
read, the message waits a while first. A channel that is down delays nothing but its own messages.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import uuid4

from django.db import transaction

from apps.communications import events, telling
from apps.communications.models import Notice
from apps.providers import opening, registry, sealing
from apps.providers.base import Access, Call, Outcome, OutcomeKind, Provider, Seen, Sending
from apps.timeline.clock import database_now
from apps.timeline.kinds import Kind
from apps.timeline.log import SYSTEM, record

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than one look and one call may take
CALL_SECONDS = 10.0
AT_ONCE = 10
BACK_OFF_SECONDS = (2, 5, 15, 60, 120, 300, 600, 900)
MOST_ATTEMPTS = 12
LOOKS = 6  # after so many tries a message is sent although nobody could see whether it is there already
POST = "post"


def deliver_due() -> int:
    """Put missed messages into the outbox and send what is due; returns how many were delivered. Safe to do twice."""
    telling.sweep()
    return sum(_deliver(notice) for notice in _claim())


def _claim() -> list[Notice]:
    """Take what is due. A claim runs out by itself, so a message of a process that died is taken again."""
    now = database_now()
    with transaction.atomic():
        due = Notice.objects.select_for_update(skip_locked=True, of=("self",)).select_related("connection")
        due = due.filter(state__in=["waiting", "sending"], next_attempt_at__lte=now).order_by("next_attempt_at")
        notices = list(due[:AT_ONCE])
        for notice in notices:
            notice.state = "sending"
            notice.attempts += 1
            notice.next_attempt_at = now + LEASE
            notice.save(update_fields=["state", "attempts", "next_attempt_at"])
    return notices


def _deliver(notice: Notice) -> bool:
    """Send one that was claimed, if its claim still holds when its turn comes: those before it may have been slow."""
    return _hold(notice) and _settle(notice, _send(notice))


def _hold(notice: Notice) -> bool:
    """Make the claim last again from now on; False when somebody else has taken the message over."""
    mine = Notice.objects.filter(pk=notice.pk, state="sending", attempts=notice.attempts)
    return bool(mine.update(next_attempt_at=database_now() + LEASE))


def _send(notice: Notice) -> Outcome:
    """Send once, or find that it was sent before. Never raises for what a provider or a key does."""
    try:
        provider = registry.provider(notice.connection.provider)
        provider.action(POST)
    except KeyError:
        return Outcome(OutcomeKind.REJECTED, f"{notice.connection.name} cannot post messages.")
    try:
        return _look_then_post(provider, notice)
    except (sealing.SealBroken, sealing.KeysMissing) as broken:
        return Outcome(OutcomeKind.NOT_SENT, str(broken))


def _look_then_post(provider: Provider, notice: Notice) -> Outcome:
    access = opening.access(notice.connection)
    call = Call(POST, {"text": notice.text})
    sending = Sending(str(notice.pk), str(uuid4()), str(notice.pk), notice.reason, CALL_SECONDS)
    if notice.attempts > 1:
        seen = provider.observe(access, call, sending)
        if seen.seen is Seen.DESIRED:
            return Outcome(OutcomeKind.SUCCEEDED, seen.summary, evidence=dict(seen.readings))
        if seen.seen is Seen.UNREADABLE:
            return _send_blindly(provider, access, call, sending, notice, seen.summary)
    return provider.apply(access, call, sending)


def _send_blindly(
    provider: Provider, access: Access, call: Call, sending: Sending, notice: Notice, why: str
) -> Outcome:
    """Wait while it may be readable soon; then rather tell people twice than never, and say so before it is sent."""
    if notice.attempts <= LOOKS:
        return Outcome(OutcomeKind.NOT_SENT, why)
    with transaction.atomic():
        _tell(notice, events.SENT_BLINDLY, why)
    return provider.apply(access, call, sending)


@transaction.atomic
def _settle(notice: Notice, outcome: Outcome) -> bool:
    """Write what came of it. Who lost the claim meanwhile writes only that the message is there: that stays true."""
    rows = Notice.objects.select_for_update(of=("self",)).select_related("connection", "incident")
    held = rows.filter(pk=notice.pk, state__in=["waiting", "sending"]).first()
    mine = held is not None and held.state == "sending" and held.attempts == notice.attempts
    if held is None or not (mine or outcome.kind is OutcomeKind.SUCCEEDED):
        return False
    held.last_error = "" if outcome.kind is OutcomeKind.SUCCEEDED else outcome.message[:500]
    if outcome.kind is OutcomeKind.SUCCEEDED:
        held.state, held.delivered_at, held.next_attempt_at = "delivered", database_now(), None
        held.external_reference = str(outcome.evidence.get("ts", ""))[:200]
        _tell(held, events.DELIVERED, held.last_error)
    elif _hopeless(held, outcome):
        held.state, held.next_attempt_at = "given_up", None
        _tell(held, events.GIVEN_UP, held.last_error)
    else:
        held.state = "waiting"
        held.next_attempt_at = database_now() + timedelta(seconds=_wait(held, outcome))
    held.save()
    return held.state == "delivered"


def _hopeless(notice: Notice, outcome: Outcome) -> bool:
    refused = outcome.kind is OutcomeKind.REJECTED and not outcome.retryable
    return refused or notice.attempts >= MOST_ATTEMPTS


def _wait(notice: Notice, outcome: Outcome) -> float:
    usual = BACK_OFF_SECONDS[min(notice.attempts, len(BACK_OFF_SECONDS)) - 1]
    return max(usual, outcome.retry_after_seconds or 0)


def _tell(notice: Notice, what: Kind, why: str) -> None:
    record(
        what,
        notice,
        by=SYSTEM,
        incident=notice.incident_id,
        channel=" ".join(filter(None, (notice.connection.name, notice.channel))),
        message=notice.text.split("\n")[0][:200],
        why=why,
        attempts=notice.attempts,
    )
