"""Pull requests at GitHub: open one, open one that reverts another, merge one. Found again by our marker."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import quote

from apps.providers.base import Access, Call, Observation, Outcome, OutcomeKind, ProviderError, Seen, Sending
from apps.providers.calling import Denied
from apps.providers.endings import LOOK, dig, quoted, refused, unknown
from apps.providers.github import judging, reading
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.wire import API, ask, graphql_access, limited_seconds, listed, repository, said

REVERT = (
    "mutation($id: ID!, $title: String, $body: String) {"
    " revertPullRequest(input: {pullRequestId: $id, title: $title, body: $body})"
    " { pullRequest { number } revertPullRequest { number url } } }"
)
# Documented reasons for which GitHub makes no revert: then a person, or “restore_branch”, has to.
NEVER = ("NOT_FOUND", "FORBIDDEN", "UNPROCESSABLE", "INSUFFICIENT_SCOPES", "VALIDATION")


def _observe_revert(access: Access, call: Call, sending: Sending | None) -> Observation:
    number = _number(call, "pull_request")
    original = _pull(access, number)
    if not dig(original, "merged"):
        raise Denied(f"The pull request #{number} is not merged, so there is nothing to revert.")
    identity = {"reverted": "no", "merged_as": dig(original, "merge_commit_sha")}
    found = _revert_of(access, number, sending)
    if found is None:
        text = f"No pull request reverts #{number} ({quoted(dig(original, 'title'))}) yet."
        return Observation(Seen.OTHER, text, identity)
    text = f"The pull request #{dig(found, 'number')} reverts #{number}; it is {_state(found)}."
    return Observation(Seen.DESIRED, text, {**identity, "reverted": "yes"}, {"page": str(dig(found, "html_url"))})


def _apply_revert(access: Access, call: Call, sending: Sending) -> Outcome:
    """Ask GitHub for the reverting pull request; it is not merged by that."""
    number = _number(call, "pull_request")
    original = prepared(partial(_pull, access, number))
    title = f"Revert “{quoted(dig(original, 'title'))}”"
    body = f"{_reference(access, number)}\n\n{sending.reason}\n\n{sending.marker}"
    variables = {"id": dig(original, "node_id"), "title": title, "body": body}
    there = graphql_access(access)
    answer = API.change(there, sending, "POST", "/graphql", body={"query": REVERT, "variables": variables})
    doing = f"open a pull request that reverts #{number}"
    if not answer.ok:
        return judging.failed(access, answer, doing)
    if reasons := dig(answer.json(), "errors"):
        return _no_revert(access, answer, reasons, number)
    made = dig(answer.json(), "data", "revertPullRequest", "revertPullRequest")
    return judging.pull_request(access, answer, made, doing)


def _no_revert(access: Access, answer: Any, reasons: Any, number: int) -> Outcome:
    """Return what a GraphQL error means; it comes with 200, and so does GitHub's rate limit."""
    words = said(access, answer)
    exhausted = answer.headers.get("x-ratelimit-remaining") == "0" or "rate limit" in words.lower()
    if exhausted or dig(reasons, 0, "type") == "RATE_LIMITED":
        wait = limited_seconds(answer) or 60.0
        text = f"GitHub's rate limit is used up: “{words}”. Nothing was changed."
        return Outcome(OutcomeKind.RETRY_LATER, text, answer.status, wait, retryable=True)
    if dig(reasons, 0, "type") in NEVER:
        text = f"GitHub does not revert #{number} by itself: “{words}”. Nothing was changed. It may conflict with later"
        more = "changes, or a rule may forbid the branch: revert it by hand, or by “restore_branch”."
        return refused(f"{text} {more}", needs_operator=True, answer=answer)
    return unknown(f"GitHub answered {answer.status}, but with an error: “{words}”. {LOOK}", answer)


def _observe_opened(access: Access, call: Call, sending: Sending | None) -> Observation:
    branch = call.parameters["branch"]
    found = _of_branch(access, branch)
    if found is None:
        return Observation(Seen.OTHER, f"No pull request is open for {branch}.", {"pull_request": "none"})
    text = f"The pull request #{dig(found, 'number')} for {branch} is {_state(found)}."
    return Observation(Seen.DESIRED, text, {"pull_request": dig(found, "number")})


def _apply_opened(access: Access, call: Call, sending: Sending) -> Outcome:
    branch = call.parameters["branch"]
    base = prepared(partial(reading.production_branch, access))
    text = f"{call.parameters.get('text') or sending.reason}\n\n{sending.marker}"
    body = {"title": call.parameters["title"], "head": branch, "base": base, "body": text}
    answer = API.change(access, sending, "POST", f"{repository(access)}/pulls", body=body)
    exists = answer.status == 422 and "already exists" in said(access, answer).lower()
    if exists and (found := prepared(partial(_of_branch, access, branch))):
        words = f"The pull request #{dig(found, 'number')} for {branch} is open already."
        return judging.there(words, {"pull_request": dig(found, "number")})
    made = answer.json() if answer.ok else None
    return judging.pull_request(access, answer, made, f"open a pull request for {branch}")


