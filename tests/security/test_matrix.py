"""Every address × everybody × own, foreign and missing things: generated from the addresses there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.acting import Actor, Answered
from tests.security.routes import OPERATIONS, PAGES, ROUTES, Route
from tests.security.table import ROWS, Row, row_of
from tests.security.things import belongs_to_somebody
from tests.security.world import Side

Actors = dict[str, Actor]
Sides = tuple[Side, Side]
NOT_A_METHOD = 405
GONE, KNOWS_EVERYTHING = "removed", "everything"


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert [str(route) for route in ROUTES if row_of(route.method, route.name) is None] == [], (
        "Say in tests/security/table.py who may use it."
    )
    known = {str(route) for route in ROUTES} | {route.name for route in ROUTES} | {"gallery", "gallery_page"}
    assert sorted(set(ROWS) - known) == []


@pytest.mark.parametrize("route", [*PAGES, *OPERATIONS], ids=str)
def test_who_may_use_an_address(
    db: None, sides: Sides, with_browsers: Actors, with_tokens: Actors, strangers: dict[bool, Actor], route: Route
) -> None:
    row = row_of(route.method, route.name)
    assert row, "Say in tests/security/table.py who may use it."
    actors = with_tokens if route.is_api else with_browsers
    faults = [*_nobody(route, row, actors[GONE], sides), *_stranger(route, row, strangers[route.is_api], sides)]
    possible = actors[KNOWS_EVERYTHING].ask(route, row, actors[KNOWS_EVERYTHING].things).status != NOT_A_METHOD
    for name, actor in actors.items():
        if name != GONE and possible:
            faults += [f"{name}: {fault}" for fault in _somebody(route, row, actor, sides)]
    assert not faults, "\n".join(faults)


def _nobody(route: Route, row: Row, removed: Actor, sides: Sides) -> Iterator[str]:
    """Whoever is not signed in, or not any more, learns nothing, not even whether a thing is there."""
    anonymous = Actor("anonymous", things=removed.things)
    for actor in (anonymous, removed):
        answers = [actor.ask(route, row, things) for things in (removed.things, sides[1].things_of(GONE), None)]
        for answer in answers:
            yield from (f"{actor.name}: {fault}" for fault in _sound(route, answer))
            if not row.anybody and not answer.asks_to_sign_in:
                yield f"{actor.name} was let in: {answer.status} {answer.text}"
        if belongs_to_somebody(route) and len({repr(answer.same) for answer in answers[1:]}) > 1:
            yield f"{actor.name}: foreign and missing differ"


def _stranger(route: Route, row: Row, stranger: Actor, sides: Sides) -> Iterator[str]:
    """Somebody of another organisation finds of ours what they find of nobody's."""
    if belongs_to_somebody(route):
        ours = stranger.ask(route, row, sides[0].things_of(KNOWS_EVERYTHING))
        yield from (f"stranger: {fault}" for fault in _hidden(route, ours, stranger.ask(route, row, None)))


def _somebody(route: Route, row: Row, actor: Actor, sides: Sides) -> Iterator[str]:
    """One of us: let in where the row says so, and what is foreign is missing."""
    answer = actor.ask(route, row, actor.things)
    yield from _sound(route, answer)
    if not row.anybody:
        let_in = not answer.refused and not answer.asks_to_sign_in
        if let_in != actor.may_use(route, row):
            yield f"{'was' if let_in else 'was not'} let in: {answer.status} {answer.text}"
    if belongs_to_somebody(route):
        briefly = actor.name != KNOWS_EVERYTHING
        foreign = actor.ask(route, row, sides[1].things_of(KNOWS_EVERYTHING), briefly=briefly)
        yield from _hidden(route, foreign, actor.ask(route, row, None, briefly=briefly))


def _hidden(route: Route, foreign: Answered, missing: Answered) -> Iterator[str]:
    yield from _sound(route, foreign)
    if foreign.same != missing.same:
        yield f"foreign and missing differ: {foreign.status} {foreign.text} / {missing.status} {missing.text}"
    if not foreign.refused and foreign.status not in {401, NOT_A_METHOD}:
        yield f"a foreign thing answered {foreign.status} {foreign.text}"


def _sound(route: Route, answer: Answered) -> Iterator[str]:
    """Whoever asks, nothing breaks, and reading writes nothing."""
    if answer.status >= 500 and route.name != "readyz":
        yield f"broke: {answer.status} {answer.text}"
    if route.method == "GET" and answer.wrote:
        yield f"reading wrote to {', '.join(answer.wrote)}"
