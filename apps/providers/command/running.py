"""Run an allowed command once and say what became of it; everything that is told of it is redacted and bounded."""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlsplit

from apps.providers.base import Access, Call, Outcome, OutcomeKind, Sending
from apps.providers.command import processes, tools
from apps.providers.command.allowing import Command, Place, place_of
from apps.providers.command.processes import GRACE_SECONDS, Ended
from apps.providers.endings import LOOK, quoted, refused
from apps.providers.http import exchange_listener
from apps.providers.redaction import MASK, redact, secrets_in

logger = logging.getLogger(__name__)
LINES_KEPT = 60
LATER_SECONDS = 10.0
_IN_ADDRESS = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")


def command(access: Access, call: Call, sending: Sending) -> Outcome:
    """Run the command of the call, after the one that keeps a copy where it has one. Raises NotAllowed."""
    place = place_of(access)
    wanted = place.command(call.parameters["command"])
    line = wanted.line(call.parameters.get("arguments") or {})
    left = sending.deadline_seconds - GRACE_SECONDS
    if not _permitted(sending):
        text = "The command was stopped before it was started. Nothing was changed."
        return Outcome(OutcomeKind.NOT_SENT, text, retryable=True)
    if wanted.copy_first:
        copy = place.command(wanted.copy_first)
        kept = start(access, place, copy, copy.line({}), left)
        if isinstance(kept, Outcome) or kept.late or kept.code:
            return _no_copy(access, copy, kept)
        left -= kept.seconds
        if not _permitted(sending):
            text = f"The copy was kept (“{copy.title}”), then the command was stopped. Nothing was changed."
            return Outcome(OutcomeKind.NOT_SENT, text, retryable=True)
    ended = start(access, place, wanted, line, left)
    return ended if isinstance(ended, Outcome) else _judged(access, wanted, ended, left)


def start(access: Access, place: Place, wanted: Command, line: list[str], left: float) -> Ended | Outcome:
    """Run a command line to its end; an Outcome is returned where it could not be started."""
    variables = place.variables(access)
    tell(access, f"→ {' '.join(line)}")
    try:
        ended = processes.run(line, wanted.directory, variables, min(wanted.seconds, max(left, 0.1)))
    except OSError as error:
        text = f"“{wanted.title}” could not be started ({error.strerror}). Nothing was changed."
        tell(access, f"✕ {text}")
        return Outcome(OutcomeKind.NOT_SENT, text, needs_operator=True)
    for said in shown(access, ended.output):
        tell(access, f"  {said}")
    tell(access, f"← exit code {ended.code} in {ended.seconds:.1f} s")
    return ended


def shown(access: Access, output: str) -> list[str]:
    """Return the last lines of an output without secrets, each at most 200 characters long."""
    secrets = _secrets(access)
    lines = [_IN_ADDRESS.sub(rf"\1:{MASK}@", redact(line, secrets)) for line in output.splitlines() if line.strip()]
    return [quoted(line) for line in lines[-LINES_KEPT:]]


def tell(access: Access, line: str) -> None:
    """Add a line to the step's log."""
    if listener := exchange_listener.get():
        listener(redact(line, _secrets(access)))


def _secrets(access: Access) -> tuple[str, ...]:
    """Return what is secret of the connection, and the passwords inside its addresses."""
    return secrets_in([dict(access.credentials), [found for text in _texts(access) if (found := _password(text))]])


def _texts(access: Access) -> list[str]:
    given: dict[str, Any] = access.credentials.get("environment") or {}
    return [str(value) for value in given.values()]


def _password(text: str) -> str:
    try:
        return urlsplit(text).password or ""
    except ValueError:
        return ""


def _permitted(sending: Sending) -> bool:
    try:
        return sending.permit()
    except Exception:
        logger.exception("Whether a command may be started could not be found out; it is not.")
        return False


def _judged(access: Access, wanted: Command, ended: Ended, left: float) -> Outcome:
    lines = shown(access, ended.output)
    evidence = {"exit_code": ended.code, "output": lines}
    if ended.late:
        limit = min(wanted.seconds, left)
        text = f"“{wanted.title}” was not done after {limit:.0f} s and was ended with all it had started. {LOOK}"
        return Outcome(OutcomeKind.AMBIGUOUS, text, needs_operator=True, evidence=evidence)
    kind, meaning = tools.judge(wanted.tool, ended.code, ended.output)
    how = f"ended with {ended.code}" if ended.code >= 0 else f"was ended by signal {-ended.code}"
    said = f" It says last: “{lines[-1]}”." if lines else ""
    calm = " Nothing was changed." if kind in (OutcomeKind.REJECTED, OutcomeKind.RETRY_LATER) else ""
    text = " ".join(part for part in (f"“{wanted.title}” {how}.{said}", meaning + calm) if part.strip())
    wait = LATER_SECONDS if kind is OutcomeKind.RETRY_LATER else None
    failed = kind is not OutcomeKind.SUCCEEDED
    return Outcome(
        kind, text, retry_after_seconds=wait, retryable=wait is not None, needs_operator=failed and wait is None,
        evidence=evidence,
    )  # fmt: skip


def _no_copy(access: Access, copy: Command, kept: Ended | Outcome) -> Outcome:
    """Say that the copy was not kept, so that nothing else was started."""
    if isinstance(kept, Outcome):
        return kept
    how = "was not done in time" if kept.late else f"ended with {kept.code}"
    lines = shown(access, kept.output)
    said = f" It says last: “{lines[-1]}”." if lines else ""
    text = f"The copy that must be kept first (“{copy.title}”) {how}.{said} The command was not started."
    return refused(text, needs_operator=True)
