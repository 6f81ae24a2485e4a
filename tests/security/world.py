"""Two organisations with one of everything, and a cast in which each person has as few rights as their part needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils import timezone

from apps.accounts import granting, group_roles, lifecycle
from apps.accounts.models import Organisation, Person, Role, Token
from apps.accounts.rights import (
    APPROVE,
    COMMUNICATE,
    DECLARE,
    EDIT_PLAYBOOKS,
    EVERY,
    FREEZE,
    OPERATE,
    PROPOSE,
    PUBLISH_PLAYBOOKS,
    REGISTER_DEPLOYMENTS,
    SEE,
    SEE_INTERNAL,
    TICK,
)
from apps.approvals.models import BreakGlass, Debt, Question, Rule
from apps.checklists import lifecycle as checklists
from apps.communications import agreeing
from apps.communications.models import WaitingUpdate
from apps.deployments import lifecycle as deployments
from apps.deployments import lifting
from apps.deployments.models import Deployment, Environment
from apps.incidents import lifecycle as incidents
from apps.incidents.models import Incident
from apps.playbooks import lifecycle as playbooks
from apps.rollbacks import lifecycle as rollbacks
from apps.rollbacks import proposing
from apps.timeline.log import SYSTEM
from tests.accounts.factories import PASSWORD, PersonFactory, TokenFactory
from tests.deployments.factories import DeploymentFactory
from tests.incidents.factories import place
from tests.providers.factories import ConnectionFactory
from tests.security.acting import CLIENT

INSIDE = frozenset({SEE, SEE_INTERNAL})
# Part → rights. Whoever is `removed` had every right until a moment ago.
PARTS: dict[str, frozenset[str]] = {
    "newcomer": frozenset(),
    "stakeholder": frozenset({SEE}),
    "viewer": INSIDE,
    "responder": INSIDE | {DECLARE, TICK, COMMUNICATE, REGISTER_DEPLOYMENTS},
    "requester": INSIDE | {PROPOSE},
    "approver": INSIDE | {APPROVE},
    "founder": INSIDE | {APPROVE},  # the second of the two whom the plan asks; the approver has answered
    "operator": INSIDE | {OPERATE, FREEZE},
    "editor": INSIDE | {EDIT_PLAYBOOKS, PUBLISH_PLAYBOOKS},
    "admin": EVERY - {APPROVE, OPERATE, PROPOSE},
    "everything": EVERY,
    "removed": EVERY,
}
PLAYBOOK = """
version: 1
slug: {slug}
name: By hand
approvals: {{all_of: [approver, founder], due_minutes: 5}}
steps:
  - {{name: Put the previous version back by hand, human: Turn the key}}
"""


@dataclass
class Side:
    """One organisation and what is in it: `own` for its people, `foreign` for everybody else."""

    organisation: Organisation
    people: dict[str, Person]
    environment: Environment
    things: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    debts: dict[str, Debt] = field(default_factory=dict)
    factors: dict[str, int] = field(default_factory=dict)

    def things_of(self, part: str) -> dict[str, Any]:
        """Return the ids of everything here, with the token that is this person's own."""
        return {**self.things, "token": self.tokens[part].pk, "debt": self.debts[part].pk, "factor": self.factors[part]}


def build(slug: str) -> Side:
    """Return a side whose things have names and ids of their own."""
    organisation = lifecycle.create_organisation(slug, name=slug.title(), by=SYSTEM)
    for part, rights in PARTS.items():
        _role(organisation, part, rights)
    people = {
        part: PersonFactory(organisation=organisation, name=part.title(), email=f"{part}@{slug}.example", roles=[part])
        for part in PARTS
    }
    side = Side(organisation, people, place(organisation, slug=f"{slug}-portal"))
    _fill(side, slug)
    side.tokens = {part: TokenFactory(person=person) for part, person in people.items()}
    side.sessions = {part: _session(person) for part, person in people.items()}
    side.factors = {part: _factor(person) for part, person in people.items()}  # the sign-in would ask for them
    lifecycle.deactivate_person(people["removed"], by=SYSTEM)
    return side


def _session(person: Person) -> str:
    CLIENT.cookies.clear()
    CLIENT.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return CLIENT.cookies[settings.SESSION_COOKIE_NAME].value


def _role(organisation: Organisation, slug: str, rights: frozenset[str]) -> None:
    """Make a role with exactly these rights; the ones that every organisation has are made to fit."""
    role = Role.objects.filter(organisation=organisation, slug=slug).first()
    role = role or Role(organisation=organisation, slug=slug, name=slug.title())
    role.group = role.group or granting.make_group(role)
    role.rights = sorted(rights)
    role.save()
    granting.keep_in_step([role])


