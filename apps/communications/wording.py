"""Ready texts: the messages of playbooks, filled with what is known of the incident."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.incidents.models import Incident
from apps.incidents.situation import suspects_of, way_back
from apps.playbooks.definition import Definition
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.parsing import parse
from apps.playbooks.placeholders import names_in, substitute
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Unacceptable

BLANK = "…"  # stands where nothing is known, so that a person sees what is missing


@dataclass(frozen=True)
class ReadyText:
    """A message of a playbook, filled. `cadence_minutes` is how often its playbook promises word."""

    name: str
    audience: str
    text: str
    cadence_minutes: int | None


def ready_texts(incident: Incident) -> list[ReadyText]:
    """Return the messages that fit an incident: of its newest rollback's playbook, else of all published."""
    rollback = incident.rollbacks.select_related("revision", "target", "previous").order_by("-proposed_at").first()
    values = _values(incident, rollback)
    texts: dict[str, ReadyText] = {}
    for definition in _definitions(incident, rollback):
        for message in definition.messages:
            filled = _fill(message.text, {**values, **_of_playbook(definition)})
            cadence = definition.update_cadence_minutes
            texts.setdefault(message.name, ReadyText(message.name, message.audience.value, filled, cadence))
    return list(texts.values())


def ready_text(incident: Incident, name: str) -> ReadyText:
    """Return the ready text called `name`. Raises Unacceptable, naming those there are."""
    texts = ready_texts(incident)
    for text in texts:
        if text.name.casefold() == name.strip().casefold():
            return text
    known = ", ".join(f"“{text.name}”" for text in texts) or "none"
    raise Unacceptable(f"There is no template of that name here. There are: {known}.", field="template")


def _definitions(incident: Incident, rollback: Rollback | None) -> Iterator[Definition]:
    if rollback:
        yield parse(rollback.revision.content)
        return
    slugs = Playbook.objects.filter(organisation_id=incident.organisation_id, published__isnull=False)
    for revision in Revision.objects.filter(pk__in=slugs.values("published")).order_by("playbook__slug"):
        definition = parse(revision.content)
        if not definition.fits.services or incident.service.slug in definition.fits.services:
            yield definition


def _values(incident: Incident, rollback: Rollback | None) -> dict[str, Any]:
    release, target = _releases(incident, rollback)
    url = settings.BASE_URL
    values = {
        "incident.title": incident.title,
        "incident.severity": incident.severity,
        "incident.number": incident.reference,
        "incident.url": url + incident.status_url,
        "service.slug": incident.service.slug,
        "service.name": incident.service.name,
        "environment.name": incident.environment.name,
        "environment.url": incident.environment.public_url,
        "time.now": f"{timezone.localtime():%H:%M %Z}",
    }
    for prefix, deployment in (("release", release), ("previous", release), ("target", target)):
        if deployment:
            values |= {f"{prefix}.{name}": getattr(deployment, name) for name in ("version", "reference", "commit")}
    if rollback:
        values |= {f"inputs.{name}": value for name, value in rollback.inputs.items()}
    return values


def _releases(incident: Incident, rollback: Rollback | None) -> tuple[Deployment | None, Deployment | None]:
    if rollback:
        return rollback.previous, rollback.target
    suspected = suspects_of(incident)
    release = suspected[0].deployment if suspected else None
    back = way_back(incident, release)
    return release, back.deployment if back else None


def _of_playbook(definition: Definition) -> dict[str, Any]:
    inputs = {f"inputs.{one.name}": one.default for one in definition.inputs if one.default}
    cadence = definition.update_cadence_minutes
    return {"playbook.name": definition.name, "playbook.update_cadence_minutes": cadence or BLANK, **inputs}


def _fill(text: str, values: dict[str, Any]) -> str:
    known = {name: values.get(name) or BLANK for name in names_in(text)}
    return str(substitute(text, known)).strip()
