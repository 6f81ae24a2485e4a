"""Prove that flags of the environment are on or off. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Call, CheckResult, ProviderError
from apps.providers.endings import dig
from apps.providers.launchdarkly import judging
from apps.providers.launchdarkly.wire import read_flag


def flag_state(access: Access, call: Call) -> CheckResult:
    """Say for each flag whether it is as wanted. Raises ProviderError where LaunchDarkly cannot be read."""
    environment = access.settings.get("environment_key", "")
    wanted, readings = call.parameters["state"] == "on", []
    for flag in dict.fromkeys(call.parameters["flags"]):
        body = read_flag(access, flag)
        state = dig(body, "environments", environment, "on")
        if not isinstance(state, bool):
            raise ProviderError(f"LaunchDarkly does not tell the state of {flag} in the environment {environment}.")
        readings.append(("done" if state is wanted else "failed", f"{flag} is {judging.words(body, environment)}"))
    wrong = [text for mark, text in readings if mark == "failed"]
    if wrong:
        return CheckResult(False, f"In {environment}: {'; '.join(wrong)}.", tuple(readings))
    return CheckResult(True, f"In {environment} every flag is {call.parameters['state']}.", tuple(readings))
