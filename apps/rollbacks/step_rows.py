"""The steps of a run as its page shows them: state, times, attempts, lamps, proofs and log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from apps.providers import registry
from apps.providers.sealing import KeysMissing, SealBroken
from apps.rollbacks.approved import PlannedStep
from apps.rollbacks.forecast import UNDER_WAY
from apps.rollbacks.models import Attempt, LogLine, Rollback, Step
from apps.rollbacks.part_results import results_of
from apps.rollbacks.planned_words import by_whom, detail, who_first
from apps.rollbacks.states import ACTIVE, FINAL, Agreement
from apps.rollbacks.unstoppable import said_of

LOG_LINES = 40
KNOWN = 50  # so many releases are called by their version
PROOF_MARKS = {"done": "passed", "running": "running", "failed": "failed"}
LAMPS = {
    "done": "lit",
    "running": "under_way",
    "unknown": "cannot_tell",
    "failed": "disproved",
    "waiting": "not_yet",
}
DIRECTIONS = {"→": "sent", "←": "answered"}
IN_TROUBLE = frozenset({"failed", "unknown"})
OPEN = UNDER_WAY | IN_TROUBLE


def rows_of(
    rollback: Rollback, steps: list[Step], plan: Mapping[str, Any], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a row for each step (with its attempts prefetched); the names are those of `parts/_step_row.html`.

    `names` are of roles.
    """
    logs = _logs(rollback)
    return [
        {**_row(rollback, step, said, logs[step.position]), **_agreement(rollback, step, said, names)}
        for step, said in zip(steps, plan["steps"], strict=True)
    ]


def in_versions(text: str, rollback: Rollback) -> str:
    """Return a provider's sentence with versions where it named its own ids of our deployments. One query, once."""
    if "_versions" not in rollback.__dict__:
        known = rollback.environment.deployments.order_by("-deployed_at").values_list("reference", "version")[:KNOWN]
        rollback.__dict__["_versions"] = [(reference, version) for reference, version in known if len(reference) > 5]
    for reference, version in rollback.__dict__["_versions"]:
        text = text.replace(reference, version)
    return text


def lamps_of(step: Step, rollback: Rollback) -> list[dict[str, Any]] | None:
    """Return the three lamps of a step that asks a provider for something, or None while nothing was asked."""
    if step.kind != "action" or not step.lamps:
        return None
    last = "Serving" if step.role == "hosting" else "Effective"
    names = (("Requested", "requested"), ("Accepted", "accepted"), (last, "serving"))
    return [_lamp(step, rollback, name, key) for name, key in names]


def proofs_of(step: Step, rollback: Rollback) -> list[dict[str, str]]:
    """Return what was seen at each place, as a mark and a sentence."""
    return [_proof(line["mark"], in_versions(line["text"], rollback)) for line in step.proof]


def served(step: Step | None) -> tuple[int, int]:
    """Return at how many of how many places the effect of a step has been seen."""
    lines = step.proof if step else []
    return sum(line["mark"] == "done" for line in lines), len(lines)


def support_of(step: Step) -> str:
    """Return where its vendor helps, once a step has failed or nobody can tell how it stands (S5-52)."""
    return registry.provider(step.provider).support if step.provider and step.state in IN_TROUBLE else ""


def _row(rollback: Rollback, step: Step, said: Mapping[str, Any], log: list[dict[str, Any]]) -> dict[str, Any]:
    moving = step.state in UNDER_WAY and rollback.state not in FINAL
    used = (step.finished_at - step.started_at).total_seconds() if step.started_at and step.finished_at else None
    row = {
        "position": step.position,
        "title": step.name,
        "line": _line(rollback, step, said),
        "state": step.state,
        "used": used,
        "usual": step.usual_seconds,
        "limit": step.gives_up_seconds,
        "since": step.started_at if moving and rollback.state in ACTIVE else None,
        "open": step.state in OPEN,
        "lamps": lamps_of(step, rollback),
        "proofs": proofs_of(step, rollback) or results_of(step, said),
        "log": log,
        "log_label": f"What was sent and answered in step {step.position}",
    }
    row |= {"runs_on": said_of(step, said) if moving else "", "support": support_of(step)}
    return {**row, **_limits(step, moving), **(_link(rollback, said) if step.state in OPEN else {})}


