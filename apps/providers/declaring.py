"""How a provider describes itself as data: its settings, its credentials, the actions and checks it offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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


class Reversibility(StrEnum):
    """What can take an action's effect back.

    AUTOMATIC: the portal itself, by the action's `inverse`. BY_HAND: people, as its `undo` says. NEVER: nothing.
    """

    AUTOMATIC = "automatic"
    BY_HAND = "by_hand"
    NEVER = "never"


@dataclass(frozen=True)
class Field:
    """One setting or credential of a connection; the form is made from it.

    `kind` is text, url, email, number, json, lines (a text of several lines) or choice (one of `choices`).
    """

    name: str
    label: str
    required: bool = True
    help: str = ""
    placeholder: str = ""
    kind: str = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One parameter of an action or check.

    `kind` is text, list (of texts), number, yes_no, time (RFC 3339 with its zone), json or choice (one of `choices`).
    """

    name: str
    title: str
    kind: str = "text"
    required: bool = True
    help: str = ""
    choices: tuple[str, ...] = ()

    def problem(self, value: Any) -> str:
        """Return a sentence when `value` cannot be given for this parameter, else an empty text."""
        if value is None:
            return f"“{self.name}” is missing." if self.required else ""
        if self.kind in ("text", "choice", "time") and not isinstance(value, str):
            return f"“{self.name}” must be a text."
        if self.kind in ("text", "choice", "time") and self.required and not value.strip():
            return f"“{self.name}” is empty."
        return self._misfit(value)

    def _misfit(self, value: Any) -> str:
        """Return what is wrong with a value that is there, or an empty text."""
        if self.kind == "list" and not (isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)):
            return f"“{self.name}” must be a list of texts."
        if self.kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"“{self.name}” must be a number."
        if self.kind == "yes_no" and not isinstance(value, bool):
            return f"“{self.name}” must be true or false."
        if self.kind == "choice" and value and value not in self.choices:
            return f"“{self.name}” must be one of: {', '.join(self.choices)}."
        if self.kind == "time" and value and moment(value) is None:
            return f"“{self.name}” must be a time with its zone, such as 2026-03-01T02:15:00Z."
        return ""


def moment(text: str) -> datetime | None:
    """Return the moment that an RFC 3339 text names, or None for a text that names none or leaves out its zone."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else None


@dataclass(frozen=True)
class Action:
    """Something a provider can do, described well enough to plan, approve and survive it. Times are in seconds.

    Where `risk` is destructive the step passes the airlock: see `Provider.airlock`.
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
    changes_release: bool = False  # another release may run afterwards, though the step itself cannot prove which
    lost: str = ""  # a loss people must accept by name before they may approve
    reversibility: Reversibility = Reversibility.BY_HAND  # automatic exactly where there is an `inverse`
    interruptible: bool = True  # False: once sent it runs to its end at the provider, and a cancellation waits for it


@dataclass(frozen=True)
class Check:
    """Something a provider can be asked as proof; asking changes nothing. Times are in seconds.

    With a `unit` it measures: it takes the parameters `MEASURING` besides its own, and `resolution_seconds` is the
    finest window that the source itself can tell, so that a shorter one is refused and not made up.
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...] = ()
    unit: str = ""  # %, ms, events …
    resolution_seconds: float = 0.0

    @property
    def measures(self) -> bool:
        """Whether it answers with a number over a window."""
        return bool(self.unit)

    def takes(self) -> tuple[Parameter, ...]:
        """Return every parameter that it takes."""
        return (*self.parameters, *MEASURING) if self.measures else self.parameters


MEASURING = (
    Parameter("window_minutes", "Window in minutes", kind="number", help="How far back to look."),
    Parameter("below", "Must be below", kind="number", required=False, help="Holds while the value is below this."),
    Parameter("above", "Must be above", kind="number", required=False, help="Holds while the value is above this."),
)


def misfits(title: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each value that is unknown, missing or of the wrong kind."""
    known = {parameter.name: parameter for parameter in parameters}
    found = [f"{title} has no parameter “{name}”." for name in given if name not in known]
    return found + [text for name, parameter in known.items() if (text := parameter.problem(given.get(name)))]


def window_problems(name: str, check: Check, given: Mapping[str, Any]) -> list[str]:
    """Return why a measurement cannot be made: no limit to judge by, or a window finer than the source can tell."""
    if not check.measures:
        return []
    seconds = float(given["window_minutes"]) * 60
    if seconds <= 0:
        return ["“window_minutes” must be more than 0."]
    if seconds < check.resolution_seconds:
        finest = f"{check.resolution_seconds / 60:g}"
        return [
            f"{name} tells “{check.title}” only for windows of {finest} minutes and more; {seconds / 60:g} minutes "
            "cannot be read from it. Choose a longer window or another source."
        ]
    if given.get("below") is None and given.get("above") is None:
        return ["Say what the value must be: “below”, “above” or both."]
    return []
