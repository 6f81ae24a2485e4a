"""Whoever may see one service only finds nothing of the others: on no page, in no list, by no id, in no stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts import giving_tokens, granting, rights
from apps.accounts.models import Grant, Organisation, Person
from apps.accounts.permissions import may
from apps.accounts.seeing import EVERYTHING, Sight, inside_of, sight_from, sight_of
from apps.approvals.models import BreakGlass, Debt, Rule
from apps.checklists import lifecycle as checklists
from apps.deployments import lifecycle as deployments
from apps.incidents import lifecycle as incidents
from apps.incidents import live
from apps.incidents.events import NOTED
from apps.timeline.log import SYSTEM, record
from rollback_portal.api import api
from tests.accounts.conftest import program, sign_in
from tests.accounts.factories import PersonFactory, RoleFactory
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.rollbacks.conftest import Stage, stage

__all__ = ["stage"]

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\{(\w+)\}")
LEAVES = {"account_logout", "accounts:switch"}  # these end the reader's own visit
# What an address names, by how it begins. Whatever is new must be put here: as hidden, or as nothing of a service.
NAMED = {
    "/incidents/": "incident",
    "/status/": "incident",
    "/rollbacks/": "rollback",
    "/rollbacks/forward/": "environment",
    "/approvals/": "question",
    "/approvals/debts/": "debt",
    "/approvals/break-glass/": "glass",
    "/debts/": "debt",
    "/break-glass/": "glass",
    "/rules/": "rule",
    "/freezes/": "freeze",
    "/checklist-items/": "item",
    "/services/": "slug",
    "/deployments/": "deployment",
}
IN_NO_SERVICE = (
    "/accounts/",
    "/people/",
    "/roles/",
    "/tokens/",
    "/group-mappings/",
    "/waiting-updates/",  # of an incident; made only together with its question, and found as everything else is
    "/profile/",
    "/set-up/",
    "/playbooks/",
    "/connections/",
    "/hooks/",
    "/gallery/",
)


@pytest.fixture
def shop(stage: Stage) -> Any:
    """Another service of the same team, with an incident of its own."""
    service = ServiceFactory(organisation=stage.organisation, slug="shop", name="Shop")
    environment = EnvironmentFactory(service=service, public_url="https://shop.example")
    DeploymentFactory(environment=environment, version="v7.7.7")
    incidents.declare(
        stage.organisation, by=stage.rae, title="Baskets empty", severity="P2", service=service, environment=environment
    )
    return environment


@pytest.fixture
def hidden(stage: Stage) -> dict[str, str]:
    """What is in the portal: everything that must not be found, by what it is."""
    rollback = stage.propose()
    freeze = deployments.freeze(
        stage.organisation, by=stage.rae, stops="deployments", scope="environment", service=stage.environment.service,
        environment=stage.environment, reason="Portal stands still",
    )  # fmt: skip
    listed = checklists.open_for(
        stage.incident, None, "Data", [{"text": "Count the rows", "due_at": rollback.proposed_at}], by=SYSTEM
    )
    found = {
        "service": stage.environment.service,
        "environment": stage.environment,
        "deployment": stage.bad,
        "incident": stage.incident,
        "rollback": rollback,
        "question": rollback.question,
        "freeze": freeze,
        "item": listed.items.get(),
        **agreed_on(stage, rollback),
    }
    return {name: str(row.pk) for name, row in found.items()}


@transaction.atomic
def agreed_on(stage: Stage, rollback: Any) -> dict[str, Any]:
    """What belongs to the agreement about the portal: a rule, a debt and a broken glass."""
    where = {"organisation": stage.organisation}
    Organisation.objects.filter(pk=stage.organisation.pk).update(break_glass_allowed=True)
    now, environment, question = rollback.proposed_at, stage.environment, rollback.question
    words = "For the portal alone"
    rows = {
        "rule": Rule.objects.create(**where, name=words, environment=environment, demand={"all_of": ["cto"]}),
        "debt": Debt.objects.create(**where, question=question, person=stage.ava, because=words, due_at=now),
        "glass": BreakGlass.objects.create(
            **where, person=stage.ava, environment=environment, reason=words, opened_at=now, ends_at=now
        ),
    }
    for row in rows.values():
        record(NOTED, row, by=SYSTEM, incident=stage.incident, note=words)  # Postgres asks for it
    return rows


def limited(stage: Stage, shop: Any, everywhere: set[str], slug: str = "shop-crew") -> Person:
    """Somebody who sees the shop only, with further rights everywhere."""
    role = RoleFactory(organisation=stage.organisation, slug=slug, name=slug, rights=sorted(everywhere))
    role.group = granting.make_group(role)
    role.save()
    Grant.objects.create(organisation=stage.organisation, role=role, rights=sorted(rights.SCOPED), service=shop.service)
    granting.keep_in_step([role])
    made = PersonFactory(organisation=stage.organisation, name="Nell", email="nell@mavericks.example", roles=[slug])
    return Person.objects.select_related("user", "organisation").get(pk=made.pk)


@pytest.fixture(params=[frozenset(), rights.EVERY - {rights.SEE}], ids=["only there", "everything else everywhere"])
def nell(request: Any, stage: Stage, shop: Any) -> Person:
    """Somebody who sees the shop only, once with no other right and once with every other right everywhere."""
    return limited(stage, shop, set(request.param))


def patterns(resolver: Any = None, prefix: str = "/", space: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, path with its parameters) of every page."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver) and entry.namespace != "api":
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from patterns(entry, prefix + str(entry.pattern), inner)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", prefix + str(entry.pattern)


PAGES = [(name, path) for name, path in patterns() if "^" not in path and name not in LEAVES]
OPERATIONS = [(method, path) for path, methods in api.get_openapi_schema()["paths"].items() for method in methods]


def named_by(path: str) -> str:
    """Return the kind of thing that an address names; empty where it is in no service."""
    path = path.removeprefix("/api/v1")
    found = [kind for begins, kind in sorted(NAMED.items()) if path.startswith(begins)]
    assert found or path.startswith(IN_NO_SERVICE), f"say in NAMED or IN_NO_SERVICE what {path} names"
    return found[-1] if found else ""


def filled(path: str, first: str, *rest: str) -> str:
    """Put values in the place of the parameters, and a one where there are not enough."""
    values = iter((first, *rest))
    return PARAMETER.sub(lambda _: next(values, "1"), path)


def told(answer: Any, name: str) -> tuple[int, str]:
    """What an answer says, without what differs for every request."""
    if answer.streaming:
        return answer.status_code, "a stream"
    text = answer.content.decode().replace(f"/{name}", "/…")  # every page says "the portal" besides
    return answer.status_code, re.sub(
        r'name="csrfmiddlewaretoken" value="\w+"|<time.*?</time>|data-now="[^"]*"', "", text
    )


def secrets_of(stage: Stage, hidden: dict[str, str]) -> list[str]:
    return [
        *hidden.values(),
        stage.incident.title,
        stage.bad.version,
        stage.good.version,
        "Portal stands still",
        "Count the rows",
        "For the portal alone",
    ]


def test_no_page_by_id_tells_what_is_hidden_from_what_is_unknown(
    stage: Stage, hidden: dict[str, str], nell: Person
) -> None:
    browser, wrong, tried = sign_in(nell), [], 0
    for name, path in PAGES:
        if not PARAMETER.search(path) or not (kind := named_by(path)):
            continue
        key, unknown = (hidden[kind], str(uuid4())) if kind != "slug" else ("portal", "unknown")
        more = ("production", hidden["deployment"]) if kind == "slug" else ()
        for method in ("get", "post"):
            ask = getattr(browser, method)
            there = told(ask(filled(path, key, *more)), key)
            nowhere = told(ask(filled(path, unknown, *more)), unknown)
            tried += 1
            if there != nowhere or there[0] not in {403, 404, 405}:
                differ = set(there[1].splitlines()) ^ set(nowhere[1].splitlines())
                wrong.append((name, method, there[0], nowhere[0], sorted(differ)[:3]))
    assert wrong == []
    assert tried > 60


def test_no_operation_by_id_tells_what_is_hidden_from_what_is_unknown(
    stage: Stage, hidden: dict[str, str], nell: Person
) -> None:
    client, wrong, tried = program(nell), [], 0
    for method, path in OPERATIONS:
        if "{" not in path or not (kind := named_by(path)):
            continue
        key, unknown = (hidden[kind], str(uuid4())) if kind != "slug" else ("portal", "unknown")
        answers = [
            told(client.generic(method, filled(path, each, "production"), body, content_type="application/json"), each)
            for each in (key, unknown)
            for body in [b"" if method == "get" else b"{}"]
        ]
        tried += 1
        if answers[0] != answers[1] or answers[0][0] not in {403, 404, 422}:
            wrong.append((method, path, kind, answers))
    assert wrong == []
    assert tried > 20


def test_no_list_and_no_page_shows_what_is_hidden(
    stage: Stage, shop: Any, hidden: dict[str, str], nell: Person
) -> None:
    browser, client = sign_in(nell), program(nell)
    seen = {"incident": str(shop.service.incidents.get().pk), "slug": "shop"}
    found = [
        (path, secret)
        for path, text in everything_read(browser, client, seen, stage)
        for secret in secrets_of(stage, hidden)
        if secret in text
    ]
    assert found == []


def test_whoever_sees_everything_finds_all_of_it(stage: Stage, shop: Any, hidden: dict[str, str]) -> None:
    browser, client = sign_in(stage.rae), program(stage.rae)
    read = "".join(text for _, text in everything_read(browser, client, {**hidden, "slug": "portal"}, stage))
    assert [secret for secret in secrets_of(stage, hidden) if secret not in read] == []


def test_what_they_may_see_is_there(stage: Stage, shop: Any, hidden: dict[str, str], nell: Person) -> None:
    browser, client = sign_in(nell), program(nell)
    assert b"Baskets empty" in browser.get("/").content
    assert b"Baskets empty" in browser.get("/incidents/").content
    assert [each["slug"] for each in client.get("/api/v1/services").json()["items"]] == ["shop"]
    assert [each["title"] for each in client.get("/api/v1/incidents").json()["items"]] == ["Baskets empty"]
    assert [each["version"] for each in client.get("/api/v1/deployments").json()["items"]] == ["v7.7.7"]
    assert client.get("/api/v1/rollbacks").json()["items"] == []


def test_a_name_in_a_body_is_unknown_too(stage: Stage, hidden: dict[str, str], nell: Person) -> None:
    client = program(nell)
    for service in ("portal", hidden["service"], "unknown"):
        asked = client.get("/api/v1/gate", {"service": service, "environment": "production", "version": "v1"})
        assert (asked.status_code, asked.json()["code"]) == (422, "unknown_reference")
        body = {"title": "x", "severity": "P1", "service": service, "environment": "production"}
        said = client.post("/api/v1/incidents", body, content_type="application/json")
        assert (said.status_code, said.json()["code"]) == (422, "unknown_reference")
        assert said.json()["detail"] == "service: there is no such thing here."


def test_the_record_is_read_whole_or_not_at_all(stage: Stage, nell: Person) -> None:
    assert sign_in(nell).get("/audit/").status_code == 403
    assert program(nell).get("/api/v1/audit").status_code == 403


def test_a_stream_ends_when_its_reader_no_longer_sees_the_service(stage: Stage, shop: Any, nell: Person) -> None:
    watched = shop.service.incidents.get()
    follows, forbidden = live.still(nell, live.INSIDE, watched), live.still(nell, live.OUTSIDE, stage.incident)
    assert follows()
    assert not forbidden()
    Grant.objects.filter(role__holdings__person=nell).delete()
    granting.keep_in_step(nell.roles.all())
    assert not follows()


def test_everybody_with_the_same_sight_shares_a_rendering_and_nobody_else(
    stage: Stage, shop: Any, hidden: dict[str, str], nell: Person
) -> None:
    seen = inside_of(nell)
    assert sight_from(seen.key) == seen == Sight(services=frozenset({shop.service_id}))
    assert sight_from(inside_of(stage.rae).key) == EVERYTHING
    polled = sign_in(nell).get("/now/").content.decode()
    assert "Baskets empty" in polled
    assert stage.incident.title not in polled


def test_reading_notes_everywhere_does_not_show_what_is_unseen(stage: Stage, shop: Any) -> None:
    person = limited(stage, shop, {rights.SEE_INTERNAL}, "reader")
    assert may(person, rights.SEE_INTERNAL, stage.incident)
    assert not sight_of(person).everything
    assert sign_in(person).get(f"/incidents/{stage.incident.pk}/").status_code == 404


def test_a_program_that_acts_for_nobody_sees_the_organisation(stage: Stage, hidden: dict[str, str]) -> None:
    _, secret = giving_tokens.create_token(stage.organisation, person=None, name="pipeline", by=SYSTEM)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get(f"/api/v1/incidents/{hidden['incident']}").status_code == 200


def everything_read(browser: Client, client: Client, known: dict[str, str], stage: Stage) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every page and every answer that names nothing, or something `known`."""
    connection = stage.environment.connections.first()
    assert connection is not None
    for name, path in [*PAGES, *((method, path) for method, path in OPERATIONS if method == "get")]:
        kind = named_by(path) if PARAMETER.search(path) else ""
        value = known.get(kind, "" if kind else str(connection.connection_id))
        if "stream" not in path and value:
            answer = (client if path.startswith("/api/") else browser).get(filled(path, value, "production"))
            yield f"{name} {path}", "" if answer.streaming else answer.content.decode()