def _agreement(rollback: Rollback, step: Step, said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Say of a step that has not begun whom it waits for, or that they have not agreed."""
    if step.state != "pending" or rollback.state in FINAL or not (first := who_first(said, names)):
        return {}
    who = first.removesuffix(" must agree")
    lines = {
        Agreement.NEEDED: f"{first} before it begins",
        Agreement.ASKED: f"waiting for {who}",
        Agreement.GRANTED: f"{who} agreed",
        Agreement.REFUSED: step.message,
    }
    words = {Agreement.ASKED: "Asked", Agreement.REFUSED: "Refused"}
    agreement = Agreement(step.agreement)
    return {"line": f"{by_whom(said)} · {lines[agreement]}", "word": words.get(agreement, "")}


def _line(rollback: Rollback, step: Step, said: Mapping[str, Any]) -> str:
    parts = [by_whom(said)]
    named = [part for part in said.get("parts", []) if part]
    if named:
        parts.append(", ".join(named))
    if attempt := _attempt_words(list(step.attempts.all()), step):
        parts.append(attempt)
    if step.compensated:
        parts.append("put back")
    if step.state == "pending":
        parts.append(said.get("undo") or detail(said))
    elif step.message and step.state not in UNDER_WAY:
        parts.append(in_versions(step.message, rollback))
    return " · ".join(parts)


def _attempt_words(attempts: list[Attempt], step: Step) -> str:
    """Name the newest attempt where it was not the only one, or where it is still open."""
    applied = [attempt for attempt in attempts if attempt.kind == "apply"]
    if not applied:
        return ""
    newest = max(applied, key=lambda attempt: (attempt.intended_at, attempt.number))
    if newest.number > 1:
        first = next(one for one in applied if one.part == newest.part and one.number == 1)
        return f"attempt {newest.number}; the first: {first.get_state_display().lower()}"
    if step.state in UNDER_WAY:
        return f"attempt 1 of {step.max_attempts}, {newest.get_state_display().lower()}"
    return ""


def _lamp(step: Step, rollback: Rollback, name: str, key: str) -> dict[str, Any]:
    lamp = step.lamps.get(key, {})
    state = lamp.get("state", "waiting")
    lit = state == "done"
    return {
        "name": name,
        "state": LAMPS.get(state, "not_yet"),
        "text": _lit_words(step, key) if lit else _unlit_words(step, rollback, key, lamp),
        "at": datetime.fromisoformat(lamp["at"]) if lit and lamp.get("at") else None,
    }


def _lit_words(step: Step, key: str) -> str:
    done, places = served(step)
    where = f"at all {places} places," if key == "serving" and done == places > 1 else ""
    provider = registry.provider(step.provider).name
    return {"requested": "sent", "accepted": f"{provider} said yes", "serving": where or "seen"}[key]


def _unlit_words(step: Step, rollback: Rollback, key: str, lamp: Mapping[str, Any]) -> str:
    """Say in a few words why a lamp is not lit; the whole sentence stands in the row itself."""
    done, places = served(step)
    if key == "serving" and places > 1:
        return f"{done} of {places} places so far"
    provider = registry.provider(step.provider).name
    if key == "accepted" and lamp.get("state") == "failed":
        return f"{provider} refused"
    if key == "accepted" and lamp.get("state") == "unknown":
        return f"no clear answer from {provider}"
    return in_versions(lamp.get("text", "") or "not yet", rollback)


def _proof(mark: str, text: str) -> dict[str, str]:
    """Take the place out of a sentence about it: `share.example → v2.30.4`, or `https://… still answers v2.31.0`."""
    place, arrow, rest = text.partition(" → ")
    if arrow:
        rest = f"serves {rest}" if mark == "done" else f"still {rest}"
    elif text.startswith("http"):
        place, _, rest = text.partition(" ")
    return {"state": PROOF_MARKS.get(mark, mark), "fact": place, "text": rest}


def _limits(step: Step, moving: bool) -> dict[str, Any]:
    """Say when a step under way gives up, and what happens then."""
    since = step.applied_at or step.started_at
    if not moving or since is None or not step.gives_up_seconds:
        return {}
    then = "and has then failed." if step.kind == "check" else "and asks you. Nothing is sent twice."
    return {"gives_up": then, "gives_up_at": since + timedelta(seconds=step.gives_up_seconds)}


def _link(rollback: Rollback, said: Mapping[str, Any]) -> dict[str, str]:
    """Return the provider's own page about what a step changes, where it has one."""
    if said["kind"] != "action":
        return {}
    planned = PlannedStep(said)
    try:
        access = planned.access(rollback)
    except (ObjectDoesNotExist, SealBroken, KeysMissing):
        return {}  # the run itself says what is wrong with the connection
    url = planned.provider.link(access, planned.call(planned.parts[0] if planned.parts else ""))
    return {"url": url, "link": f"Open in {planned.provider.name}"} if url.startswith("https://") else {}


def _logs(rollback: Rollback) -> dict[int, list[dict[str, Any]]]:
    """Return the newest lines of every step, oldest first. One query, none before the run was approved."""
    if rollback.approved_at is None:
        return defaultdict(list)
    newest = Window(RowNumber(), partition_by=[F("position")], order_by=F("number").desc())
    lines = LogLine.objects.filter(rollback=rollback).annotate(age=newest).filter(age__lte=LOG_LINES)
    logs: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in lines.order_by("number"):
        direction = DIRECTIONS.get(line.direction, "")
        shown = line.text if direction or not line.direction else f"{line.direction} {line.text}"
        logs[line.position].append({"number": line.number, "at": line.at, "direction": direction, "text": shown})
    return logs
