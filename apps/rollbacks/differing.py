"""What is different between two plans: sentences first, then the lines of their readable form."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from apps.rollbacks.models import Plan


def difference(before: Plan | None, after: Plan) -> dict[str, Any]:
    """Return {sentences, lines} for `parts/_difference.html`; without `before` there is nothing to compare with."""
    if before is None:
        return {
            "sentences": [{"fact": "The plan that you read is not kept here.", "text": "Read the new one."}],
            "lines": [],
        }
    old, new = json.loads(bytes(before.canonical)), json.loads(bytes(after.canonical))
    sentences = list(_sentences(old, new)) or [
        {
            "fact": "The steps are the same.",
            "text": "What was seen at the providers, or production itself, has changed.",
        }
    ]
    return {"sentences": sentences, "lines": list(_lines(old, new))}


def _sentences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[dict[str, str]]:
    for name, word in (("target", "Goes to"), ("previous", "Comes from")):
        before, now = (plan[name] or {} for plan in (old, new))
        if before.get("reference") != now.get("reference"):
            yield {
                "fact": f"{word} {now.get('version', 'nothing')}",
                "text": f"before: {before.get('version', 'nothing')}",
            }
    steps_before, steps_now = ({step["position"]: step for step in plan["steps"]} for plan in (old, new))
    for position in sorted({*steps_before, *steps_now}):
        yield from _step(position, steps_before.get(position), steps_now.get(position))
    if old["losses"] != new["losses"]:
        yield {
            "fact": "What is lost has changed.",
            "text": "; ".join(new["losses"]) or "Nothing is lost any more.",
        }
    if old["approvals"] != new["approvals"]:
        yield {"fact": "Who must agree has changed.", "text": ""}


def _step(position: int, before: dict[str, Any] | None, now: dict[str, Any] | None) -> Iterator[dict[str, str]]:
    if before is None and now is not None:
        yield {"fact": f"Step {position} is new:", "text": now["name"]}
    elif now is None and before is not None:
        yield {"fact": f"Step {position} is gone:", "text": before["name"]}
    elif before != now and before and now:
        names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
        what = "what was seen at the provider" if names == ["baseline"] else ", ".join(names)
        yield {"fact": f"Step {position} has changed:", "text": f"{now['name']} ({what})"}


def _lines(old: dict[str, Any], new: dict[str, Any]) -> Iterator[dict[str, Any]]:
    before, now = (json.dumps(plan, indent=1, sort_keys=True, ensure_ascii=False).splitlines() for plan in (old, new))
    number = 0
    for line in difflib.unified_diff(before, now, lineterm="", n=2):
        if line.startswith(("---", "+++")):
            continue
        if line.startswith("@@"):
            number = int(line.split("+")[1].split(",")[0].split(" ")[0]) - 1
            continue
        number += line[0] != "-"
        yield {"sign": line[0], "number": number if line[0] != "-" else "", "text": line[1:]}
