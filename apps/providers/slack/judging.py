"""Judge what Slack answered to a message: 200 says nothing, `ok` says all."""

from __future__ import annotations

from apps.providers.base import Outcome, OutcomeKind
from apps.providers.endings import LOOK, later, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer
from apps.providers.slack.wire import RATE_LIMITED, UNCERTAIN, body_of, sentence


def outcome(answer: Answer, said: str, channel: str, verb: str = "post") -> Outcome:
    """Return how posting to `channel`, or updating there, ended."""
    done = f"{verb}d" if verb.endswith("e") else f"{verb}ed"
    if not answer.ok:
        return outcome_of(answer, f"{verb} the message in {quoted(channel)}", said)
    body = body_of(answer)
    if body is None:
        return unknown(f"Slack answered {answer.status} with something that is not one of its answers. {LOOK}", answer)
    if body["ok"]:
        where, ts = quoted(body.get("channel") or channel), quoted(body.get("ts"))
        evidence = {"channel": where, "ts": ts}
        text = f"Slack {done} the message in {quoted(channel)}."
        return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence=evidence)
    error = body.get("error")
    text = sentence("the message", body)
    if isinstance(error, str) and error in RATE_LIMITED:
        return later(f"{text} Nothing was {done}; it asks to try again later.", answer)
    if not isinstance(error, str) or error in UNCERTAIN:
        return unknown(f"{text} {LOOK}", answer)
    return refused(f"{text} Nothing was {done}.", answer=answer)
