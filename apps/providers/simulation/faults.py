"""Scripted trouble: what shall go wrong with the next requests that match, and how often."""

import re
import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .messages import Request

BEFORE = frozenset({"status", "hang_before", "reset_before", "redirect"})  # nothing is changed
AFTER = frozenset({"status_after", "hang_after", "reset_after"})  # changed, and the answer is lost or a lie
SPOILT = frozenset({"truncate", "html", "not_json", "error_body", "wrong_id", "drip", "big", "gzip_bomb"})
OTHER = frozenset({"delay", "stale"})
KINDS = BEFORE | AFTER | SPOILT | OTHER


class UnknownFault(ValueError):
    """The script names something this simulator cannot do."""


@dataclass
class Fault:
    """One line of a script; times in seconds.

    `kind` is one of `KINDS`. `times` matching requests are hit after `skip` were let through. Without
    `method`, `path` (a regular expression, searched in the path), `mark` (one searched in path, Authorization
    and body together) and `reads` a fault hits requests that would change something; with `reads: true` it hits
    only reads, with `reads: null` both. `stale` hits the reads of the `seconds` that follow the next effect; a
    `flapping` one only every other of them.
    """

    kind: str
    slug: str = ""
    method: str = ""
    path: str = ""
    mark: str = ""
    reads: bool | None = False
    times: int = 1
    skip: int = 0
    status: int = 500
    retry_after: str | None = None
    seconds: float = 3600
    location: str = "http://169.254.169.254/latest/meta-data/"
    flapping: bool = False
    body: str = ""
    hits: int = 0
    seen: int = 0
    past: dict[str, Any] | None = field(default=None, repr=False)
    past_since: float = 0.0

    @classmethod
    def of(cls, script: dict[str, Any]) -> "Fault":
        """Reads one line of a script; raises `UnknownFault` for an unknown kind or field."""
        unknown = set(script) - ({f.name for f in fields(cls)} - {"hits", "seen", "past", "past_since"})
        if unknown or script.get("kind") not in KINDS:
            raise UnknownFault(f"Unknown: {sorted(unknown) or script.get('kind')}. Kinds: {', '.join(sorted(KINDS))}.")
        if isinstance(script.get("retry_after"), int | float):
            script = {**script, "retry_after": str(script["retry_after"])}
        return cls(**script)

    def fits(self, slug: str, request: Request, mutates: bool) -> bool:
        """Whether this request is one the line speaks of."""
        return (
            self.slug in ("", slug)
            and self.method in ("", request.method)
            and bool(re.search(self.path, request.sent_path))
            and self.concerns(request)
            and (self.reads is None or self.reads != mutates)
        )

    def concerns(self, request: Request) -> bool:
        """Whether the request carries the line's mark."""
        if not self.mark:
            return True
        sent = f"{request.sent_path}\n{request.headers.get('authorization', '')}\n"
        return bool(re.search(self.mark, sent + request.body.decode("utf-8", "replace")))

    def shown(self) -> dict[str, Any]:
        """The line and its counters, for the control door."""
        shown = asdict(self)
        shown["past"] = self.past is not None
        return shown


class Faults:
    """The script: lines in order, each used up after its `times`."""

    def __init__(self) -> None:
        self.lines: list[Fault] = []

    def add(self, script: dict[str, Any]) -> Fault:
        """Appends one line."""
        fault = Fault.of(script)
        self.lines.append(fault)
        return fault

    def clear(self, mark: str = "") -> None:
        """Forgets the whole script, or only the lines whose mark holds `mark`."""
        self.lines = [line for line in self.lines if mark and mark not in line.mark]

    def next_for(self, slug: str, request: Request, mutates: bool) -> Fault | None:
        """The line that hits this request, counted as used; None when it goes through unharmed."""
        for fault in self.lines:
            if fault.kind == "stale" or fault.hits >= fault.times or not fault.fits(slug, request, mutates):
                continue
            fault.seen += 1
            if fault.seen > fault.skip:
                fault.hits += 1
                return fault
        return None

    def remember(self, slug: str, past: dict[str, Any], request: Request) -> None:
        """An effect has happened: stale lines that wait for one like it keep the state before it."""
        for fault in self.lines:
            if fault.kind == "stale" and fault.past is None and fault.slug in ("", slug) and fault.concerns(request):
                fault.slug, fault.past, fault.past_since = slug, past, time.monotonic()

    def past_for(self, slug: str, request: Request) -> dict[str, Any] | None:
        """The old state this read shall see, or None for the truth; flapping lines alternate."""
        for fault in self.lines:
            if fault.kind != "stale" or fault.past is None or fault.slug != slug or fault.hits >= fault.times:
                continue
            if not re.search(fault.path, request.sent_path) or not fault.concerns(request):
                continue
            if time.monotonic() - fault.past_since > fault.seconds:
                continue
            fault.hits += 1
            if not fault.flapping or fault.hits % 2:
                return fault.past
        return None

    def waiting_for_effect(self, slug: str) -> bool:
        """Whether a stale line still needs the state before the next effect."""
        return any(f.kind == "stale" and f.past is None and f.slug in ("", slug) for f in self.lines)
