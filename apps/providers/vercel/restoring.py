"""Put an environment variable back to the value that an earlier deployment was built with.

The value goes from Vercel to Vercel: it is never in the plan, in an event or in a sentence. It does nothing until
something is built again. Sensitive variables never tell their value, so people put those back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apps.providers.base import Access, Call, Observation, Outcome, OutcomeKind, ProviderError, Seen, Sending
from apps.providers.calling import Denied, credential, segment
from apps.providers.endings import LOOK, dig, quoted, refused, unknown
from apps.providers.http import Answer
from apps.providers.variables import fingerprint
from apps.providers.vercel import judging, reading, variables, wire
from apps.providers.vercel.actions import PUT_VARIABLE_BACK
from apps.providers.vercel.variables import PRODUCTION, Kept
from apps.providers.vercel.ways import Way
from apps.providers.vercel.wire import API

SAME_AS = "as in"


class ByHand(ProviderError):
    """Only people can put it back, because Vercel does not tell the value."""


@dataclass(frozen=True)
class Place:
    """A variable as it is now (`kept` is None where production has none of that name) and the value wanted."""

    kept: Kept | None
    value: str | None
    wanted: str


def observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether production's variable has the value that the deployment was built with."""
    name, source = call.parameters["variable"], call.parameters["deployment"]
    place = _place(access, call)
    kept = place.kept
    changed = kept.changed_at.isoformat() if kept and kept.changed_at else ""
    identity = {"variable": kept.id if kept else "absent", "changed": changed}
    key = credential(access, "token", "Vercel").encode()
    readings = {"wanted": fingerprint(key, name, place.wanted)}
    if place.value is not None:
        readings["now"] = fingerprint(key, name, place.value)
    if place.value == place.wanted:
        text = f"{quoted(name)} has the value that {source} was built with."
        return Observation(Seen.DESIRED, text, identity, readings, datetime.now(UTC))
    if place.value is None:
        text = f"Production has no {quoted(name)}; {source} was built with one."
        return Observation(Seen.OTHER, text, identity, readings, datetime.now(UTC))
    readings[SAME_AS] = _same_as(access, name, place.value)
    others = [target for target in kept.targets if target != PRODUCTION] if kept else []
    shared = f" It is shared with {', '.join(others)}, which change with it." if others else ""
    when = f", changed {kept.changed_at:%Y-%m-%d %H:%M} UTC" if kept and kept.changed_at else ""
    text = f"{quoted(name)} has another value than {source} was built with{when}.{shared}"
    return Observation(Seen.OTHER, text, identity, readings, datetime.now(UTC))


def apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Set the variable to the deployment's value, or make it again where it is gone."""
    name, source = call.parameters["variable"], call.parameters["deployment"]
    try:
        place = _place(access, call)
    except ByHand as error:
        return refused(f"{error} Nothing was sent.", needs_operator=True)
    base = f"projects/{wire.project_path(access)}/env"
    if place.kept:
        path = f"/v9/{base}/{segment(place.kept.id, 'a variable id')}"
        answer = API.change(access, sending, "PATCH", path, wire.scope(access), body={"value": place.wanted})
    else:
        body = {"key": name, "value": place.wanted, "type": "encrypted", "target": [PRODUCTION]}
        answer = API.change(access, sending, "POST", f"/v10/{base}", wire.scope(access), body=body)
    doing = f"put {quoted(name)} back to its value of {source}"
    if not answer.ok:
        return judging.refusal(access, answer, doing, secret=place.wanted)
    return _accepted(answer, name, doing, place.wanted)


def inverse(call: Call, baseline: Observation) -> Call | None:
    """Return the call that puts the value back that it had; None where no live deployment was built with that."""
    source = str(baseline.readings.get(SAME_AS) or "")
    if not source or baseline.seen is not Seen.OTHER:
        return None
    return Call(PUT_VARIABLE_BACK.name, {"variable": call.parameters["variable"], "deployment": source})


def stays(call: Call) -> Sequence[str]:
    """Say what a changed variable does not change."""
    return (
        "Deployments that are built already: they keep the value they were built with until one is built again.",
        "Variables of one branch only, of other environments and shared ones of the team.",
    )


def _place(access: Access, call: Call) -> Place:
    """Return the variable now and as wanted. Raises ProviderError, ByHand where Vercel does not tell the value."""
    name, source = call.parameters["variable"], call.parameters["deployment"]
    kept = [one for one in variables.in_production(access) if one.name == name]
    if len(kept) > 1:
        raise ProviderError(f"Vercel has {len(kept)} production variables called {quoted(name)}; change them there.")
    if kept and not kept[0].readable:
        raise ByHand(
            f"{quoted(name)} is sensitive: Vercel never tells its value, so the portal cannot put it back. "
            "Enter the earlier value at Vercel from where you keep it, then build again."
        )
    wanted = _wanted(access, name, source)
    value = variables.project_values(access, kept).get(name)
    if kept and value is None:
        raise ProviderError(f"Vercel does not tell the value of {quoted(name)} to this token.")
    return Place(kept[0] if kept else None, value, wanted)


def _wanted(access: Access, name: str, source: str) -> str:
    try:
        values = variables.deployment_values(access, source)
    except Denied as error:
        raise ByHand(f"{error} Enter the earlier value of {quoted(name)} at Vercel, then build again.") from None
    if name not in values:
        raise ProviderError(f"{source} was built without {quoted(name)}: there is no value to put back.")
    return values[name]


def _same_as(access: Access, name: str, value: str) -> str:
    """Return the live deployment where it was built with this value, else an empty text."""
    try:
        live = reading.production(access).live.reference
        return live if live and variables.deployment_values(access, live).get(name) == value else ""
    except ProviderError:
        return ""  # only the way back is not known then


def _accepted(answer: Answer, name: str, doing: str, secret: str) -> Outcome:
    """Return how an answer of success ended; Vercel answers 201 also when it made nothing (`failed`)."""
    body = answer.json()
    made = dig(body, "created", 0) or dig(body, "created") or body
    failed = dig(body, "failed") or []
    if failed:
        said = quoted(dig(failed, 0, "error", "message") or dig(failed, 0, "error", "code"))
        quote = f" It says: “{said}”." if said and secret not in said else ""
        return refused(f"Vercel could not {doing}.{quote} Nothing was changed.", answer=answer)
    if dig(made, "key") != name:
        return unknown(f"Vercel answered {answer.status}, but not about {quoted(name)}. {LOOK}", answer)
    text = f"Vercel set {quoted(name)}. It counts from the next build on."
    return Outcome(OutcomeKind.SUCCEEDED, text, status=answer.status, evidence={"variable": str(dig(made, "id") or "")})


WAY = Way(observe, apply, stays, inverse=inverse)
