"""What waits because of a freeze, and what of it goes on when the freeze is lifted.

The apps above know what waits, so they register here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.approvals.asking import Fact
from apps.approvals.models import Question
from apps.deployments.models import Environment, Freeze


@dataclass(frozen=True)
class Held:
    """Something that a stop of rollbacks holds in an environment.

    `goes_on` says whether it goes on by itself once nothing holds it; `text` is how it stands.
    """

    title: str
    text: str
    url: str
    environment: Environment
    goes_on: bool


Asked = Callable[[Any], Sequence[Held]]
_known: list[Asked] = []


def offer(ask: Asked) -> None:
    """Register who knows what waits in an organisation, given its id. Called from an app's ready()."""
    _known.append(ask)


def held_in(organisation_id: Any) -> list[Held]:
    """Return everything that a stop of rollbacks would hold in the organisation, as it is now."""
    return [held for ask in _known for held in ask(organisation_id)]


def held_by(freeze: Freeze, everything: Sequence[Held]) -> list[Held]:
    """Return what of `everything` this freeze holds."""
    if freeze.stops != "rollbacks":
        return []
    return [held for held in everything if freeze.covers(held.environment)]


def goes_on_without(freeze: Freeze, everything: Sequence[Held], others: Sequence[Freeze]) -> list[Held]:
    """Return what goes on by itself when `freeze` is lifted: what no other of the active freezes holds."""
    rest = [other for other in others if other.pk != freeze.pk and other.stops == "rollbacks"]
    return [
        held
        for held in held_by(freeze, everything)
        if held.goes_on and not any(other.covers(held.environment) for other in rest)
    ]


def consequences(freeze: Freeze) -> str:
    """Say what happens when the freeze is lifted, as things are now. Few queries, whatever waits."""
    if freeze.stops != "rollbacks":
        return "Deploy pipelines that ask are told that they may go on."
    everything = held_in(freeze.organisation_id)
    others = list(Freeze.objects.active().filter(organisation_id=freeze.organisation_id))
    going = [held.title for held in goes_on_without(freeze, everything, others)]
    staying = [held.title for held in held_by(freeze, everything) if held.title not in going]
    said = [f"Goes on at once, by itself: {'; '.join(going)}." if going else "No run is waiting to go on."]
    said += [f"Does not go on by it: {'; '.join(staying)}."] if staying else []
    return " ".join(said)


def facts(question: Question) -> list[Fact]:
    """Return what those who are asked to lift a freeze should know: why it was made, why it may go, what follows."""
    freeze = Freeze.objects.select_related("created_by").get(pk=question.subject_id)
    by = freeze.created_by.name if freeze.created_by else "the portal"
    found = [Fact("Why it was stopped", f"{by}: {freeze.reason}"), Fact("Why it may go on", question.rule_reason)]
    if freeze.together:
        found.append(Fact("Where", "Lifting it lifts the stop of every organisation of this installation."))
    return [*found, Fact("When it is lifted", consequences(freeze))]
