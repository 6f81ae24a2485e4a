"""What people can be asked to agree on, and what an answer may depend on: the words that rules are written in."""

from __future__ import annotations

QUESTIONS: dict[str, str] = {
    "rollback.start": "Start a rollback",
    "rollback.step": "Let a step of a rollback begin",
    "rollback.skip": "Leave a step out",
    "rollback.adopt": "Take a step as done",
    "rollback.retry": "Send a step again",
    "hotfix.gate": "Let a hotfix go on",
    "playbook.publish": "Publish a playbook",
    "message.external": "Send a message to customers",
    "freeze.lift": "Allow again what was stopped",
    "deployment.redeploy": "Deploy again after a rollback",
}

SEVERITIES = ("P0", "P1", "P2", "P3")

RESTORE = "restore"
DESTRUCTIVE = "destructive"
DATA_LOSS = "data_loss"
EXTERNALLY_VISIBLE = "externally_visible"
MANY_USERS = "many_users"

IMPACTS: dict[str, str] = {
    RESTORE: "it restores or changes a database",
    DESTRUCTIVE: "one of its steps destroys something",
    DATA_LOSS: "something is lost for good",
    EXTERNALLY_VISIBLE: "customers see the incident",
    MANY_USERS: "more than half of the users are affected",
}

# What the deed itself does; a rule about it is a rule of the procedure. The others are said of the incident.
OF_THE_PROCEDURE = frozenset({RESTORE, DESTRUCTIVE, DATA_LOSS})

MANY_USERS_PERCENT = 50  # S4-07, S5-49: "more than half of the users"


def impacts_of_incident(*, externally_visible: bool | None, affected_users_percent: float | None) -> frozenset[str]:
    """Return the impacts that an incident has by what was declared of it."""
    found = {EXTERNALLY_VISIBLE} if externally_visible else set()
    if affected_users_percent is not None and affected_users_percent > MANY_USERS_PERCENT:
        found.add(MANY_USERS)
    return frozenset(found)
