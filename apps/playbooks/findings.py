"""One thing the linter found, with the place and the words for it."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """`message` is the bold sentence, `advice` what to do. `step` counts from 1, `line` is of the text."""

    level: str
    code: str
    message: str
    advice: str = ""
    step: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{self.level}: {place}{self.message} {self.advice}".rstrip()
