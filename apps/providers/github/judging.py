"""Judge what GitHub answered to a change: rate limits come as 403, refusals name the right that is missing."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Outcome, OutcomeKind
from apps.providers.endings import LONGEST_WAIT_SECONDS, LOOK, dig, outcome_of, refused, unknown
from apps.providers.github.wire import limited_seconds, right_wanted, said
from apps.providers.http import Answer


def failed(access: Access, answer: Answer, doing: str) -> Outcome:
    """Return how a change ended that GitHub did not confirm. `doing` completes “asked to …”."""
    words = said(access, answer)
    quote = f" It says: “{words}”." if words else ""
    seconds = limited_seconds(answer)
    if seconds is not None:
        text = f"GitHub's rate limit is used up ({answer.status}), so it did not {doing}.{quote} Nothing was changed."
        wait = min(seconds, LONGEST_WAIT_SECONDS)
        return Outcome(OutcomeKind.RETRY_LATER, text, answer.status, wait, retryable=True)
    if answer.status in (401, 403, 404):
        hidden = " GitHub also answers 404 for what the token may not touch." if answer.status == 404 else ""
        text = f"GitHub answered {answer.status} when asked to {doing}.{quote}{right_wanted(answer)}{hidden}"
        return refused(f"{text} Nothing was changed. Check the token and its rights.", answer=answer)
    return outcome_of(answer, doing, words)


def confirmed(answer: Answer, text: str, *, evidence: dict[str, Any] | None = None, page: str = "") -> Outcome:
    """Return the outcome of a change that GitHub confirmed; `page` is where people see it."""
    return Outcome(
        OutcomeKind.SUCCEEDED, text, status=answer.status, evidence=evidence or {}, external_url=str(page or "")
    )


def unconfirmed(answer: Answer, what: str) -> Outcome:
    """Return the outcome of a 2xx that is not about what we asked for."""
    return unknown(f"GitHub answered {answer.status}, but not with {what}. {LOOK}", answer)


def reference(access: Access, answer: Answer, branch: str, sha: str, doing: str, done: str) -> Outcome:
    """Return how the making or moving of a branch ended."""
    if not answer.ok:
        return failed(access, answer, doing)
    body = answer.json()
    if dig(body, "ref") != f"refs/heads/{branch}" or dig(body, "object", "sha") != sha:
        return unconfirmed(answer, f"the branch {branch} at {sha[:7]}")
    return confirmed(answer, done, evidence={"branch": branch, "sha": sha})


def pull_request(access: Access, answer: Answer, made: Any, doing: str) -> Outcome:
    """Return how the opening of a pull request ended; `made` is what the answer says was opened."""
    if not answer.ok:
        return failed(access, answer, doing)
    number = dig(made, "number")
    if not isinstance(number, int):
        return unconfirmed(answer, "a pull request")
    page = str(dig(made, "html_url") or dig(made, "url") or "")
    text = f"GitHub opened the pull request #{number}. It is not merged yet."
    return confirmed(answer, text, evidence={"pull_request": number}, page=page)


def there(text: str, evidence: dict[str, Any]) -> Outcome:
    """Return the outcome of a change that finds its effect there already."""
    return Outcome(OutcomeKind.SUCCEEDED, text, evidence=evidence)
