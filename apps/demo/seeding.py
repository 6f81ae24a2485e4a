"""Make the demo's world out of what the simulators say: organisations, people, services, releases, an open incident.

Safe to repeat: what is there stays as it is, only the simulators' addresses are brought up to date.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from apps.accounts import lifecycle as accounts
from apps.accounts import role_changes
from apps.accounts.models import Organisation, Person, User
from apps.accounts.rights import APPROVE_RESTORES
from apps.approvals.standard_rules import give_rules
from apps.checks.models import ProbeRound
from apps.demo import connecting
from apps.demo.team_rules import BREAK_GLASS, TEAM_RULES
from apps.demo.world import PHONES, TEAMS, Team
from apps.deployments import lifecycle as deployments
from apps.deployments.models import Environment
from apps.incidents import lifecycle as incidents
from apps.incidents.models import Incident
from apps.playbooks.shipping import publish_shipped
from apps.providers.simulation import Simulators
from apps.timeline.log import SYSTEM

PASSWORD_FILE, SIGN_INS_FILE = "demo-password", "demo-sign-ins.txt"
HISTORY = timedelta(minutes=25)
ROUND_SECONDS = 10
REQUESTS = 12  # of one round of the outside probe
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "juniper", "kelp", "larch")


def seed() -> None:
    """Make or complete the demo's world. Needs the simulators to answer at PORTAL_SIMULATORS_URL."""
    port = urlsplit(settings.SIMULATORS_URL).port or 80
    about = Simulators(port).describe()
    password = kept_password(settings.DATA_DIR)
    sealed = make_password(password)  # hashing is slow on purpose, so it is done once for everybody
    for team in TEAMS:
        if organisation := Organisation.objects.filter(slug=team.slug).first():
            _bring_up_to_date(team, organisation, about)
        else:
            _make(team, about, sealed)
        connecting.ask_what_we_may(team)
    _write_sign_ins(settings.DATA_DIR, password)


def kept_password(folder: Path) -> str:
    """Return the demo's password: made once, kept in the data directory, readable by its owner alone."""
    path = folder / PASSWORD_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text("-".join(secrets.choice(WORDS) for _ in range(3)) + f"-{secrets.randbelow(90) + 10}\n")
    return path.read_text().strip()


@transaction.atomic
def _make(team: Team, about: Mapping[str, Any], sealed: str) -> None:
    organisation = accounts.create_organisation(team.slug, name=team.name, by=SYSTEM, time_zone=team.time_zone)
    people = {
        role: accounts.add_person(organisation, email=f"{role}@{team.slug}.example", name=name, roles=[role], by=SYSTEM)
        for role, name in team.people.items()
    }
    _give_phones(team, people.values())
    User.objects.filter(people__organisation=organisation).update(password=sealed)
    _let_somebody_approve_restores(people)
    environment = _place(team, organisation, about)
    publish_shipped(organisation)
    _rule(organisation)
    if team.slug in BREAK_GLASS:
        organisation.break_glass_allowed = True
        organisation.save(update_fields=["break_glass_allowed"])
    if team.slug == "motion-mavericks":
        _trouble(environment, people)


def _give_phones(team: Team, people: Iterable[Person]) -> None:
    """Give everybody a number to be called at (S4-68, S5-50)."""
    for number, person in enumerate(people, start=10):
        person.phone = f"{PHONES[team.time_zone]}{number}"
        person.save(update_fields=["phone"])


def _let_somebody_approve_restores(people: Mapping[str, Person]) -> None:
    """Give that right, which is the CTO's (S4-36), to the founder where nobody is CTO."""
    if "founder" in people and "cto" not in people:
        founder = people["founder"].roles.get()
        rights = [*founder.rights, APPROVE_RESTORES]
        role_changes.change_role(founder, name=founder.name, duties=founder.duties, rights=rights, by=SYSTEM)


