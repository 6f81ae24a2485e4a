"""Make the one request of each action: restore, preview, its deletion, safety copy. What is done is not done twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from apps.providers.base import Access, Call, Outcome, OutcomeKind, ProviderError, Sending
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted, refused
from apps.providers.http import NotSent
from apps.providers.neon import judging, limits, standing, wire
from apps.providers.neon.wire import API, Record

Found = TypeVar("Found")


class NotNow(Exception):
    """What must be known before anything is sent could not be read; carries the outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def restore(access: Access, call: Call, sending: Sending) -> Outcome:
    """Restore the branch, its state before kept under a name that this step is found by."""
    listed, branch = _look(access)
    if kept := standing.ending_in(listed, f"-before-{standing.suffix(sending)}"):
        return judging.already(f"Neon had begun this restore before; the state before it is kept as {kept['name']}.")
    if reasons := _before(lambda: refusals(access, call, branch, listed)):
        return refused(f"{' '.join(reasons)} Nothing was sent.")
    name = standing.kept_name(branch, sending)
    body = {**_source(call, branch, listed), "preserve_under_name": name}
    answer = API.change(access, sending, "POST", f"{wire.branch_path(access, branch)}/restore", body=body)
    text = f"Neon began to restore {branch['name']}; the state before it is kept as {name}."
    return judging.outcome(
        answer, f"restore {branch['name']}", API.said(access, answer), text, ("branch", branch["id"]), kept=name
    )


def preview(access: Access, call: Call, sending: Sending) -> Outcome:
    """Make a branch with a compute of the wanted point."""
    name, point = call.parameters["name"], limits.point_of(call.parameters)
    listed, branch = _look(access)
    if found := wire.named(listed, name):
        if another := standing.differs(found, point):
            return refused(f"{another} Nothing was sent. Choose another name.")
        return judging.already(f"The preview {name} is there already.")
    if reasons := _before(lambda: limits.outside_window(access, branch, point, datetime.now(UTC))):
        return refused(f"{' '.join(reasons)} Nothing was sent.")
    wanted = {"name": name, "parent_id": branch["id"], **point.body("parent")}
    return _make(access, sending, wanted, [{"type": "read_write"}], f"Neon began to make {name} of {point.written}.")


def delete_preview(access: Access, call: Call, sending: Sending) -> Outcome:
    """Delete a preview; a branch that could be anything else is left alone."""
    name = call.parameters["name"]
    listed, _ = _look(access)
    if not (found := wire.named(listed, name)):
        return judging.already(f"There was no branch {name} to delete.")
    children = [one["name"] for one in listed if dig(one, "parent_id") == found["id"]]
    if found["name"] != name or dig(found, "default") or not dig(found, "parent_id") or children:
        why = f"{', '.join(children)} was made of it" if children else "it is no preview"
        return refused(f"{name} was not deleted: {why}. Nothing was sent.")
    answer = API.change(access, sending, "DELETE", wire.branch_path(access, found))
    if answer.status == 204:
        return judging.already(f"There was no branch {name} to delete.")
    said = API.said(access, answer)
    return judging.outcome(answer, f"delete {name}", said, f"Neon deleted {name}.", ("branch", found["id"]))


def safety_copy(access: Access, call: Call, sending: Sending) -> Outcome:
    """Keep the branch as it is now, as a branch without a compute or as a snapshot."""
    listed, branch = _look(access)
    name, ending = standing.copy_name(branch, sending), f"-copy-{standing.suffix(sending)}"
    if call.parameters.get("kind") != "snapshot":
        if standing.ending_in(listed, ending):
            return judging.already(f"The copy {name} is there already.")
        return _make(access, sending, {"name": name, "parent_id": branch["id"]}, [], f"Neon began to make {name}.")
    if standing.ending_in(_before(lambda: wire.snapshots(access)), ending):
        return judging.already(f"The snapshot {name} is there already.")
    path = f"{wire.branch_path(access, branch)}/snapshot"
    answer = API.change(access, sending, "POST", path, {"name": name})
    said, text = API.said(access, answer), f"Neon took the snapshot {name} of {branch['name']}."
    return judging.outcome(answer, f"take a snapshot of {branch['name']}", said, text, ("snapshot", ""))


def refusals(access: Access, call: Call, branch: Record, listed: list[Record]) -> Sequence[str]:
    """Return why this restore cannot be done at all. Raises ProviderError."""
    found = limits.restricted(branch)
    if call.action == "restore":
        return [*found, *limits.outside_window(access, branch, limits.point_of(call.parameters), datetime.now(UTC))]
    name = call.parameters["preserved"]
    source = wire.named(listed, name)
    if not source:
        return [*found, f"Neon shows no branch “{quoted(name)}” in this project."]
    if source["id"] == branch["id"]:
        return [*found, f"{branch['name']} cannot be put in its own place."]
    return found if wire.settled(source) else [*found, f"Neon is still changing {source['name']}; wait until it has."]


def _look(access: Access) -> tuple[list[Record], Record]:
    listed = _before(lambda: wire.branches(access))
    return listed, wire.target(access, listed)


def _before(read: Callable[[], Found]) -> Found:
    """Return what `read` reads before anything is sent. Raises NotNow where asking again may help."""
    try:
        return read()
    except (NotSent, Denied):
        raise
    except ProviderError as error:
        raise NotNow(Outcome(OutcomeKind.RETRY_LATER, f"{error} Nothing was sent.", retryable=True)) from None


def _source(call: Call, branch: Record, listed: list[Record]) -> dict[str, str]:
    """Return what to restore from: a point of the branch's own history, or the head of another branch."""
    if call.action == "restore":
        return {"source_branch_id": branch["id"], **limits.point_of(call.parameters).body("source")}
    source = wire.named(listed, call.parameters["preserved"])
    assert source is not None  # `refusals` has found it
    return {"source_branch_id": source["id"]}


def _make(access: Access, sending: Sending, wanted: Record, endpoints: list[dict[str, str]], text: str) -> Outcome:
    body: dict[str, Any] = {"branch": wanted, **({"endpoints": endpoints} if endpoints else {})}
    path = f"{wire.project_path(access)}/branches"
    answer = API.change(access, sending, "POST", path, body=body)
    said = API.said(access, answer)
    return judging.outcome(answer, f"make the branch {wanted['name']}", said, text, ("branch", ""))
