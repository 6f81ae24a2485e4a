"""LaunchDarkly: turn feature flags of one environment off or on, one flag per request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apps.providers.base import (
    Access,
    Action,
    Call,
    Check,
    CheckResult,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    OutcomeKind,
    Parameter,
    Provider,
    ProviderError,
    Reversibility,
    Risk,
    Seen,
    Sending,
)
from apps.providers.calling import segment
from apps.providers.endings import dig, ends_in_an_observation, ends_in_an_outcome, refused
from apps.providers.examining import ends_in_a_check_result
from apps.providers.hooks import WEBHOOK_SECRET, Hook
from apps.providers.launchdarkly import approving, checking, examining_flags, judging
from apps.providers.launchdarkly.wire import API, LONGEST_KEY, SEMANTIC_PATCH, flag_path, read_flag

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
FLAGS_ON = replace(
    FLAGS_OFF,
    name="flags_on",
    title="Turn feature flags on",
    risk=Risk.DISRUPTIVE,
    undo="Turn the same flags off again.",
    inverse="flags_off",
)
FLAG_STATE = Check(
    name="flag_state",
    title="Flags are on or off",
    parameters=(
        Parameter("flags", "Flags", kind="list", help="Flag keys."),
        Parameter("state", "State", kind="choice", choices=("off", "on")),
    ),
)


class LaunchDarkly(Provider):
    """Feature flags of one LaunchDarkly project and environment."""

    slug = "launchdarkly"
    name = "LaunchDarkly"
    default_base_url = API.default_base_url
    settings = (
        Field("project_key", "Project key", placeholder="default"),
        Field("environment_key", "Environment key", placeholder="production"),
    )
    credentials = (
        Field("token", "Access token", help="A service token (api-…) that may update flags; no SDK key."),
        WEBHOOK_SECRET,
    )
    hook = Hook("X-LD-Signature", "sha256", identity=("_id",), event=("kind",))
    actions = (FLAGS_OFF, FLAGS_ON)
    checks = (FLAG_STATE,)
    roles = ("flags",)
    support = "https://support.launchdarkly.com"

    def problems(self, call: Call) -> Sequence[str]:
        """Say which keys cannot be flag keys, besides what every provider checks."""
        return super().problems(call) or _odd_keys(call)

    def check_problems(self, call: Call) -> Sequence[str]:
        """Say which keys cannot be flag keys, besides what every provider checks."""
        if found := super().check_problems(call):
            return found
        return _odd_keys(call) if _flags(call) else ("“flags” is empty, so there is nothing to prove.",)

    def check(self, access: Access) -> list[Finding]:
        """Sign in, look for project and environment and whether it wants approvals; change nothing."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Say whether the flags are on or off, as wanted."""
        return examining_flags.flag_state(access, call)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say which of the flags are on; wanted is that all of them are as the action says."""
        wanted, environment = _wants(call), access.settings.get("environment_key", "")
        states, readings = {}, {}
        for flag in _flags(call):
            body = read_flag(access, flag)
            states[flag] = dig(body, "environments", environment, "on")
            if not isinstance(states[flag], bool):
                text = f"LaunchDarkly does not tell the state of {flag} in the environment {environment}."
                return Observation(Seen.UNREADABLE, text)
            readings[flag] = judging.words(body, environment)
        if not states:
            return Observation(Seen.DESIRED, "No flags are named, so there is nothing to change.")
        seen = Seen.DESIRED if all(state is wanted for state in states.values()) else Seen.OTHER
        summary = "; ".join(f"{flag} is {'on' if state else 'off'}" for flag, state in states.items())
        return Observation(seen, f"In {environment}: {summary}.", states, readings)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Turn the one flag of this part off or on."""
        flags = _flags(call)
        if not flags:
            text = "No flags are named, so there was nothing to change and nothing was sent."
            return Outcome(OutcomeKind.SUCCEEDED, text)
        if len(flags) > 1:
            return refused("Several flags were asked for in one request. Nothing was sent.", needs_operator=True)
        environment, wanted = access.settings.get("environment_key", ""), _wants(call)
        body: dict[str, Any] = {
            "environmentKey": environment,
            "comment": sending.reason,
            "instructions": [{"kind": "turnFlagOn" if wanted else "turnFlagOff"}],
        }
        headers = {"Content-Type": SEMANTIC_PATCH}
        answer = API.change(access, sending, "PATCH", flag_path(access, flags[0]), body=body, headers=headers)
        said = API.said(access, answer)
        if approving.wanted(answer, said):
            standing = approving.standing(access, flags[0], body["instructions"][0]["kind"])
            return judging.needs_approval(answer, said, flags[0], environment, wanted, standing)
        return judging.outcome(answer, said, flags[0], environment, wanted)

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that puts back the flags that this one changes."""
        wanted = _wants(call)
        changed = [flag for flag in _flags(call) if baseline.identity.get(flag) is (not wanted)]
        return Call(self.action(call.action).inverse, {"flags": changed}) if changed else None

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what a switched flag does not change."""
        return (
            "Applications keep a flag's last value until LaunchDarkly has streamed the new one to them.",
            "A flag that is off serves its off variation, which need not be “false”.",
            "Flags that have a switched flag as their prerequisite change what they serve with it.",
        )

    def link(self, access: Access, call: Call) -> str:
        """Return the page of the first flag."""
        if not (flags := _flags(call)) or access.base_url not in ("", self.default_base_url):
            return ""
        project, environment = access.settings.get("project_key"), access.settings.get("environment_key")
        return f"{self.default_base_url}/projects/{project}/flags/{flags[0]}/targeting?env={environment}"


def _odd_keys(call: Call) -> list[str]:
    found = []
    for flag in _flags(call):
        try:
            segment(flag, "a flag key", LONGEST_KEY)
        except ProviderError as error:
            found.append(str(error))
    return found


def _wants(call: Call) -> bool:
    return call.action == "flags_on"


def _flags(call: Call) -> list[str]:
    return [call.part] if call.part else list(dict.fromkeys(call.parameters.get("flags") or ()))
