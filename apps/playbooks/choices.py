"""The fixed words that a playbook may choose from."""

from enum import StrEnum


class Kind(StrEnum):
    """Which way the playbook goes: back to a known-good deployment, or forward again after the fix."""

    ROLLBACK = "rollback"
    FORWARD = "forward"


class OnFailure(StrEnum):
    """What the run does when a step has failed for good."""

    HALT = "halt"
    CONTINUE = "continue"
    COMPENSATE = "compensate"


class Audience(StrEnum):
    """Who a message is written for."""

    INTERNAL = "internal"
    STAKEHOLDER = "stakeholder"
    PUBLIC = "public"


class InputKind(StrEnum):
    """What a person fills in when proposing."""

    TEXT = "text"
    LIST = "list"
    CHOICE = "choice"
