"""Feature flags of PostHog: found by key, switched by number, one flag per request.

Source: PostHog/terraform-provider-posthog internal/httpclient/feature_flags.go; ids are numbers, not keys.
"""

from __future__ import annotations

from typing import Any

from apps.providers.base import (
    Access,
    Action,
    Call,
    IdempotencyClass,
    Observation,
    Outcome,
    OutcomeKind,
    Parameter,
    ProviderError,
    Reversibility,
    Risk,
    Seen,
    Sending,
)
from apps.providers.endings import LOOK, dig, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer
from apps.providers.posthog.wire import API, listed, project_path

FLAGS_OFF = Action(
    name="flags_off",
    title="Turn feature flags off",
    parameters=(Parameter("flags", "Flags", kind="list", help="Flag keys; an empty list changes nothing."),),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Turn the same flags on again.",
    usual_seconds=2,
    gives_up_seconds=30,
    settle_seconds=1,
    parts_of="flags",
    inverse="flags_on",
    reversibility=Reversibility.AUTOMATIC,
)
FLAGS_ON = Action(
    name="flags_on",
    title="Turn feature flags on",
    parameters=FLAGS_OFF.parameters,
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Turn the same flags off again.",
    usual_seconds=2,
    gives_up_seconds=30,
    settle_seconds=1,
    parts_of="flags",
    inverse="flags_off",
    reversibility=Reversibility.AUTOMATIC,
)
SWITCHES = (FLAGS_OFF.name, FLAGS_ON.name)


def observed(access: Access, call: Call) -> Observation:
    """Say which of the flags are on; wanted is that all of them are as the action says. Raises ProviderError."""
    wanted, states = _wants(call), {}
    known = _known(access) if _flags(call) else {}
    for flag in _flags(call):
        states[flag] = dig(_one(known, flag), "active")
        if not isinstance(states[flag], bool):
            return Observation(Seen.UNREADABLE, f"PostHog does not tell whether {quoted(flag)} is on.")
    if not states:
        return Observation(Seen.DESIRED, "No flags are named, so there is nothing to change.")
    seen = Seen.DESIRED if all(state is wanted for state in states.values()) else Seen.OTHER
    summary = "; ".join(f"{flag} is {'on' if state else 'off'}" for flag, state in states.items())
    return Observation(seen, f"In PostHog: {summary}.", states)


def switched(access: Access, call: Call, sending: Sending) -> Outcome:
    """Turn the one flag of this part off or on. Raises ProviderError before anything is sent."""
    flags, wanted = _flags(call), _wants(call)
    if not flags:
        text = "No flags are named, so there was nothing to change and nothing was sent."
        return Outcome(OutcomeKind.SUCCEEDED, text)
    if len(flags) > 1:
        return refused("Several flags were asked for in one request. Nothing was sent.", needs_operator=True)
    number = dig(_one(_known(access), flags[0]), "id")
    if not isinstance(number, int):
        return refused(f"PostHog does not tell the number of the flag {quoted(flags[0])}. Nothing was sent.")
    path = f"{project_path(access)}/feature_flags/{number}/"
    answer = API.change(access, sending, "PATCH", path, body={"active": wanted})
    return _judged(answer, API.said(access, answer), flags[0], wanted)


def inverse_of(call: Call, baseline: Observation) -> Call | None:
    """Return the call that puts back the flags that this one changes."""
    changed = [flag for flag in _flags(call) if baseline.identity.get(flag) is (not _wants(call))]
    other = FLAGS_OFF.name if _wants(call) else FLAGS_ON.name
    return Call(other, {"flags": changed}) if changed else None


def _judged(answer: Answer, said: str, flag: str, wanted: bool) -> Outcome:
    word = "on" if wanted else "off"
    if not answer.ok:
        return outcome_of(answer, f"turn {quoted(flag)} {word}", said)
    body = answer.json()
    if dig(body, "key") != flag or dig(body, "active") is not wanted:
        return unknown(f"PostHog answered {answer.status}, but does not show {quoted(flag)} {word}. {LOOK}", answer)
    return Outcome(OutcomeKind.SUCCEEDED, f"PostHog turned {quoted(flag)} {word}.", status=answer.status)


def _known(access: Access) -> dict[str, Any]:
    """Return every flag that is not deleted, by its key."""
    found = listed(access, f"{project_path(access)}/feature_flags/", {}, "The feature flags")
    return {str(dig(one, "key")): one for one in found if not dig(one, "deleted")}


def _one(known: dict[str, Any], flag: str) -> Any:
    if flag not in known:
        raise ProviderError(f"PostHog knows no feature flag {quoted(flag)} in this project. Correct the list of flags.")
    return known[flag]


def _wants(call: Call) -> bool:
    return call.action == FLAGS_ON.name


def _flags(call: Call) -> list[str]:
    return [call.part] if call.part else list(dict.fromkeys(call.parameters.get("flags") or ()))
