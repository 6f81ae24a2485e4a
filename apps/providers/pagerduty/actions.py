"""What PagerDuty can be asked to do, as data."""

from __future__ import annotations

from dataclasses import replace

from apps.providers.base import Action, IdempotencyClass, Parameter, Risk

LONGEST_SUMMARY = 1024
INCIDENT = Parameter("incident", "Incident", help="PagerDuty's id or number of the incident.")
WHICH = (
    Parameter("incident", "Incident", required=False, help="PagerDuty's id or number; or give the key."),
    Parameter("key", "Key", required=False, help="The key that the incident was triggered with."),
)
TRIGGER = Action(
    name="trigger",
    title="Page the people on call",
    parameters=(
        Parameter("summary", "Summary", help="At most 1024 characters."),
        Parameter("key", "Key", required=False, help="One of your own, to acknowledge or resolve it by later."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.KEYED,
    undo="Resolve the incident in PagerDuty; people have been paged.",
    usual_seconds=2,
    gives_up_seconds=60,
    settle_seconds=2,
)
NOTE = Action(
    name="note",
    title="Add a note to an incident",
    parameters=(INCIDENT, Parameter("content", "Text")),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Delete the note in PagerDuty.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=2,
)
ACKNOWLEDGE = Action(
    name="acknowledge",
    title="Acknowledge an incident",
    parameters=WHICH,
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="PagerDuty takes an acknowledgement back by itself after the service's time-out, or a person does.",
    usual_seconds=2,
    gives_up_seconds=60,
    settle_seconds=2,
)
RESOLVE = replace(
    ACKNOWLEDGE,
    name="resolve",
    title="Resolve an incident",
    parameters=(*WHICH, Parameter("resolution", "Resolution", required=False, help="What stands in its timeline.")),
    risk=Risk.DISRUPTIVE,
    undo="Reopen the incident in PagerDuty, or page again.",
)
STATUS_UPDATE = Action(
    name="status_update",
    title="Tell an incident's stakeholders",
    parameters=(INCIDENT, Parameter("message", "Message"), Parameter("subject", "Subject", required=False)),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    undo="Stakeholders have been told. Tell them a correction.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=0,
    max_attempts=1,
)
REQUEST_RESPONDERS = Action(
    name="request_responders",
    title="Ask people to join an incident",
    parameters=(
        INCIDENT,
        Parameter("message", "Message"),
        Parameter("users", "People", kind="list", required=False, help="PagerDuty's ids of users."),
        Parameter("policies", "Escalation policies", kind="list", required=False, help="PagerDuty's ids."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Cancel the request in PagerDuty; people have been called.",
    usual_seconds=2,
    gives_up_seconds=30,
    settle_seconds=2,
)
ACTIONS = (TRIGGER, NOTE, ACKNOWLEDGE, RESOLVE, STATUS_UPDATE, REQUEST_RESPONDERS)
