"""What a fork of the zygote becomes: a worker, a web process, beat, or one function that is called and ends.

The settings were read once, before the fork; a child changes only what it must have for itself: the addresses of its
own links, its failpoint, its wrong clock.
"""

from __future__ import annotations

import ctypes
import datetime as date_and_time
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

THREADS = "4"
IMPORTED = (
    *("celery.apps.beat", "celery.apps.worker", "celery.bin.celery", "celery.concurrency.thread"),
    *("kombu.transport.redis", "psycopg_pool", "uvicorn.lifespan.off", "uvicorn.loops.uvloop"),
    *("uvicorn.protocols.http.httptools_impl", "rollback_portal.asgi", "rollback_portal.celery"),
    *("rollback_portal.urls", "tests.faults.stage", "django.template.defaulttags"),
)


def import_everything() -> None:
    """Import whatever a worker, a web process or beat would import, and open nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")
    for name in IMPORTED:
        importlib.import_module(name)
    from apps.providers import registry
    from rollback_portal.celery import app

    app.loader.import_default_modules()
    app.finalize()
    for slug in registry.BUILT_IN:
        registry.provider(slug)


def dying_with_the_zygote() -> None:
    """Ask the kernel to kill this process when the zygote ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)


def play(role: str, env: Mapping[str, str], aspects: Mapping[str, Any]) -> int:
    """Be what was asked for; returns the exit code. `aspects`: database, broker, clock, and what the role needs."""
    os.environ.update(env)
    _point(aspects)
    if skew := aspects.get("clock"):
        shift_the_clock(skew["ahead"], skew.get("rate", 1.0))
    return {"worker": _worker, "web": _web, "beat": _beat, "call": _call}[role](aspects)


def _point(aspects: Mapping[str, Any]) -> None:
    """Use this process's own links to Postgres and to the broker."""
    from django.conf import settings
    from django.db import connections

    from rollback_portal import environment
    from rollback_portal.celery import app

    if url := aspects.get("database"):
        found = environment.database(url)
        known = connections.settings["default"]
        known.update({name: found[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")})
        known["OPTIONS"] = found["OPTIONS"]
    if url := aspects.get("broker"):
        settings.CELERY_BROKER_URL = app.conf.broker_url = environment.celery_broker(url)
        settings.REDIS_URL = url
    for name, value in aspects.get("settings", {}).items():
        setattr(settings, name, value)
    if epoch := aspects.get("epoch"):
        _be_of_epoch(epoch)


def _be_of_epoch(epoch: int) -> None:
    """Be code that knows the meaning of this epoch's rows and no other."""
    from apps.rollbacks import leases, polling

    for module in (leases, polling):
        module.SCHEMA_EPOCH = epoch  # type: ignore[attr-defined]


def _worker(aspects: Mapping[str, Any]) -> int:
    from rollback_portal.celery import app

    pool = ["--pool", "threads", "--concurrency", THREADS, "-Q", "rollback,default"]
    quiet = ["--without-gossip", "--without-mingle", "--loglevel", "INFO", "-n", f"{aspects['name']}@faults"]
    app.worker_main(["worker", *pool, *quiet])
    return 0


def _beat(aspects: Mapping[str, Any]) -> int:
    from rollback_portal.celery import app

    app.start(["beat", "--schedule", aspects["schedule"], "--pidfile", "", "--loglevel", "INFO"])
    return 0


def _web(aspects: Mapping[str, Any]) -> int:
    import uvicorn

    from rollback_portal.asgi import application

    config = uvicorn.Config(
        application, host="127.0.0.1", port=aspects["port"], access_log=False, timeout_graceful_shutdown=1
    )
    uvicorn.Server(config).run()
    return 0


def _call(aspects: Mapping[str, Any]) -> int:
    """Call `module:function` with its arguments and write what it returns to a file."""
    module, _, function = aspects["function"].partition(":")
    result = getattr(importlib.import_module(module), function)(**aspects.get("arguments", {}))
    draft = f"{aspects['result']}.new"
    with open(draft, "w") as file:
        json.dump(result, file, default=str)
    os.replace(draft, aspects["result"])
    return 0


def shift_the_clock(ahead: float, rate: float) -> None:
    """Let this process believe in another time: `ahead` seconds off, and passing `rate` times as fast.

    The monotonic clock stays true, as it does when an administrator sets a machine's clock.
    """
    true_time, began, true_class = time.time, time.time(), date_and_time.datetime

    def wrong_time() -> float:
        now = true_time()
        return now + ahead + (now - began) * (rate - 1.0)

    class WrongDatetime(true_class):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return true_class.fromtimestamp(wrong_time(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return true_class.fromtimestamp(wrong_time(), date_and_time.UTC).replace(tzinfo=None)

    time.time = wrong_time
    for name, module in list(sys.modules.items()):
        ours = name.startswith(("apps.", "rollback_portal", "django.utils.timezone", "celery.", "kombu."))
        if ours and getattr(module, "datetime", None) is true_class:
            module.datetime = WrongDatetime  # type: ignore[attr-defined]
