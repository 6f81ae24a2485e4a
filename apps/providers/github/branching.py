"""Make branches at GitHub: from a tag, as a copy to be kept, or with the state of an earlier commit."""

from __future__ import annotations

from functools import partial

from apps.providers.base import Access, Call, Observation, Outcome, Seen, Sending
from apps.providers.calling import Denied
from apps.providers.endings import dig, refused
from apps.providers.github import judging, reading
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.wire import API, repository, said

KEPT = "kept-by-rollback-portal"


def kept_name(branch: str, sha: str) -> str:
    """Return the name of the branch that keeps `branch` as it was at a commit."""
    return f"{KEPT}/{branch}-{sha[:12]}"


def _observe_from(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether the branch is there and has the wanted commit; commits on top of it are work, not drift."""
    branch, source = call.parameters["branch"], call.parameters["source"]
    wanted, now = reading.commit_of(access, source), reading.head(access, branch)
    if not now:
        text = f"There is no branch {branch} yet; {source} is {wanted[:7]}."
        return Observation(Seen.OTHER, text, {"branch": "absent", "source": wanted})
    there = reading.distance(access, wanted, now)
    if there.status in ("identical", "ahead"):
        more = f", with {there.ahead} commits on top" if there.ahead else ""
        return Observation(Seen.DESIRED, f"{branch} begins at {source} ({wanted[:7]}){more}.", {"branch": now})
    text = f"{branch} is there already, but at {now[:7]}, which does not come from {source} ({wanted[:7]})."
    return Observation(Seen.OTHER, text, {"branch": now, "source": wanted})


def _apply_from(access: Access, call: Call, sending: Sending) -> Outcome:
    source = call.parameters["source"]
    sha = prepared(partial(reading.commit_of, access, source))
    return _make(access, sending, call.parameters["branch"], sha, f"{source} ({sha[:7]})")


def _observe_kept(access: Access, call: Call, sending: Sending | None) -> Observation:
    branch = _branch(access, call)
    now = reading.head(access, branch)
    if not now:
        raise Denied(f"There is no branch {branch}, so there is nothing to keep.")
    name = kept_name(branch, now)
    if reading.head(access, name) == now:
        return Observation(Seen.DESIRED, f"{branch} as it is now ({now[:7]}) is kept as {name}.", {"head": now})
    return Observation(Seen.OTHER, f"{branch} as it is now ({now[:7]}) is not kept yet.", {"head": now})


def _apply_kept(access: Access, call: Call, sending: Sending) -> Outcome:
    branch = prepared(partial(_branch, access, call))
    now = prepared(partial(reading.head, access, branch))
    if not now:
        return refused(f"There is no branch {branch}, so there is nothing to keep. Nothing was changed.")
    return _make(access, sending, kept_name(branch, now), now, f"{branch} ({now[:7]})")


def _make(access: Access, sending: Sending, branch: str, sha: str, source: str) -> Outcome:
    """Make a branch; one that is there already is left alone, whatever it points to."""
    body = {"ref": f"refs/heads/{branch}", "sha": sha}
    answer = API.change(access, sending, "POST", f"{repository(access)}/git/refs", body=body)
    if answer.status == 422 and "already exists" in said(access, answer).lower():
        return _exists(access, branch, sha)
    doing = f"make the branch {branch} from {source}"
    return judging.reference(access, answer, branch, sha, doing, f"GitHub made the branch {branch} from {source}.")


def _exists(access: Access, branch: str, sha: str) -> Outcome:
    """Return what "Reference already exists" means: done where it is at our commit, else a person's to decide."""
    now = prepared(partial(reading.head, access, branch))
    if now == sha:
        return judging.there(f"The branch {branch} is there already, at {sha[:7]}.", {"branch": branch, "sha": sha})
    text = f"GitHub has a branch {branch} already, at {now[:7]} and not at {sha[:7]}. It was left as it is."
    return refused(f"{text} Choose another name, or look what is on it.", needs_operator=True)


def _observe_restored(access: Access, call: Call, sending: Sending | None) -> Observation:
    branch = call.parameters["branch"]
    commit = reading.commit_of(access, call.parameters["commit"])
    now = reading.head(access, branch)
    if not now:
        text = f"There is no branch {branch} yet; it would have the files of {commit[:7]}."
        return Observation(Seen.OTHER, text, {"branch": "absent", "commit": commit})
    if reading.tree_of(access, now) == reading.tree_of(access, commit):
        return Observation(Seen.DESIRED, f"{branch} has exactly the files of {commit[:7]}.", {"branch": now})
    text = f"{branch} is there already, at {now[:7]}, with other files than {commit[:7]}."
    return Observation(Seen.OTHER, text, {"branch": now, "commit": commit})


def _apply_restored(access: Access, call: Call, sending: Sending) -> Outcome:
    """Make a commit on top of production's with the earlier files, then the branch that shows it.

    A commit that no branch shows is nothing yet, so the two requests may be repeated as a whole.
    """
    branch = call.parameters["branch"]
    commit = prepared(partial(reading.commit_of, access, call.parameters["commit"]))
    base = prepared(partial(reading.production_branch, access))
    top = prepared(partial(reading.head, access, base))
    if not top:
        return refused(f"There is no branch {base} to build on. Nothing was changed.")
    tree = prepared(partial(reading.tree_of, access, commit))
    if prepared(partial(reading.head, access, branch)):
        text = f"GitHub has a branch {branch} already, with other files than {commit[:7]}. Nothing was changed."
        return refused(f"{text} Choose another name.", needs_operator=True)
    message = f"Go back to the state of {commit[:7]}\n\n{sending.reason}\n\n{sending.marker}"
    body = {"message": message, "tree": tree, "parents": [top]}
    answer = API.change(access, sending, "POST", f"{repository(access)}/git/commits", body=body)
    if not answer.ok:
        return judging.failed(access, answer, f"make a commit with the files of {commit[:7]}")
    made = answer.json()
    if not isinstance(sha := dig(made, "sha"), str) or dig(made, "tree", "sha") != tree:
        return judging.unconfirmed(answer, "the commit")
    return _make(access, sending, branch, sha, f"{base}, with the files of {commit[:7]}")


def _branch(access: Access, call: Call) -> str:
    return str(call.parameters.get("branch") or reading.production_branch(access))


FROM = Deed(_observe_from, _apply_from)
KEEP = Deed(_observe_kept, _apply_kept)
RESTORED = Deed(_observe_restored, _apply_restored)
