"""Sentences about steps that were added, removed, moved or changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.playbooks.definition import ActionStep, CheckStep, Definition, GateStep, HumanStep, Step
from apps.playbooks.difference_words import sentence, shown
from apps.playbooks.exporting import step_document

Pair = tuple[int | None, int | None]
REACTIONS = {
    "halt": "stops the run",
    "continue": "lets the run go on",
    "compensate": "puts earlier steps back",
}


def sentences(old: Definition, new: Definition) -> Iterator[str]:
    """Yield what changed in the steps, in the order of the new playbook, then what is gone."""
    pairs = _pairs(old.steps, new.steps)
    for before, after in pairs:
        if before is None and after is not None:
            yield f"Step {after + 1} is new: {_in_words(new.steps[after])}."
        elif before is not None and after is None:
            yield f"Step {before + 1} is gone: {_in_words(old.steps[before])}."
        elif before is not None and after is not None:
            yield from _changes(after + 1, old.steps[before], new.steps[after])
    yield from _moves(new, [(before, after) for before, after in pairs if before is not None and after is not None])


def _pairs(old: tuple[Step, ...], new: tuple[Step, ...]) -> list[Pair]:
    """Match steps by name, then by what they use, then by their place."""
    left, found = list(range(len(old))), dict[int, int]()
    for same in (_same_name, _same_use):
        for after, step in enumerate(new):
            match = next((before for before in left if same(old[before], step)), None)
            if after not in found and match is not None:
                found[after] = match
                left.remove(match)
    for after, step in enumerate(new):
        if after not in found and after in left and type(old[after]) is type(step):
            found[after] = after
            left.remove(after)
    return [(found.get(after), after) for after in range(len(new))] + [(before, None) for before in left]


def _same_name(one: Step, other: Step) -> bool:
    return one.name == other.name and type(one) is type(other)


def _same_use(one: Step, other: Step) -> bool:
    if isinstance(one, CheckStep) and isinstance(other, CheckStep):
        return one.check.use == other.check.use != ""
    return isinstance(one, ActionStep) and isinstance(other, ActionStep) and one.use == other.use


def _moves(new: Definition, pairs: list[tuple[int, int]]) -> Iterator[str]:
    """Name the steps that now come after one they used to precede."""
    highest = -1
    for before, after in pairs:
        if before < highest:
            yield f"Step {after + 1} comes later than before: {new.steps[after].name}."
        highest = max(highest, before)


def _changes(at: int, old: Step, new: Step) -> Iterator[str]:
    if old.name != new.name:
        yield f"Step {at} is called “{new.name}”, was “{old.name}”."
    if isinstance(old, ActionStep) and isinstance(new, ActionStep):
        yield from _action_changes(at, old, new)
    elif isinstance(old, CheckStep) and isinstance(new, CheckStep):
        yield from _check_changes(at, old, new)
    elif isinstance(old, HumanStep) and isinstance(new, HumanStep):
        yield from _human_changes(at, old, new)
    if old.on_failure is not new.on_failure:
        before, after = REACTIONS[old.on_failure], REACTIONS[new.on_failure]
        yield f"Step {at}: a failure now {after}, it used to be that it {before}."
    if old.gives_up_seconds != new.gives_up_seconds:
        yield sentence(f"Step {at} gives up after another time, in seconds", old.gives_up_seconds, new.gives_up_seconds)
    if old.usual_seconds != new.usual_seconds:
        yield sentence(f"Step {at} usually takes another time, in seconds", old.usual_seconds, new.usual_seconds)
    if old.approvals != new.approvals:
        yield sentence(f"Step {at} needs other people to agree before it begins", *map(_agreement, (old, new)))
    if old.losses != new.losses:
        lost = [[loss.text for loss in step.losses] for step in (old, new)]
        yield sentence(f"Step {at} loses something else", *lost)


def _action_changes(at: int, old: ActionStep, new: ActionStep) -> Iterator[str]:
    if old.use != new.use:
        yield f"Step {at} does something else: it was {old.use}, now {new.use}."
    for name in [*old.parameters, *(name for name in new.parameters if name not in old.parameters)]:
        before, after = old.parameters.get(name), new.parameters.get(name)
        if before != after:
            change = f"{name} was {shown(before)}, now {shown(after)}"
            yield f"Step {at} {_how(new, name, before, after)}: {change}."


def _how(step: ActionStep, name: str, before: object, after: object) -> str:
    """Say what a changed parameter means; a shorter prefix matches more keys."""
    if name == "prefix" and isinstance(before, str) and isinstance(after, str):
        wide, narrow = after.rstrip("*"), before.rstrip("*")
        if narrow.startswith(wide):
            return "deletes more"
        return "deletes less" if wide.startswith(narrow) else "deletes something else"
    if step.is_message:
        return "says something else" if name in ("text", "content", "summary") else "tells somebody else"
    return "changes"


def _check_changes(at: int, old: CheckStep, new: CheckStep) -> Iterator[str]:
    was, now = old.check.within_seconds, new.check.within_seconds
    if was != now:
        yield f"Step {at} waits {'longer' if now > was else 'shorter'}: {now} s, was {was} s."
    if old.check.use != new.check.use:
        places = [one.check.use or one.check.path or one.check.url for one in (old, new)]
        yield sentence(f"Step {at} asks something else", *places)
        return
    before, after = _plain_check(old), _plain_check(new)
    for name in sorted({*before, *after} - {"within_seconds"}):
        if before.get(name) != after.get(name):
            change = f"{name} was {shown(before.get(name))}, now {shown(after.get(name))}"
            yield f"Step {at} checks something else: {change}."


def _plain_check(step: CheckStep) -> dict[str, Any]:
    """Return a check as its fields by name, the parameters of a provider's check among them."""
    fields = step_document(step)["check"]
    return {**fields.pop("with", {}), **fields}


def _human_changes(at: int, old: HumanStep, new: HumanStep) -> Iterator[str]:
    if old.instructions != new.instructions:
        yield sentence(f"Step {at} asks people for something else", old.instructions, new.instructions)
    if old.evidence != new.evidence:
        yield f"Step {at} {'now needs' if new.evidence else 'no longer needs'} evidence."


def _agreement(step: Step) -> str:
    """Return a step's own rule in short words: "technical-lead, reliability-partner", "1 of a, b"."""
    rule = step.approvals
    if rule is None:
        return "nobody more"
    who = ", ".join(rule.all_of) if rule.all_of else f"{rule.needed} of {', '.join(rule.any_of)}"
    clock = f", due after {rule.due_minutes} min" if rule.due_minutes else ""
    return f"{who}{clock}, void after {rule.expires_minutes} min"


def _in_words(step: Step) -> str:
    if isinstance(step, CheckStep) and step.check.use:
        return f"{step.name} (the check {step.check.use})"
    words = {CheckStep: "a check", HumanStep: "done by people", GateStep: "people agree"}
    kind = step.use if isinstance(step, ActionStep) else words[type(step)]
    return f"{step.name} ({kind})"
