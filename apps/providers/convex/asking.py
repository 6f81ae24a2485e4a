"""Ask a deployment as anybody could: a public query function, and whether it answers at all."""

from __future__ import annotations

import json

from apps.providers.base import Access, Call, CheckResult, ProviderError
from apps.providers.calling import credential
from apps.providers.convex import wire
from apps.providers.convex.wire import PUBLIC
from apps.providers.endings import dig, quoted


def function(access: Access, call: Call) -> CheckResult:
    """Call the query function without signing in; one that fails does not hold. Raises ProviderError."""
    credential(access, "deploy_key", "Convex")  # not sent: a connection that was never finished asks nothing
    given, name = call.parameters, call.parameters["function"]
    try:
        value = wire.call(PUBLIC, access, name, given.get("args") or {})
    except wire.FunctionFailed as failed:
        return CheckResult(False, str(failed), (("failed", str(failed)),))
    written, holds = json.dumps(value, ensure_ascii=False, sort_keys=True), True
    if given.get("equals") is not None:
        holds = value == given["equals"]
    if given.get("contains"):
        holds = holds and given["contains"] in written
    text = f"{name} gives {quoted(written)}{'.' if holds else ', which is not what is wanted.'}"
    return CheckResult(holds, text, (("done" if holds else "failed", text),))


def health(access: Access) -> CheckResult:
    """Ask for the time of the newest data, which needs no function of one's own. Raises ProviderError."""
    credential(access, "deploy_key", "Convex")
    answer = PUBLIC.read(access, "/api/query_ts", method="POST", body={}, base_url=wire.home(access))
    if answer.status >= 500:
        text = f"Convex answered {answer.status} in {answer.seconds * 1000:.0f} ms."
        return CheckResult(False, text, (("failed", text),))
    if not answer.ok:
        raise PUBLIC.unreadable(access, answer, "The time of the newest data")
    stamp = wire.whole_number({"$integer": dig(answer.json(), "ts")})
    if stamp is None:
        raise ProviderError("Convex answered without the time of its newest data.")
    text = f"Convex answered in {answer.seconds * 1000:.0f} ms; its data are of {wire.moment_of(stamp):%H:%M:%S} UTC."
    return CheckResult(True, text, (("done", text),))