def _fill(side: Side, slug: str) -> None:
    """Put one of everything into a side."""
    environment, people = side.environment, side.people
    good, bad = _releases(environment)
    environment.refresh_from_db()
    incident = incidents.declare(
        side.organisation, by=SYSTEM, title="Links fail", severity="P1", service=environment.service,
        environment=environment,
    )  # fmt: skip
    draft = playbooks.draft(side.organisation, by=SYSTEM, content=PLAYBOOK.format(slug=f"{slug}-by-hand"))
    published = playbooks.publish(draft, by=SYSTEM, comment="For the test")
    again = playbooks.draft(side.organisation, by=SYSTEM, content=PLAYBOOK.format(slug=f"{slug}-by-hand") + "\n")
    wish, planned = proposing.prepare(incident, by=people["requester"], revision=published, target=good, inputs={})
    rollback = proposing.propose(wish, planned)
    rollbacks.vote(rollback, by=people["approver"], decision="approve", plan_hash=rollback.plan_hash)
    question = _second_question(side)
    side.debts = {part: _debt(question, person) for part, person in people.items()}
    due = timezone.now() + timedelta(hours=1)
    checklist = checklists.open_for(incident, uuid4(), "After", [{"text": "Look", "due_at": due}], by=SYSTEM)
    freeze = deployments.freeze(
        side.organisation, by=people["operator"], stops="deployments", scope="environment",
        service=environment.service, environment=environment, reason="Hold",
    )  # fmt: skip
    connection = ConnectionFactory(
        organisation=side.organisation, provider="vercel", base_url="http://127.0.0.1:9",
        settings={"project_id": "prj_1"}, credentials={"token": "t", "webhook_secret": "a-webhook-secret"},
    )  # fmt: skip
    side.things = {
        "person": people["viewer"].pk, "role": "viewer", "service": environment.service.slug,
        "environment": environment.name, "environment_id": environment.pk, "deployment": good.pk,
        "bad_deployment": bad.pk, "freeze": freeze.pk, "incident": incident.pk, "rollback": rollback.pk,
        "question": question.pk, "answered": rollback.question_id, "glass": _glass(side).pk,
        **_words_that_wait(side, incident), "question_hash": question.content_hash, 
        "item": checklist.items.first().pk,
        "connection": connection.pk,
        "playbook": again.playbook.slug, "draft": again.number, "plan_hash": rollback.plan_hash, "position": 1,
        "provider": "vercel",
        "service_token": TokenFactory(person=None, organisation=side.organisation, scopes=["read"]).pk,
        "mapping": group_roles.add_mapping(
            side.organisation, group="deciders", role=Role.objects.get(organisation=side.organisation, slug="viewer"),
            by=SYSTEM,
        ).pk,
    }  # fmt: skip


def _second_question(side: Side) -> Question:
    """Ask for something that has no page but the question's own: to lift the kill switch of the organisation."""
    by = side.people["operator"]
    switch = deployments.freeze(side.organisation, by=by, stops="rollbacks", scope="organisation", reason="Hold")
    return lifting.ask_to_lift(switch, by=by, reason="It is over")


def _debt(question: Question, person: Person) -> Debt:
    due = timezone.now() + timedelta(hours=1)
    return Debt.objects.create(
        organisation=person.organisation, question=question, person=person, because="A rule says so", due_at=due
    )


def _factor(person: Person) -> int:
    return Authenticator.objects.create(user=person.user, type=Authenticator.Type.TOTP, data={}).pk


def _glass(side: Side) -> BreakGlass:
    """Let somebody who is not in the cast act alone; then it is switched off again."""
    now, organisation = timezone.now(), side.organisation
    Organisation.objects.filter(pk=organisation.pk).update(break_glass_allowed=True)
    somebody = PersonFactory(organisation=organisation, roles=["operator"])
    glass = BreakGlass.objects.create(
        organisation=organisation, person=somebody, environment=side.environment, reason="Nobody answered",
        opened_at=now, ends_at=now + timedelta(minutes=30),
    )  # fmt: skip
    Organisation.objects.filter(pk=organisation.pk).update(break_glass_allowed=False)
    return glass


def _words_that_wait(side: Side, incident: Incident) -> dict[str, Any]:
    """Make a rule about words to the outside, and let the responder wait for it."""
    demand = {"any_of": ["approver"], "needed": 1}
    rule = Rule.objects.create(organisation=side.organisation, name="Words", kinds=[agreeing.KIND], demand=demand)
    given = {"audience": "stakeholder", "phase": "investigating", "text": "We look."}
    ruling = agreeing.ruling_about(incident, "stakeholder")
    asked = agreeing.ask(incident, given, by=side.people["responder"], next_update_minutes=None, ruling=ruling)
    return {"rule": rule.pk, "waiting": WaitingUpdate.objects.get(question=asked).pk}


def _releases(environment: Environment) -> tuple[Deployment, Deployment]:
    good = DeploymentFactory(environment=environment, version="v1", reference="dpl_1", hours_ago=96, good=True)
    return good, DeploymentFactory(environment=environment, version="v2", reference="dpl_2", hours_ago=1)
