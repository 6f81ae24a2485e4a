"""What stands in LaunchDarkly's own approvals for a flag, for the person who has to go there. Reads only."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import segment
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer
from apps.providers.launchdarkly.wire import API, LONGEST_KEY, environment_key, project_key

CLOSED = ("completed", "failed")
NONE_OPEN = "No approval request for it is open in LaunchDarkly yet."


def wanted(answer: Answer, said: str) -> bool:
    """Say whether an answer means that the environment or the flag needs an approval.

    Documented is 405 for it; a refusal that speaks of approval is read the same way. 409 is a conflict, also where one
    with a pending request is meant.
    """
    return answer.status == 405 or (answer.status in (400, 401, 403, 422) and "approval" in said.lower())


def standing(access: Access, flag: str, turn: str) -> str:
    """Return in words whether an approval request for turning the flag stands there, or an empty text."""
    try:
        key = segment(flag, "a flag key", LONGEST_KEY)
        path = f"/api/v2/projects/{project_key(access)}/flags/{key}/environments/{environment_key(access)}"
        answer = API.read(access, f"{path}/approval-requests")
        items = dig(answer.json(), "items") if answer.ok else None
    except ProviderError:
        return ""  # the refusal itself is what counts; this was only to help
    if not isinstance(items, list):
        return ""
    mine = [one for one in items if _asks(one, turn) and dig(one, "status") not in CLOSED]
    return _words(mine[0]) if mine else NONE_OPEN


def _asks(request: Any, turn: str) -> bool:
    kinds = [dig(one, "kind") for one in dig(request, "instructions") or []]
    return turn in kinds


def _words(request: Any) -> str:
    about = quoted(dig(request, "description")) or "without a description"
    review = dig(request, "reviewStatus")
    if review == "approved":
        return f"The approval request “{about}” is approved there and waits to be applied."
    if review == "declined":
        return f"The approval request “{about}” was declined there."
    return f"The approval request “{about}” waits there for a review."