def _observe_merged(access: Access, call: Call, sending: Sending | None) -> Observation:
    found = _meant(access, call)
    if found is None:
        text = f"There is no pull request for {_words(call)} yet; it is looked for when this step runs."
        return Observation(Seen.UNREADABLE, text)
    number, title = dig(found, "number"), quoted(dig(found, "title"))
    if dig(found, "merged") or dig(found, "merged_at"):
        return Observation(Seen.DESIRED, f"The pull request #{number} ({title}) is merged.", {"merged": "yes"})
    if dig(found, "state") == "closed":
        text = f"The pull request #{number} ({title}) was closed without being merged."
        return Observation(Seen.OTHER, text, {"merged": "closed"})
    identity = {"merged": "no", "head": reading.text_of(found, "head", "sha", what="a pull request")}
    return Observation(Seen.OTHER, f"The pull request #{number} ({title}) is open.", identity)


def _apply_merged(access: Access, call: Call, sending: Sending) -> Outcome:
    """Merge exactly the commit that was looked at."""
    found = prepared(partial(_meant, access, call))
    if found is None:
        return refused(f"There is no pull request for {_words(call)}. Nothing was changed. Open it first.")
    number, sha = dig(found, "number"), dig(found, "head", "sha")
    body = {"sha": sha, "merge_method": call.parameters.get("method") or "merge", "commit_message": sending.reason}
    answer = API.change(access, sending, "PUT", f"{repository(access)}/pulls/{number}/merge", body=body)
    words = said(access, answer)
    if answer.ok:
        if dig(answer.json(), "merged") is not True:
            return judging.unconfirmed(answer, "the merge")
        done = f"GitHub merged the pull request #{number}."
        return judging.confirmed(answer, done, evidence={"sha": dig(answer.json(), "sha")}, page=dig(found, "html_url"))
    if answer.status == 409 or (answer.status == 405 and "modified" in words.lower()):
        text = f"The pull request #{number} or its base was changed at the same moment: “{words}”. It was not merged."
        return Outcome(OutcomeKind.RETRY_LATER, text, answer.status, 2.0, retryable=True)
    if answer.status == 405:
        text = (
            f"GitHub does not merge the pull request #{number}: “{words}”. Nothing was changed. It may conflict, wait"
        )
        return refused(f"{text} for reviews or checks, or not allow this way of merging.", needs_operator=True)
    return judging.failed(access, answer, f"merge the pull request #{number}")


def _meant(access: Access, call: Call) -> Any:
    """Return the pull request that a call names in one of three ways, or None."""
    if call.parameters.get("pull_request") is not None:
        return _pull(access, _number(call, "pull_request"))
    if branch := call.parameters.get("branch"):
        return _of_branch(access, branch, state="all")
    return _revert_of(access, _number(call, "reverts"), None)


def _words(call: Call) -> str:
    given = call.parameters
    return f"the branch {given['branch']}" if given.get("branch") else f"the revert of #{given.get('reverts')}"


def _revert_of(access: Access, number: int, sending: Sending | None) -> Any:
    """Return the pull request that reverts another one, by our marker or its reference, newest first, or None.

    One that was closed without being merged reverts nothing.
    """
    query = {"state": "all", "sort": "created", "direction": "desc"}
    reference = re.compile(rf"\breverts?\s+(?:{re.escape(repository(access)[7:])})?#{number}\b", re.IGNORECASE)
    for one in listed(access, "/pulls", query, what="The list of pull requests"):
        text = str(dig(one, "body") or "")
        ours = sending is not None and sending.marker in text
        if (ours or reference.search(text)) and (dig(one, "state") == "open" or dig(one, "merged_at")):
            return one
    return None


def _of_branch(access: Access, branch: str, state: str = "open") -> Any:
    """Return the newest pull request from a branch of this repository, or None."""
    owner = repository(access).split("/")[2]
    query = {"state": state, "head": f"{owner}:{branch}", "sort": "created", "direction": "desc"}
    found = listed(access, "/pulls", query, what="The list of pull requests")
    # Checked here too: GitHub ignores a head that it does not understand and lists everything.
    return next((one for one in found if dig(one, "head", "ref") == branch), None)


def _pull(access: Access, number: int) -> Any:
    body = ask(access, f"/pulls/{quote(str(number))}", what=f"The pull request #{number}")
    if dig(body, "number") != number:
        raise ProviderError(f"GitHub answered with something that is not the pull request #{number}.")
    return body


def _number(call: Call, name: str) -> int:
    return int(call.parameters[name])


def _reference(access: Access, number: int) -> str:
    return f"Reverts {repository(access)[7:]}#{number}"


def _state(pull: Any) -> str:
    return "merged" if dig(pull, "merged_at") else str(dig(pull, "state"))


REVERTED = Deed(_observe_revert, _apply_revert)
OPENED = Deed(_observe_opened, _apply_opened)
MERGED = Deed(_observe_merged, _apply_merged)
