"""Judge what Resend answered to a batch of mails, by the name of its error where the status says too little."""

from __future__ import annotations

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import LOOK, dig, later, outcome_of, refused, unknown
from apps.providers.http import Answer
from apps.providers.resend.wire import name_of

QUOTAS = {"daily_quota_exceeded": "today's", "monthly_quota_exceeded": "this month's"}
IN_FLIGHT_WAIT_SECONDS = 2.0
BEFORE = "Resend keeps a key for 24 hours; within them the same mail is never sent twice."


def outcome(answer: Answer, said: str, count: int) -> Outcome:
    """Return how sending `count` mails ended."""
    quote, name = f" It says: “{said}”." if said else "", name_of(answer)
    if answer.ok:
        return _accepted(answer, count)
    if name in QUOTAS:
        return refused(
            f"Resend's plan allows no more mails: {QUOTAS[name]} quota is used up.{quote} Nothing was sent. "
            "Raise the plan, or tell people in another way.",
            needs_operator=True,
            answer=answer,
        )
    if answer.status == 409 and name == "concurrent_idempotent_requests":
        text = f"Resend is still busy with the same mail.{quote} Nothing was sent a second time."
        return later(text, answer, IN_FLIGHT_WAIT_SECONDS)
    if answer.status == 409 and name == "invalid_idempotent_request":
        return refused(
            f"Under this step's key Resend has already taken a mail with other content.{quote} Nothing was sent now. "
            "Look in Resend what was sent, and decide whether people need another mail.",
            needs_operator=True,
            answer=answer,
        )
    if answer.status == 403 and name == "validation_error":
        return refused(
            f"Resend does not let this sender mail these people (403).{quote} Nothing was sent. "
            "Verify the sender's domain in Resend, or correct the sender in the connection.",
            answer=answer,
        )
    return outcome_of(answer, f"send {_mails(count)}", said)


def _accepted(answer: Answer, count: int) -> Outcome:
    listed = dig(answer.json(), "data")
    ids = [one for one in (dig(mail, "id") for mail in listed or []) if isinstance(one, str) and one]
    if not isinstance(listed, list) or len(ids) != count:
        text = f"Resend answered {answer.status}, but named {len(ids)} mails and not {count}. {LOOK} {BEFORE}"
        return unknown(text, answer)
    text = f"Resend accepted {_mails(count)}. Whether they arrive is told by its delivery reports."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"mails": ids})


def _mails(count: int) -> str:
    return "1 mail" if count == 1 else f"{count} mails"
