"""What can be done in Linear: make an issue, comment on one, link one, change its status."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from apps.providers.base import Access, Call, Observation, Outcome, OutcomeKind, ProviderError, Seen, Sending
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.http import NotSent
from apps.providers.linear import finding, judging
from apps.providers.linear.wire import made_id, tell

CREATE = (
    "mutation($input: IssueCreateInput!) { issueCreate(input: $input)"
    " { success issue { id identifier url state { id name } } } }"
)
COMMENT = "mutation($input: CommentCreateInput!) { commentCreate(input: $input) { success comment { id url } } }"
LINK = "mutation($input: AttachmentCreateInput!) { attachmentCreate(input: $input) { success attachment { id url } } }"
UPDATE = (
    "mutation($id: String!, $input: IssueUpdateInput!) { issueUpdate(id: $id, input: $input)"
    " { success issue { id identifier url state { id name } } } }"
)
PRIORITIES = {"none": 0, "urgent": 1, "high": 2, "medium": 3, "low": 4}
T = TypeVar("T")


class Unready(Exception):
    """What has to be known before the change could not be read just now; nothing was sent."""


def observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say how that stands which the action is about. Raises ProviderError."""
    return OBSERVED[call.action](access, call, sending)


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Read what is needed and send the one mutation. Raises NotSent, Lost or ProviderError."""
    try:
        return APPLIED[call.action](access, call, sending)
    except Unready as error:
        return Outcome(OutcomeKind.RETRY_LATER, f"{error} Nothing was sent.", retryable=True)


def _observe_created(access: Access, call: Call, sending: Sending | None) -> Observation:
    found = finding.made(access, "issue", made_id(sending)) if sending else None
    if not sending:
        finding.team(access)
    if found is None:
        return Observation(Seen.OTHER, "The issue has not been made yet.", {"issue": "absent"})
    text = f"The issue {quoted(dig(found, 'identifier'))} is there: {quoted(dig(found, 'title'))}."
    return Observation(Seen.DESIRED, text, {"issue": "made"}, {"page": str(dig(found, "url") or "")})


def _create(access: Access, call: Call, sending: Sending) -> Outcome:
    given = call.parameters
    team = _prepared(partial(finding.team, access))
    body: dict[str, Any] = {"id": made_id(sending), "teamId": team["id"], "title": given["title"]}
    if given.get("description"):
        body["description"] = given["description"]
    if given.get("priority"):
        body["priority"] = PRIORITIES[given["priority"]]
    if given.get("status"):
        body["stateId"] = _prepared(partial(finding.status_named, access, team["id"], given["status"]))["id"]
    if given.get("labels"):
        body["labelIds"] = [_prepared(partial(finding.label, access, team["id"], one)) for one in given["labels"]]
    if given.get("assignee"):
        body["assigneeId"] = _prepared(partial(finding.user, access, given["assignee"]))
    answer = tell(access, sending, CREATE, {"input": body})
    ended = judging.outcome(access, answer, "issueCreate", "issue", f"make an issue in {quoted(dig(team, 'key'))}")
    return _or_there(access, "issue", sending, ended)


def _observe_comment(access: Access, call: Call, sending: Sending | None) -> Observation:
    name = call.parameters["issue"]
    if not sending:
        finding.issue(access, name)
    found = finding.made(access, "comment", made_id(sending)) if sending else None
    if found is None:
        return Observation(Seen.OTHER, f"The comment is not on {name} yet.", {"comment": "absent"})
    return Observation(Seen.DESIRED, f"The comment is on {name}.", {"comment": "made"})


def _comment(access: Access, call: Call, sending: Sending) -> Outcome:
    issue = _prepared(partial(finding.issue, access, call.parameters["issue"]))
    body = {"id": made_id(sending), "issueId": issue["id"], "body": call.parameters["body"]}
    answer = tell(access, sending, COMMENT, {"input": body})
    doing = f"comment on {call.parameters['issue']}"
    return _or_there(access, "comment", sending, judging.outcome(access, answer, "commentCreate", "comment", doing))


def _observe_link(access: Access, call: Call, sending: Sending | None) -> Observation:
    name, url = call.parameters["issue"], call.parameters["url"]
    if finding.link_to(access, name, url) is None:
        return Observation(Seen.OTHER, f"{name} has no link to {quoted(url)} yet.", {"link": "absent"})
    return Observation(Seen.DESIRED, f"{name} has a link to {quoted(url)}.", {"link": "there"})


def _link(access: Access, call: Call, sending: Sending) -> Outcome:
    given = call.parameters
    issue = _prepared(partial(finding.issue, access, given["issue"]))
    body = {"id": made_id(sending), "issueId": issue["id"], "url": given["url"], "title": given["title"]}
    answer = tell(access, sending, LINK, {"input": body})
    ended = judging.outcome(access, answer, "attachmentCreate", "attachment", f"link {given['issue']}")
    if ended.kind is OutcomeKind.REJECTED and (there := _there(finding.link_to, access, given["issue"], given["url"])):
        return judging.already(f"{given['issue']} has a link to {quoted(given['url'])} already.", there)
    return ended


def _observe_status(access: Access, call: Call, sending: Sending | None) -> Observation:
    issue = finding.issue(access, call.parameters["issue"])
    wanted = finding.status_named(access, str(dig(issue, "team", "id")), call.parameters["status"])
    name, now = quoted(dig(issue, "identifier")), str(dig(issue, "state", "name"))
    seen = Seen.DESIRED if dig(issue, "state", "id") == dig(wanted, "id") else Seen.OTHER
    return Observation(seen, f"{name} has the status {quoted(now)}.", {"status": now})


def _set_status(access: Access, call: Call, sending: Sending) -> Outcome:
    given = call.parameters
    issue = _prepared(partial(finding.issue, access, given["issue"]))
    team = str(dig(issue, "team", "id"))
    wanted = _prepared(partial(finding.status_named, access, team, given["status"]))
    answer = tell(access, sending, UPDATE, {"id": issue["id"], "input": {"stateId": wanted["id"]}})
    doing = f"set {given['issue']} to “{quoted(dig(wanted, 'name'))}”"
    ended = judging.outcome(access, answer, "issueUpdate", "issue", doing)
    if ended.kind is OutcomeKind.SUCCEEDED:
        now = dig(answer.json(), "data", "issueUpdate", "issue", "state", "id")
        if now not in (wanted["id"], None):
            return judging.unconfirmed(answer, doing)
    return ended


def _or_there(access: Access, kind: str, sending: Sending, ended: Outcome) -> Outcome:
    """Return success where a refusal only says that our id is there already: it was made by an earlier attempt."""
    if ended.kind is OutcomeKind.REJECTED and (found := _there(finding.made, access, kind, made_id(sending))):
        return judging.already(f"Linear has the {kind} of this step already.", found)
    return ended


def _there(look: Callable[..., Any], *about: Any) -> Any:
    """Return what is there, or None where there is nothing or it cannot be told: the refusal then stands."""
    try:
        return look(*about)
    except ProviderError:
        return None


def _prepared(read: Callable[[], T]) -> T:
    try:
        return read()
    except (NotSent, Denied):
        raise
    except ProviderError as error:
        raise Unready(str(error)) from error


OBSERVED = {
    "create_issue": _observe_created,
    "comment": _observe_comment,
    "link": _observe_link,
    "set_status": _observe_status,
}
APPLIED = {"create_issue": _create, "comment": _comment, "link": _link, "set_status": _set_status}
