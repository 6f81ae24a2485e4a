"""How a provider describes itself as data: its settings, its credentials and the actions it offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Risk(StrEnum):
    """How much harm an action can do when it works as designed."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"


class IdempotencyClass(StrEnum):
    """What a repeated call does, which decides what may follow an ambiguous attempt.

    A: sets an absolute state. B: the provider recognises our key. C: leaves something findable by our marker.
    D: none of these, so it is never repeated automatically.
    """

    ABSOLUTE = "A"
    KEYED = "B"
    FINDABLE = "C"
    UNREPEATABLE = "D"


@dataclass(frozen=True)
class Field:
    """One setting or credential of a connection; the form is made from it."""

    name: str
    label: str
    required: bool = True
    help: str = ""
    placeholder: str = ""
    kind: str = "text"  # text, url, email, json


@dataclass(frozen=True)
class Parameter:
    """One parameter of an action. `kind` is text, list or json."""

    name: str
    title: str
    kind: str = "text"
    required: bool = True
    help: str = ""

    def problem(self, value: Any) -> str:
        """Return a sentence when `value` cannot be given for this parameter, else an empty text."""
        if value is None:
            return f"“{self.name}” is missing." if self.required else ""
        if self.kind == "text" and not isinstance(value, str):
            return f"“{self.name}” must be a text."
        if self.kind == "text" and self.required and not value.strip():
            return f"“{self.name}” is empty."
        if self.kind == "list" and not (isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)):
            return f"“{self.name}” must be a list of texts."
        return ""


@dataclass(frozen=True)
class Action:
    """Something a provider can do, described well enough to plan, approve and survive it. Times are in
    seconds.
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    risk: Risk
    idempotency_class: IdempotencyClass
    undo: str  # what a person reads under "To undo it"
    usual_seconds: float
    gives_up_seconds: float
    settle_seconds: float = 2.0
    max_attempts: int = 5
    mutates: bool = True
    parts_of: str = ""  # name of the list parameter whose items are applied one by one
    inverse: str = ""  # action that puts the observed baseline back
    serves_traffic: bool = False  # proven only when the public address answers with the target
    lost: str = ""  # a loss people must accept by name before they may approve
