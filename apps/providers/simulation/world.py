"""The state all simulators share, their clock, and what one simulator is made of. Knows no provider."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .messages import Request, Response
from .routing import Routes
from .storage import Storage

State = dict[str, Any]


def habits(**own: Any) -> State:
    """The settings of a simulator: its own, and those that all have."""
    return {"require_attempt_id": False, "latency_ms": 0, **own}


@dataclass(frozen=True)
class Refusal:
    """What a provider says when it does not serve a call: its own shape of error."""

    status: int
    message: str
    retry_after: str | None = None


@dataclass(frozen=True)
class Simulator:
    """One provider: its addresses, its starting state and its habits."""

    slug: str
    routes: Routes
    start: Callable[[float], State]  # epoch in seconds → state
    describe: Callable[[State], dict[str, Any]]  # → settings, credentials, objects
    refuse: Callable[[Refusal], Response]
    controls: dict[str, Callable[["World", dict[str, Any]], Any]] = field(default_factory=dict)
    path: Callable[[str], str] = lambda path: path
    guard: Callable[["World", Request], Response | None] = lambda world, request: None
    mutates: Callable[[Request], bool] | None = None  # where method and path do not tell
    finish: Callable[["World", Request, Response], Response] = lambda world, request, response: response
    link: Callable[["World", Request], State | None] | None = None  # who may open a WebSocket: {name, hello}, or None


class World:
    """Every provider's state by slug, with one clock that tests may push forward."""

    def __init__(self, simulators: dict[str, Simulator], storage: Storage) -> None:
        self.simulators = simulators
        self.storage = storage
        self._states: dict[str, State] = {}
        self._past: dict[str, State] = {}
        self.links: list[Any] = []  # open WebSockets
        self.heard: list[State] = []  # what came in over them
        self._load()

    def _load(self) -> None:
        started = self.storage.meta("started_at") or self.storage.meta("started_at", repr(time.time()))
        self.started_at = float(started or 0)
        self._ahead = float(self.storage.meta("ahead_seconds") or 0)
        self._states = self.storage.states()
        missing = {slug: s.start(self.started_at) for slug, s in self.simulators.items() if slug not in self._states}
        self.storage.keep(missing)
        self._states.update(missing)

    def now(self) -> float:
        """Seconds since 1970, as this world sees it."""
        return time.time() + self._ahead

    def now_ms(self) -> int:
        """Milliseconds since 1970, as this world sees it."""
        return int(self.now() * 1000)

    def advance(self, seconds: float) -> None:
        """Pushes the clock forward; jobs and delayed appearances come due at once."""
        self._ahead += seconds
        self.storage.meta("ahead_seconds", repr(self._ahead))

    def state(self, slug: str) -> State:
        """The living state of a provider; a handler may change it and must say so with `request.effect`."""
        return self._past.get(slug) or self._states[slug]

    def settings(self, slug: str) -> State:
        """What the control door has set for a provider (delays, plan, oddities)."""
        settings: State = self._states[slug]["simulation"]
        return settings

    def copy(self, slug: str) -> State:
        """A deep copy of a state, for a past that must not move."""
        copied: State = json.loads(json.dumps(self._states[slug]))
        return copied

    def put(self, slug: str, state: State) -> None:
        """Replaces a state without keeping it."""
        self._states[slug] = state

    def keep(self, *slugs: str, entry: int | None = None, effects: list[Any] | None = None) -> None:
        """Commits the named states, and the journal entry's effect with them."""
        self.storage.keep({slug: self._states[slug] for slug in slugs}, entry, effects)

    def looking_back(self, slug: str, past: State) -> "Past":
        """While the returned context lasts, readers of `slug` see `past`."""
        return Past(self, slug, past)

    def restore(self) -> None:
        """Goes back to what is on the disk, after a handler broke in the middle of a change."""
        self._states = self.storage.states()

    def reset(self) -> None:
        """Starts over: first states, empty journal, clock as on the wall."""
        self.storage.forget()
        self.heard.clear()
        self.storage.meta("started_at", repr(time.time()))
        self.storage.meta("ahead_seconds", "0")
        self._load()


class Past:
    """A view of the world in which one provider still shows an earlier state."""

    def __init__(self, world: World, slug: str, past: State) -> None:
        self._world, self._slug, self._state = world, slug, past

    def __enter__(self) -> None:
        self._world._past[self._slug] = self._state

    def __exit__(self, *_: object) -> None:
        self._world._past.pop(self._slug, None)