def _place(team: Team, organisation: Organisation, about: Mapping[str, Any]) -> Environment:
    place = team.place
    service = deployments.create_service(
        organisation,
        by=SYSTEM,
        slug=place.slug,
        name=place.name,
        rto_minutes=place.rto_minutes,
        audience=place.audience,
    )
    site = about["site"]["organisations"][team.slug]["objects"]
    environment = deployments.create_environment(
        service,
        by=SYSTEM,
        name="production",
        public_url=about["site"]["base_url"] + site["path"],
        serving={"path": site["serving"]["path"], "header": "x-version"},
        connections={role: connecting.connect(organisation, slug, about) for role, slug in team.connections.items()},
    )
    connecting.connect_besides(team, organisation, about)
    environment.probe = {
        "paths": list(place.probe),
        "times": REQUESTS // len(place.probe),
        "every_seconds": ROUND_SECONDS,
    }
    environment.save(update_fields=["probe"])
    _releases(team, environment, about["vercel"]["organisations"][team.slug]["objects"]["deployments"])
    return Environment.objects.select_related("service", "live").get(pk=environment.pk)


def _rule(organisation: Organisation) -> None:
    """Write who must agree to what, as the team's own plans say."""
    give_rules(organisation)
    give_rules(organisation, TEAM_RULES[organisation.slug])


def _releases(team: Team, environment: Environment, hosted: list[dict[str, Any]]) -> None:
    """Register what has been in production, oldest first; the newest carries what it changed."""
    released = sorted((one for one in hosted if one["promoted_at"]), key=lambda one: one["promoted_at"])
    for one in released:
        newest = one is released[-1]
        changed: dict[str, Any] = (
            {
                "flags": team.place.flags,
                "losses": team.place.losses,
                "migrations": team.place.migrations,
                "env_changes": team.place.env_changes,
            }
            if newest
            else {}
        )
        deployments.register_deployment(
            environment,
            by=SYSTEM,
            reference=one["id"],
            version=one["version"],
            commit=one["commit"],
            author=one["author"],
            summary=one["message"],
            deployed_at=datetime.fromtimestamp(one["promoted_at"] / 1000, UTC),
            good=not one["broken"] or None,
            preview_reviewed=True,
            **changed,
        )


def _trouble(environment: Environment, people: Mapping[str, Person]) -> Incident:
    """Declare the incident that the bad release caused, with what the outside has seen until now."""
    assert environment.live is not None
    now = timezone.now()
    started = min(environment.live.deployed_at + timedelta(minutes=3, seconds=40), now)
    _history(environment, started, now)
    return incidents.declare(
        environment.organisation,
        by=people["incident-commander"],
        title="Share links fail for agencies",
        severity="P1",
        service=environment.service,
        environment=environment,
        summary="Everything else in the portal works.",
        started_at=started,
        externally_visible=True,
        affected_users_percent=65,
    )


def _history(environment: Environment, started: datetime, now: datetime) -> None:
    """Write the probe's rounds from before the demo began, as the site's own rules would have answered them."""
    rounds, at = [], now - HISTORY
    while at < now:
        failing = 0 if at < started else min(4, int((at - started).total_seconds() // 40) + 1)
        rounds.append(
            ProbeRound(
                organisation_id=environment.organisation_id,
                environment=environment,
                at=at,
                requests=REQUESTS,
                failures=failing,
                slowest_ms=180 if not failing else 410,
                version=_version_at(environment, at),
            )
        )
        at += timedelta(seconds=ROUND_SECONDS)
    ProbeRound.objects.bulk_create(rounds)


def _version_at(environment: Environment, at: datetime) -> str:
    released = environment.deployments.filter(deployed_at__lte=at).order_by("-deployed_at")
    return released.values_list("version", flat=True).first() or ""


def _bring_up_to_date(team: Team, organisation: Organisation, about: Mapping[str, Any]) -> None:
    connecting.bring_up_to_date(team, organisation, about)
    _rule(organisation)
    path = about["site"]["organisations"][organisation.slug]["objects"]["path"]
    Environment.objects.filter(organisation=organisation).update(public_url=about["site"]["base_url"] + path)


def _write_sign_ins(folder: Path, password: str) -> None:
    """Keep what bin/demo prints and the sign-in page shows: addresses and the one password."""
    lines = [f"Password for everybody: {password}", ""]
    for team in TEAMS:
        lines.append(team.name)
        lines += [f"  {role}@{team.slug}.example".ljust(52) + name for role, name in team.people.items()]
    path = folder / SIGN_INS_FILE
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
