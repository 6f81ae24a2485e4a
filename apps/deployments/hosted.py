"""What the hosting provider says of an environment: asked with a deadline, remembered for a few seconds.

A page asks this and goes on without an answer when there is none in time. Reads only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from apps.deployments.models import Environment
from apps.providers import opening, sealing
from apps.providers.base import Access, ProviderError
from apps.providers.hosting import HostedDeployment, Hosting, Live, Pinned
from apps.providers.models import Connection
from apps.providers.registry import provider

PATIENCE_SECONDS = 2.5  # how long a page waits
REMEMBER_SECONDS = 5.0
ONE_LIST = 100  # a provider lists at most this many, so a shorter list is the whole of it


@dataclass(frozen=True)
class HostSays:
    """One look at the host: `listed` maps references to deployments, `problem` says why it has no answer."""

    host: str
    at: datetime
    listed: Mapping[str, HostedDeployment] = field(default_factory=dict)
    live: Live | None = None
    pinned: Pinned | None = None
    problem: str = ""

    def knows_all_since(self, moment: datetime) -> bool:
        """Say whether a deployment made at `moment` would have to be in the list."""
        oldest = min((one.created_at for one in self.listed.values() if one.created_at), default=None)
        return len(self.listed) < ONE_LIST or (oldest is not None and oldest <= moment)


def host_of(environment: Environment) -> Connection | None:
    """Return the connection that serves the environment, when its provider can tell what it serves."""
    roles = [one for one in environment.connections.all() if one.role == "hosting"]
    if roles and isinstance(provider(roles[0].connection.provider), Hosting):
        return roles[0].connection
    return None


def ask_host(environment: Environment, *, within_seconds: float = PATIENCE_SECONDS) -> HostSays | None:
    """Return what the host says now, or None where no connection can tell. Raises nothing when it is away."""
    connection = host_of(environment)
    if connection is None:
        return None
    key = f"{connection.pk}:{connection.version}"
    if (known := _remembered.get(key)) and known[0] > time.monotonic():
        return known[1]
    name = provider(connection.provider).name
    try:
        access = opening.access(connection)
    except (sealing.SealBroken, sealing.KeysMissing) as error:
        return HostSays(name, timezone.now(), problem=str(error))
    try:
        return _asking(key, connection.provider, access).result(within_seconds)
    except TimeoutError:
        return HostSays(name, timezone.now(), problem=f"{name} did not answer within {within_seconds:g} s.")


def forget() -> None:
    """Ask again next time, whatever is remembered."""
    with _lock:
        _remembered.clear()


_remembered: dict[str, tuple[float, HostSays]] = {}
_under_way: dict[str, Future[HostSays]] = {}
_lock = threading.Lock()


def _asking(key: str, slug: str, access: Access) -> Future[HostSays]:
    """Return the question under way, or ask in a daemon thread: a host that hangs must not delay a stop."""
    with _lock:
        if under_way := _under_way.get(key):
            return under_way
        answer: Future[HostSays] = Future()
        _under_way[key] = answer
    threading.Thread(target=_ask, args=(key, slug, access, answer), daemon=True, name="ask host").start()
    return answer


def _ask(key: str, slug: str, access: Access, answer: Future[HostSays]) -> None:
    try:
        said = _look(slug, access)
    except BaseException as error:
        with _lock:
            _under_way.pop(key, None)
        answer.set_exception(error)
        return
    with _lock:
        _remembered[key] = (time.monotonic() + REMEMBER_SECONDS, said)
        _under_way.pop(key, None)
    answer.set_result(said)


def _look(slug: str, access: Access) -> HostSays:
    host = provider(slug)
    assert isinstance(host, Hosting)
    try:
        listed = {one.reference: one for one in host.deployments(access)}
        live, pinned = host.live(access), host.pinned(access)
    except ProviderError as error:
        return HostSays(host.name, timezone.now(), problem=str(error))
    return HostSays(host.name, timezone.now(), listed, live, pinned)
