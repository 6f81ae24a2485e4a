"""The plan in the words of people: from and to, what it reaches and costs, the steps, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.approvals.rules import sentence as must_agree
from apps.deployments.models import Deployment
from apps.providers import registry
from apps.rollbacks.models import Rollback


def box(deployment: Deployment | None, label: str, *, goal: bool = False) -> dict[str, Any]:
    """Return one side of from → to; the names are those of `parts/_version_box.html`."""
    if deployment is None:
        return {"label": label, "version": "unknown", "note": "nothing is registered as live"}
    shown = {
        "label": label,
        "version": deployment.version,
        "commit": deployment.commit[:12],
        "who": deployment.author,
        "when": deployment.deployed_at,
        "deployment": deployment.reference,
    }
    if goal and deployment.usable and deployment.checked_at:
        shown["checked"] = "can be served"
    return shown


def cells(plan: Mapping[str, Any], rollback: Rollback) -> list[dict[str, Any]]:
    """Return what the change reaches, costs, and does to the database."""
    return [
        {
            "icon": "users",
            "label": "Reaches",
            "fact": rollback.service.audience or "Everybody who uses it",
            "text": f"{rollback.service.slug} · {rollback.environment.name}",
        },
        _lost(plan["losses"]),
        _database(plan),
    ]


def _lost(losses: list[str]) -> dict[str, Any]:
    if not losses:
        return {"icon": "shield-check", "label": "Lost", "fact": "Nothing is lost", "text": "no step deletes data"}
    fact, _, rest = losses[0].partition(". ")
    more = f"and {len(losses) - 1} more, named below" if len(losses) > 1 else rest
    return {"icon": "triangle-alert", "label": "Lost", "fact": fact.rstrip("."), "text": more, "tone": "person"}


def _database(plan: Mapping[str, Any]) -> dict[str, Any]:
    touched = any(step.get("role") == "database" and step["kind"] == "action" for step in plan["steps"])
    stays = [line for line in plan["stays"] if line.startswith("The database")]
    locked = any(step.get("airlock") and step.get("role") in {"database", "backend"} for step in plan["steps"])
    text = "what is lost stands in its airlock" if locked else "no write is undone"
    text = stays[0].removeprefix("The database ") if stays else text
    return {
        "icon": "database",
        "label": "Database",
        "fact": "Changed by a step below" if touched else "Not touched",
        "text": text,
    }


def plan_row(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return one step of the plan, as a row of the table that people agree to. `names` are of roles."""
    return {
        "position": said["position"],
        "name": said["name"],
        "detail": detail(said),
        "by": by_whom(said),
        "risk": said.get("risk", "safe"),
        "usual": said["usual_seconds"],
        "limit": said["gives_up_seconds"],
        "undo": said.get("undo") or NOTHING_TO_UNDO.get(said["kind"], "Reads only"),
        "first": who_first(said, names),
        "final": is_final(said),
        "on_failure": said["on_failure"],
    }


NOTHING_TO_UNDO = {"human": "Somebody's own work", "gate": "Nothing is sent"}


