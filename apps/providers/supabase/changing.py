"""Make the one request of each action: a restore point, or a restore, which is refused while its copy is missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from apps.providers.base import Access, Call, Outcome, OutcomeKind, ProviderError, Sending
from apps.providers.calling import Denied
from apps.providers.endings import LOOK, dig, outcome_of, quoted, refused, unknown
from apps.providers.http import Answer, NotSent
from apps.providers.supabase import limits, standing, wire
from apps.providers.supabase.wire import API

PASSING = {"COMING_UP", "RESTARTING", "UPGRADING", "RESIZING", "UNKNOWN"}
BEGINS_SECONDS = 5.0  # how long to look whether a restore that was taken begins, at most
SHARE = 0.3  # of the attempt's time
LOOK_AGAIN_SECONDS = 0.5
Found = TypeVar("Found")


class NotNow(Exception):
    """What must be known before anything is sent says no, or could not be read; carries the outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def create_point(access: Access, call: Call, sending: Sending) -> Outcome:
    """Make a restore point, unless it is there."""
    name = call.parameters["name"]
    seen = _before(lambda: standing.of_point(access, name))
    if seen.seen.value == "desired" or seen.under_way:
        return Outcome(OutcomeKind.SUCCEEDED, f"{seen.summary} Nothing was sent.")
    if seen.readings:
        return refused(f"{seen.summary} Nothing was sent. Choose another name.")
    path = f"{wire.backups_path(access)}/restore-point"
    answer = API.change(access, sending, "POST", path, body={"name": name})
    said = API.said(access, answer)
    if not answer.ok:
        if "exist" in said.lower():
            return unknown(f"Supabase answered {answer.status}: “{said}”. {LOOK}", answer)
        return _refusal(answer, f"make the restore point {name}", said)
    if dig(answer.json(), "name") != name:
        return unknown(f"Supabase answered {answer.status}, but not with the restore point {name}. {LOOK}", answer)
    return Outcome(OutcomeKind.SUCCEEDED, f"Supabase is making the restore point {name}.", status=answer.status)


def restore(access: Access, call: Call, sending: Sending) -> Outcome:
    """Restore the project; Supabase's yes means taken, and the project is out of reach until it has ended."""
    _ready(access, call)
    route, body, text = _asked(call)
    answer = API.change(access, sending, "POST", f"{wire.backups_path(access)}/{route}", body=body)
    said = API.said(access, answer)
    if not answer.ok:
        return _refusal(answer, text, said)
    if said:
        return unknown(f"Supabase answered {answer.status}, but with “{said}”. {LOOK}", answer)
    status = _until_begun(access, sending)
    more = f" The project is {status}." if status else ""
    return Outcome(
        OutcomeKind.SUCCEEDED,
        f"Supabase took the request to {text}.{more} It cannot be reached until that has ended.",
        status=answer.status,
        evidence={"status": status, **body},
    )


def _ready(access: Access, call: Call) -> None:
    """Look at everything that must hold before a restore. Raises NotNow."""
    status = str(_before(lambda: wire.project(access))["status"])
    if status in PASSING:
        text = f"The project is {quoted(status)} just now. Nothing was sent."
        raise NotNow(Outcome(OutcomeKind.RETRY_LATER, text, retryable=True))
    if not status.startswith("ACTIVE"):
        text = f"{standing.waiting(status)} Nothing was sent: a restore begins only on a project that is up."
        raise NotNow(refused(text, needs_operator=True))
    missing = _before(lambda: limits.missing_copy(access, call.parameters))
    reasons = [missing] if missing else _before(lambda: limits.refusals(access, call))
    if reasons:
        raise NotNow(refused(f"{' '.join(reasons)} Nothing was sent."))


def _asked(call: Call) -> tuple[str, dict[str, Any], str]:
    """Return the address, the body and the words of a restore."""
    if call.action == "restore_to_time":
        at = limits.wanted_time(call.parameters)
        body = {"recovery_time_target_unix": int(at.timestamp())}
        return "restore-pitr", body, f"restore the project to {limits.shown(at)}"
    if call.action == "restore_backup":
        number = int(call.parameters["backup"])
        return "restore", {"id": number}, f"restore the project to the backup {number}"
    name = call.parameters["name"]
    return "undo", {"name": name}, f"take the project back to the restore point {name}"


def _until_begun(access: Access, sending: Sending) -> str:
    """Return the project's status when the restore began, or the last one seen when the time to look was over."""
    until = time.monotonic() + min(BEGINS_SECONDS, sending.deadline_seconds * SHARE)
    status = ""
    while True:
        try:
            status = quoted(wire.project(access)["status"])
        except ProviderError:
            return status  # it was taken; `verify` goes on looking
        if not status.startswith("ACTIVE") or time.monotonic() > until:
            return status
        time.sleep(LOOK_AGAIN_SECONDS)


def _before(read: Callable[[], Found]) -> Found:
    """Return what `read` reads before anything is sent. Raises NotNow where asking again may help."""
    try:
        return read()
    except (NotSent, Denied):
        raise
    except ProviderError as error:
        raise NotNow(Outcome(OutcomeKind.RETRY_LATER, f"{error} Nothing was sent.", retryable=True)) from None


def _refusal(answer: Answer, doing: str, said: str) -> Outcome:
    if answer.status == 402:
        text = f"Supabase's plan does not allow to {doing}: “{said}”. Nothing was changed. Upgrade, or use a dump."
        return refused(text, answer=answer)
    return outcome_of(answer, doing, said)
