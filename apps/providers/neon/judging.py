"""Judge what Neon answered to a change: a locked project waits, a name that is there is looked at, a full plan is said.

Source: its OpenAPI description (423 is always safe to send again) and the errors its own command line meets: 409
“branch already exists”, 422 BRANCHES_LIMIT_EXCEEDED.
"""

from __future__ import annotations

from typing import Any

from apps.providers.base import Outcome, OutcomeKind, ProviderError
from apps.providers.endings import LOOK, dig, later, outcome_of, refused, unknown
from apps.providers.http import Answer

LOCKED_SECONDS = 5.0


def outcome(answer: Answer, doing: str, said: str, done: str, about: tuple[str, str], **evidence: Any) -> Outcome:
    """Return how a change ended; `about` names the record of the answer and the id that it must have, if known."""
    quote = f" It says: “{said}”." if said else ""
    if answer.ok:
        return _confirmed(answer, doing, done, about, evidence)
    if answer.status == 423:
        text = f"Neon is still working on an earlier change of this project (423).{quote} Nothing was changed."
        return later(text, answer, LOCKED_SECONDS)
    if "already exists" in said.lower():
        return unknown(f"Neon answered {answer.status} when asked to {doing}.{quote} {LOOK}", answer)
    if _code(answer).endswith("LIMIT_EXCEEDED"):
        text = f"Neon's plan has no room for it: it refused to {doing}.{quote} Nothing was changed."
        return refused(f"{text} Delete branches or snapshots that nobody needs, or upgrade.", answer=answer)
    return outcome_of(answer, doing, said)


def already(text: str) -> Outcome:
    """Return the outcome of a call that had nothing left to do."""
    return Outcome(OutcomeKind.SUCCEEDED, f"{text} Nothing was sent.")


def _confirmed(answer: Answer, doing: str, done: str, about: tuple[str, str], evidence: dict[str, Any]) -> Outcome:
    body = answer.json()
    name, wanted = about
    found = dig(body, name, "id")
    if not found or wanted not in ("", found):
        return unknown(f"Neon answered {answer.status} when asked to {doing}, but did not confirm it. {LOOK}", answer)
    operations = dig(body, "operations")
    started = [dig(one, "id") for one in operations] if isinstance(operations, list) else []
    told = {name: found, "operations": started, **evidence}
    return Outcome(OutcomeKind.SUCCEEDED, done, status=answer.status, evidence=told)


def _code(answer: Answer) -> str:
    try:
        return str(dig(answer.json(), "code") or "")
    except ProviderError:
        return ""
