"""Answers with a reason, and the refusals that carry them to a page or a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Refused(Exception):
    """The deed cannot be done in this state. The text is a sentence for the person who asked (HTTP 409)."""

    status = 409
    code = "conflict"

    def __init__(self, message: str, *, code: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.extra: Mapping[str, Any] = extra


class Forbidden(Refused):
    """The person lacks the right (HTTP 403)."""

    status = 403
    code = "forbidden"


class Missing(Refused):
    """There is no such thing for this person (HTTP 404)."""

    status = 404
    code = "not_found"


class Unacceptable(Refused):
    """What was sent cannot be used; `field` names the culprit (HTTP 422)."""

    status = 422
    code = "invalid"


@dataclass(frozen=True)
class Answer:
    """Yes or no, and why. Truthy when yes."""

    ok: bool
    because: str = ""

    def __bool__(self) -> bool:
        return self.ok

    def or_refuse(self) -> None:
        """Raise `Forbidden` with the reason when the answer is no."""
        if not self.ok:
            raise Forbidden(self.because)


YES = Answer(True)


def no(because: str) -> Answer:
    """Return a refusal with its reason."""
    return Answer(False, because)
