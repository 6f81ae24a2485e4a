"""What is wrong with a text that should be a playbook, each with the line where a person can repair it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_PROBLEMS = 50


@dataclass(frozen=True)
class Problem:
    """One thing to repair. `line` and `column` count from 1; they are None where no text was read."""

    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        field = f"{self.path}: " if self.path else ""
        return f"{place}{field}{self.message}"


class Invalid(Exception):
    """The text is not a playbook; `problems` says everything that was found, in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda found: (found.line or 0, found.column or 0)))[:MOST_PROBLEMS]
        super().__init__("\n".join(str(problem) for problem in self.problems))
