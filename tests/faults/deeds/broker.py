"""Faults of the broker (F6)."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from tests.faults.injecting import Injector


def _broker(injector: Injector) -> redis.Redis:
    return redis.Redis.from_url(injector.rig.databases.addresses()["REDIS_URL"], socket_timeout=2)


def flush_broker(injector: Injector) -> None:
    """F6."""
    _tell_broker(injector, "FLUSHALL")


def cut_broker_clients(injector: Injector) -> None:
    """F6."""
    _tell_broker(injector, "CLIENT", "KILL", "TYPE", "normal")


def slow_broker(injector: Injector) -> None:
    """F6."""
    _tell_broker(injector, "DEBUG", "SLEEP", "1")


def _tell_broker(injector: Injector, *words: str) -> None:
    if "broker" in injector.busy:
        return
    try:
        _broker(injector).execute_command(*words)
    except redis.exceptions.TimeoutError:
        return
    except redis.exceptions.ConnectionError:
        if words[0] != "CLIENT":  # which may end the very line that asked for it
            return
    injector.tally.fault("F6", " ".join(words))


def kill_broker(injector: Injector) -> None:
    """F6: gone for a while."""
    if "broker" in injector.busy:
        return
    valkey = injector.rig.databases.valkey
    valkey.stop(signal.SIGKILL)
    injector.heal_after("broker", injector.rng.uniform(0.5, 8.0), "F6", "broker killed", valkey.start)


def freeze_broker(injector: Injector) -> None:
    """F6: there, and says nothing."""
    if "broker" in injector.busy:
        return
    injector.rig.databases.valkey.signal(signal.SIGSTOP)
    thaw = injector.rig.databases.valkey.signal
    injector.heal_after("broker", injector.rng.uniform(0.5, 6.0), "F6", "broker frozen", lambda: thaw(signal.SIGCONT))
