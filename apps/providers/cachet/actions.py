"""The actions of Cachet, as data, and what a call of one may not say. They are named as for every status page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.providers.base import Action, IdempotencyClass, Parameter, Reversibility, Risk
from apps.providers.cachet.wire import COMPONENT_STATES
from apps.providers.endings import quoted

LONGEST_NAME, LONGEST_BODY = 255, 25_000  # characters
STATES = ("investigating", "identified", "monitoring")
INCIDENT = Parameter("incident", "Incident", help="Cachet's number, or the exact name of an incident that is open.")
BODY = Parameter("body", "Text", help="What visitors and subscribers read.")
COMPONENTS = Parameter(
    "components", "Components", kind="json", required=False, help='State by name or id: {"API": "partial_outage"}.'
)
NOTIFY = Parameter("notify", "Tell subscribers", kind="yes_no", required=False, help="Yes unless said otherwise.")

CREATE = Action(
    name="create",
    title="Open an incident on the status page",
    parameters=(
        Parameter("name", "Name"),
        BODY,
        Parameter("status", "Status", kind="choice", choices=STATES, required=False, help="Investigating when empty."),
        COMPONENTS,
        NOTIFY,
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Resolve the incident, or delete it in Cachet; subscribers have been told.",
    usual_seconds=2,
    gives_up_seconds=180,
    settle_seconds=2,
)
UPDATE = Action(
    name="update",
    title="Add an update to an incident on the status page",
    parameters=(
        INCIDENT,
        BODY,
        Parameter("status", "Status", kind="choice", choices=STATES, required=False, help="Stays when empty."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Correct the update in Cachet; subscribers have been told.",
    usual_seconds=2,
    gives_up_seconds=180,
    settle_seconds=2,
)
RESOLVE = Action(
    name="resolve",
    title="Resolve an incident on the status page",
    parameters=(INCIDENT, BODY),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Add an update with another status; subscribers have been told.",
    usual_seconds=2,
    gives_up_seconds=180,
    settle_seconds=2,
)
COMPONENT_STATUS = Action(
    name="component_status",
    title="Set the status of a component on the status page",
    parameters=(
        Parameter("component", "Component", help="Its id or exact name."),
        Parameter("status", "Status", kind="choice", choices=tuple(COMPONENT_STATES)),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Set the status that it had before.",
    usual_seconds=2,
    gives_up_seconds=180,
    settle_seconds=2,
    inverse="component_status",
    reversibility=Reversibility.AUTOMATIC,
)


def misworded(parameters: Mapping[str, Any]) -> Sequence[str]:
    """Return what Cachet would not take: texts that are too long, components that are no map of states."""
    found = []
    for name, longest in (("name", LONGEST_NAME), ("body", LONGEST_BODY)):
        if len(parameters.get(name) or "") > longest:
            found.append(f"“{name}” is longer than {longest} characters.")
    components = parameters.get("components")
    if components is not None and not isinstance(components, dict):
        return [*found, "“components” must map names to states."]
    for name, state in (components or {}).items():
        if state not in COMPONENT_STATES:
            found.append(f"“{quoted(name)}” cannot be “{quoted(state)}”, only one of: {', '.join(COMPONENT_STATES)}.")
    return found
