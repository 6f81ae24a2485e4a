"""The stage of the proof: two organisations, built once for a module and taken back at its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django.test.utils import override_settings

from apps.accounts.programs.bearer import SERVICE_RIGHTS
from apps.accounts.rights import SEE
from tests.accounts.factories import TokenFactory
from tests.security import world
from tests.security.acting import SCOPES, Actor
from tests.security.world import EVERY, PARTS, Side

SLOW_MACHINES_TOO = {"ACCOUNT_REAUTHENTICATION_TIMEOUT": 86_400}  # seconds: everybody has just signed in


@pytest.fixture(scope="module")
def sides(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Side, Side]]:
    """Our own organisation and a foreign one."""
    os.environ["OUTBOUND_ALLOW"] = "127.0.0.0/8"
    held: Any = connections["default"]
    held.close = lambda: None  # a stream gives its connection back, and everything here lives in one transaction
    try:
        with django_db_blocker.unblock(), transaction.atomic(), override_settings(**SLOW_MACHINES_TOO):
            yield world.build("harbour"), world.build("elsewhere")
            transaction.set_rollback(True)
    finally:
        del held.close
        del os.environ["OUTBOUND_ALLOW"]


@pytest.fixture(scope="module")
def with_browsers(sides: tuple[Side, Side]) -> dict[str, Actor]:
    """Our people with a browser, by their part."""
    own = sides[0]
    return {part: Actor(part, own.sessions[part], {}, own.things_of(part), rights) for part, rights in PARTS.items()}


@pytest.fixture(scope="module")
def with_tokens(sides: tuple[Side, Side]) -> dict[str, Actor]:
    """Our people with a token of every scope, and tokens of one scope each: personal ones and a service's."""
    own = sides[0]
    found = {
        part: Actor(part, "", own.tokens[part].header, own.things_of(part), rights) for part, rights in PARTS.items()
    }
    everything = own.people["everything"]
    for scope in SCOPES:
        personal = TokenFactory(person=everything, scopes=[scope])
        service = TokenFactory(person=None, organisation=own.organisation, scopes=[scope])
        things, only = own.things_of("everything"), frozenset({scope})
        found[f"only {scope}"] = Actor("everything", "", personal.header, things, EVERY, only)
        granted = frozenset({SEE} | SERVICE_RIGHTS.get(scope, set()))  # a program sees its whole organisation
        found[f"service {scope}"] = Actor("service", "", service.header, things, granted, only, is_service=True)
    return found


@pytest.fixture(scope="module")
def strangers(sides: tuple[Side, Side]) -> dict[bool, Actor]:
    """Somebody with every right in the other organisation: True with a token, False with a browser."""
    foreign = sides[1]
    things = foreign.things_of("everything")
    return {
        True: Actor("stranger", "", foreign.tokens["everything"].header, things, EVERY),
        False: Actor("stranger", foreign.sessions["everything"], {}, things, EVERY),
    }
