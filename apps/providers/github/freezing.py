"""Freeze a branch by a ruleset of our own, and lift that freeze: nobody but the bypass list may change the branch."""

from __future__ import annotations

from functools import partial
from typing import Any

from apps.providers.base import Access, Call, Observation, Outcome, ProviderError, Seen, Sending
from apps.providers.endings import dig, refused
from apps.providers.github import judging, reading
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.wire import API, ask, listed, repository, said

RULES = ("update", "deletion", "non_fast_forward")


def ruleset_name(branch: str) -> str:
    """Return the name of our ruleset for a branch; it is how the freeze is found again."""
    return f"Freeze of {branch} by Rollback Portal"


def _observe_frozen(access: Access, call: Call, sending: Sending | None) -> Observation:
    return _seen(access, call, wanted=True)


def _observe_lifted(access: Access, call: Call, sending: Sending | None) -> Observation:
    return _seen(access, call, wanted=False)


def _seen(access: Access, call: Call, *, wanted: bool) -> Observation:
    branch = _branch(access, call)
    rulesets = _ours(access, branch)
    frozen = any(dig(one, "enforcement") == "active" for one in rulesets)
    gone = not rulesets
    state = "frozen" if frozen else "free" if gone else "switched off"
    words = {"frozen": "is frozen", "free": "is not frozen", "switched off": "has a freeze that is switched off"}
    seen = Seen.DESIRED if (frozen if wanted else gone) else Seen.OTHER
    return Observation(seen, f"{branch} {words[state]}.", {"freeze": state})


def _apply_frozen(access: Access, call: Call, sending: Sending) -> Outcome:
    """Make the ruleset, or switch the one that is there on again."""
    branch = prepared(partial(_branch, access, call))
    there = prepared(partial(_ours, access, branch))
    path, body = f"{repository(access)}/rulesets", _ruleset(access, branch)
    if there:
        answer = API.change(access, sending, "PUT", f"{path}/{dig(there, 0, 'id')}", body=body)
    else:
        answer = API.change(access, sending, "POST", path, body=body)
    if not answer.ok:
        return _no_freeze(access, answer, branch)
    made = answer.json()
    if dig(made, "name") != body["name"] or dig(made, "enforcement") != "active":
        return judging.unconfirmed(answer, "an active ruleset")
    page = str(dig(made, "_links", "html", "href") or "")
    return judging.confirmed(answer, f"GitHub froze {branch}.", evidence={"ruleset": dig(made, "id")}, page=page)


def _apply_lifted(access: Access, call: Call, sending: Sending) -> Outcome:
    """Delete our ruleset; one that is gone already is lifted."""
    branch = prepared(partial(_branch, access, call))
    there = prepared(partial(_ours, access, branch))
    if not there:
        return judging.there(f"{branch} is not frozen by us.", {})
    number = dig(there, 0, "id")
    answer = API.change(access, sending, "DELETE", f"{repository(access)}/rulesets/{number}")
    if answer.status == 404:
        return judging.there(f"The freeze of {branch} was gone already.", {})
    if not answer.ok:
        return judging.failed(access, answer, f"lift the freeze of {branch}")
    if answer.status != 204:
        return judging.unconfirmed(answer, "the end of the freeze")
    return judging.confirmed(answer, f"GitHub lifted the freeze of {branch}.", evidence={"ruleset": number})


def _no_freeze(access: Access, answer: Any, branch: str) -> Outcome:
    words = said(access, answer)
    if answer.status == 403 and "upgrade" in words.lower():
        text = f"GitHub's plan has no rulesets for this private repository: “{words}”. {branch} was not frozen."
        return refused(f"{text} Upgrade to Pro or Team, or hold releases back by hand.", answer=answer)
    return judging.failed(access, answer, f"freeze {branch}")


def _ruleset(access: Access, branch: str) -> dict[str, Any]:
    """Return the ruleset; without the app on the bypass list the portal would lock itself out as well."""
    app = access.settings.get("app_id", "").strip()
    bypass = [{"actor_id": int(app), "actor_type": "Integration", "bypass_mode": "always"}] if app.isdigit() else []
    return {
        "name": ruleset_name(branch),
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": [{"type": kind} for kind in RULES],
        "bypass_actors": bypass,
    }


def _ours(access: Access, branch: str) -> list[Any]:
    """Return our rulesets for a branch, those in force first. Raises ProviderError.

    A list may leave out what is needed to tell, so each is a dict with its name, or the answer is no list of rulesets.
    """
    query = {"includes_parents": "false"}
    found = list(listed(access, "/rulesets", query, what="The rulesets"))
    if any(not isinstance(dig(one, "name"), str) for one in found):
        raise ProviderError("GitHub answered with something that is not a list of rulesets.")
    ours = [one for one in found if dig(one, "name") == ruleset_name(branch)]
    full = [one if dig(one, "enforcement") else ask(access, f"/rulesets/{dig(one, 'id')}") for one in ours]
    return sorted(full, key=lambda one: dig(one, "enforcement") != "active")


def _branch(access: Access, call: Call) -> str:
    return str(call.parameters.get("branch") or reading.production_branch(access))


FROZEN = Deed(_observe_frozen, _apply_frozen)
LIFTED = Deed(_observe_lifted, _apply_lifted)
