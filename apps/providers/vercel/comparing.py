"""The check that environment variables are as a deployment was built with: what changed, by name and time."""

from __future__ import annotations

from apps.providers.base import Access, Call, Check, CheckResult, Parameter, ProviderError
from apps.providers.calling import credential
from apps.providers.endings import quoted
from apps.providers.variables import ADDED, REMOVED, Change, changes
from apps.providers.vercel import reading, variables

VARIABLES_UNCHANGED = Check(
    name="variables_unchanged",
    title="Environment variables are those of a deployment",
    parameters=(
        Parameter("deployment", "Deployment", help="The id of the deployment whose variables are wanted."),
        Parameter(
            "compared_with",
            "Compared with",
            kind="choice",
            required=False,
            choices=("project", "live"),
            help="project (as it would be built now, the default) or live (as the live deployment was built).",
        ),
    ),
)
SHOWN = 20


def examine(access: Access, call: Call) -> CheckResult:
    """Compare by fingerprints where values can be read, else by times. Raises ProviderError."""
    source, key = call.parameters["deployment"], credential(access, "token", "Vercel").encode()
    other, named = "", "the project"
    if call.parameters.get("compared_with") == "live":
        other = reading.production(access).live.reference
        if not other:
            raise ProviderError("Vercel does not say which single deployment is live.")
        named = f"the live deployment {other}"
    found = changes(variables.snapshot(access, key, source), variables.snapshot(access, key, other))
    if not found:
        text = f"The environment variables of {named} are those of {source}."
        return CheckResult(True, text, (("done", text),))
    lines = tuple(("failed", _line(one)) for one in found[:SHOWN])
    names = ", ".join(quoted(one.name) for one in found[:SHOWN])
    return CheckResult(False, f"{len(found)} variables of {named} differ from {source}: {names}.", lines)


def _line(change: Change) -> str:
    when = f" on {change.changed_at:%Y-%m-%d %H:%M} UTC" if change.changed_at else ""
    known = change.kind in (ADDED, REMOVED) or (change.before and change.after)
    how = "" if known else " (told by its time: the value cannot be read)"
    return f"{quoted(change.name)}: {change.kind}{when}{how}"
