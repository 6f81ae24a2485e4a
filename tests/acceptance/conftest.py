"""One running product for the whole folder, with people, playbooks and a maker of worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.acceptance.instance import Product, running
from tests.acceptance.playbooks import PLAYBOOKS
from tests.acceptance.rival import Rival
from tests.acceptance.world import Look, People, World

PORTS = 150  # six for each world that is open at the same time
DOMAIN = "acceptance.example"


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """A product that was just started, empty."""
    with running(PORTS) as started:
        yield started


@pytest.fixture(scope="session")
def people(product: Product) -> People:
    """An organisation, a person for each role, and their tokens; all by the documented commands."""
    product.portal("organisation", "create", "acme", "--name", "Acme", "--admin", f"admin@{DOMAIN}")
    admin = product.token(f"admin@{DOMAIN}", "acme", ["read", "write", "admin"])
    wanted: list[tuple[str, str, list[str]]] = []
    for role, scopes in ROLES.items():
        body = {"email": f"{role}@{DOMAIN}", "name": role.replace("-", " ").title(), "roles": [role]}
        admin.post("/people", body).must(201)
        wanted.append((f"{role}@{DOMAIN}", "acme", scopes))
    return People(admin, *product.tokens(wanted))


ROLES = {
    "incident-commander": ["read", "write", "approve", "admin"],
    "founder": ["read", "write", "approve", "admin"],
    "client-success-lead": ["read", "write", "approve"],
    "technical-lead": ["read", "write", "approve", "admin"],
    "reliability-partner": ["read", "write", "approve", "admin"],
    "stakeholder": ["read", "write"],
}


@pytest.fixture(scope="session")
def rival(product: Product, people: People) -> Rival:
    """The second organisation; its commander holds every right there."""
    product.portal("organisation", "create", "rival", "--name", "Rival", "--admin", "admin@rival.example")
    roles = ("--role", "incident-commander", "--role", "reliability-partner", "--role", "admin")
    product.portal("person", "create", "commander@rival.example", "--organisation", "rival", *roles)
    scopes = ["read", "write", "approve", "admin"]
    return Rival(*product.tokens([(f"{name}@rival.example", "rival", scopes) for name in ("admin", "commander")]))


@pytest.fixture(scope="session")
def playbooks(people: People) -> dict[str, dict[str, Any]]:
    """Every playbook of these tests, published; by slug."""
    published = {}
    for slug, text in PLAYBOOKS.items():
        headers = {"Content-Type": "application/yaml"}
        draft = people.reliability.post("/playbooks", content=text, headers=headers).must(201)
        path = f"/playbooks/{slug}/revisions/{draft['revision']}/publication"
        published[slug] = people.reliability.post(path, {"comment": "For the tests"}).must(201)
    return published


@pytest.fixture(scope="session")
def new_world(
    product: Product, people: People, playbooks: dict[str, dict[str, Any]]
) -> Iterator[Callable[[Look], World]]:
    """Makes worlds that are closed at the end."""
    made: list[World] = []

    def make(look: Look) -> World:
        made.append(World(product, people, look))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: Callable[[Look], World]) -> Iterator[World]:
    """A world of this test's own, prepared."""
    made = new_world(Look()).prepare()
    yield made
    made.close()
