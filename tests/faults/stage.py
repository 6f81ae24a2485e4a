"""What stands in the database before a campaign begins: organisations, people, tokens, environments, releases.

Runs in a fork of the zygote, by the product's own verbs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts import giving_tokens
from apps.accounts import lifecycle as accounts
from apps.accounts.models import Organisation, Person
from apps.deployments import lifecycle as deployments
from apps.incidents import lifecycle as incidents
from apps.playbooks import lifecycle as playbooks
from apps.providers import lifecycle as providers
from apps.timeline.log import SYSTEM
from tests.faults.playbooks import CONNECTIONS

SCOPES = ("read", "write", "approve", "admin")
ROLES = {
    "commander": ("incident-commander",),
    "founder": ("founder",),
    "success": ("client-success-lead",),
    "lead": ("technical-lead",),
    "reliability": ("reliability-partner",),
}


def build(*, slots: list[dict[str, Any]], address: str, texts: dict[str, str], crowd: int) -> dict[str, Any]:
    """Make everything. `slots` have a name, an organisation, versions and what each provider said about joining.

    `address` is where the simulators are entered; `crowd` more people of the first organisation may vote. Returns
    tokens by organisation and person, and each slot's ids.
    """
    names = list(dict.fromkeys(slot["organisation"] for slot in slots))
    made: dict[str, Any] = {"tokens": {}, "slots": {}, "crowd": []}
    for number, name in enumerate(names):
        organisation = accounts.create_organisation(name, name=name.title(), by=SYSTEM)
        people = {who: _person(organisation, who, roles) for who, roles in ROLES.items()}
        made["tokens"][name] = {who: _token(organisation, person) for who, person in people.items()}
        for slug, text in texts.items():
            draft = playbooks.draft(organisation, by=SYSTEM, content=text)
            playbooks.publish(draft, by=SYSTEM, comment=f"For {slug}")
        for extra in range(crowd if number == 0 else 0):
            roles = ("founder",) if extra % 2 else ("client-success-lead",)
            made["crowd"].append(_token(organisation, _person(organisation, f"crowd-{extra}", roles)))
        for slot in slots:
            if slot["organisation"] == name:
                made["slots"][slot["name"]] = _slot(organisation, people["commander"], slot, address)
    return made


def _person(organisation: Organisation, who: str, roles: tuple[str, ...]) -> Person:
    email = f"{who}@{organisation.slug}.example"
    return accounts.add_person(organisation, email=email, name=who.capitalize(), roles=roles, by=SYSTEM)


def _token(organisation: Organisation, person: Person) -> dict[str, str]:
    _, secret = giving_tokens.create_token(organisation, person=person, name="campaign", scopes=SCOPES, by=SYSTEM)
    return {"person": str(person.pk), "token": secret}


def _slot(organisation: Organisation, commander: Person, slot: dict[str, Any], address: str) -> dict[str, Any]:
    service = deployments.create_service(organisation, by=SYSTEM, slug=slot["name"], name=slot["name"].capitalize())
    connections = {}
    for role, provider in CONNECTIONS.items():
        joined = slot["providers"][provider]
        connections[role] = providers.connect(
            organisation, by=SYSTEM, name=f"{provider} of {slot['name']}", provider=provider,
            base_url=f"{address}/{provider}", settings=joined["settings"], credentials=joined["credentials"],
        )  # fmt: skip
    environment = deployments.create_environment(
        service, by=SYSTEM, name="production", public_url=f"{address}/site/{slot['name']}",
        serving={"path": "/health", "header": "x-deployment-id"}, connections=connections,
    )  # fmt: skip
    for number, version in enumerate(slot["versions"]):
        deployments.register_deployment(
            environment, by=SYSTEM, reference=f"dpl_{slot['name']}{number}", version=version, good=True,
            deployed_at=timezone.now() - timedelta(days=len(slot["versions"]) - number),
        )  # fmt: skip
    incident = incidents.declare(
        organisation, by=commander, title="It fails", severity="P1", service=service, environment=environment
    )
    return {"environment": str(environment.pk), "incident": str(incident.pk)}