def who_first(said: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return who must agree before a step begins, as a sentence without its end; empty where nobody is asked."""
    return must_agree(said["approvals"], names) if said.get("approvals") else ""


def sentence(text: str) -> str:
    """Return what somebody typed with an end, so that another sentence can follow it."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def by_whom(said: Mapping[str, Any]) -> str:
    """Return the provider's name, or who else does the step."""
    if said.get("provider"):
        return registry.provider(said["provider"]).name
    return {"check": "Portal checks", "gate": "People"}.get(said["kind"], "A person")


def detail(said: Mapping[str, Any]) -> str:
    """Return what exactly a step asks for, in one line."""
    if said["kind"] == "check" and said.get("provider"):
        return _question(said["check"])
    if said["kind"] == "check":
        check = said["check"]
        wanted = check.get("status", "with success")
        return f"{check.get('method', 'GET')} {check.get('path') or check.get('url')} must answer {wanted}"
    if said["kind"] == "human":
        return said["instructions"]
    if said["kind"] == "gate":
        return "The run waits until they have agreed"
    if preview := said.get("preview"):
        told = {name: value for name, value in preview.items() if value}
        return " · ".join(f"“{value}”" if len(str(value)) > 20 else f"{name} {value}" for name, value in told.items())
    return " · ".join(f"{name} {_listed(value)}" for name, value in said["parameters"].items())


def _question(check: Mapping[str, Any]) -> str:
    """Return what a provider is asked: "Failed requests over 5 min, below 1 %", "Health · part api"."""
    given = dict(check["parameters"])
    over = f" over {given.pop('window_minutes')} min" if "window_minutes" in given else ""
    limits = [f"{word} {given.pop(word)} {check['unit']}" for word in ("below", "above") if given.get(word) is not None]
    asked = ", ".join([f"{check['title']}{over}", *limits])
    return " · ".join([asked, *(f"{name.replace('_', ' ')} {_listed(value)}" for name, value in given.items())])


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def way_out(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return until when the change can be cancelled and undone, and what a failure does."""
    final = [step for step in plan["steps"] if is_final(step)]
    lines = []
    if final:
        lines.append(_way("pause", f"Until step {final[0]['position']}", "you can cancel and undo what was done."))
        lines += [_way("lock", f"From step {step['position']} on", _gone(step)) for step in final]
        lines += [_way("lock", f"Step {step['position']}", _unstoppable(step)) for step in final if _runs_on(step)]
    else:
        text = "you can cancel; the step under way finishes, and what was done can be undone."
        lines.append(_way("pause", "At any time", text))
    stops = "the run stops there, nothing further is sent, and you are asked."
    lines.append(_way("circle-x", "If a step fails", stops))
    return lines


def is_final(said: Mapping[str, Any]) -> bool:
    """Say whether a step of the plan does something that cannot be taken back."""
    return said.get("risk") == "destructive" or bool(losses_of(said))


def losses_of(said: Mapping[str, Any]) -> list[str]:
    """Return what a step of the plan loses, in the words that people accept: exactly where the airlock told it."""
    told = [airlock["loses"] for airlock in said.get("airlock", {}).values()]
    generally = [str(said["lost"])] if said.get("lost") and not told else []
    return list(dict.fromkeys([*said.get("losses", []), *told, *generally]))


def airlocks(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the airlock of each destructive part told, for the box of that name."""
    return [
        {
            **told,
            "position": said["position"],
            "name": f"{said['name']}, {part}" if part else said["name"],
            "by": by_whom(said),
            "from": _moment(told["lost_from"]),
            "until": _moment(told["lost_until"]),
            "window": _window(told),
            "interruptible": said["interruptible"],
            "support": registry.provider(said["provider"]).support,
        }
        for said in plan["steps"]
        for part, told in sorted(said.get("airlock", {}).items())
    ]


def _moment(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%d %b %Y, %H:%M:%S} UTC" if text else ""


def _window(told: Mapping[str, Any]) -> float | None:
    """Return how long the lost window is in seconds, where it has two ends."""
    if not (told["lost_from"] and told["lost_until"]):
        return None
    return (datetime.fromisoformat(told["lost_until"]) - datetime.fromisoformat(told["lost_from"])).total_seconds()


def _gone(said: Mapping[str, Any]) -> str:
    """Return what is lost from a step on."""
    lost = " ".join(sentence(loss) for loss in losses_of(said)) or "What it deletes stays deleted."
    return f"this stays lost: {lost} Going forward again is still possible."


def _runs_on(said: Mapping[str, Any]) -> bool:
    return not said.get("interruptible", True)


def _unstoppable(said: Mapping[str, Any]) -> str:
    return f"once sent, it runs at {by_whom(said)} to its end; pausing or cancelling waits for it."


def _way(icon: str, fact: str, text: str) -> dict[str, str]:
    return {"icon": icon, "fact": fact, "text": text}
