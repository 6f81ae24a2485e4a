"""Upstash Redis: delete the keys with a prefix, or everything, over the REST interface."""

from __future__ import annotations

import time
from collections.abc import Sequence

from apps.providers.base import (
    Access,
    Action,
    Airlock,
    Call,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Proof,
    Provider,
    Reversibility,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.upstash import checking, deleting
from apps.providers.upstash.wire import OutOfTime, ask, keys_with

LOOKING_SECONDS = 10.0
DELETE_PREFIX = Action(
    name="delete_prefix",
    title="Delete cached keys by prefix",
    parameters=(Parameter("prefix", "Prefix", help="Every key that begins with it is deleted, e.g. share:"),),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Deleted keys do not come back; the application fills its cache again.",
    usual_seconds=3,
    gives_up_seconds=120,
    settle_seconds=0.5,
    max_attempts=20,
)
FLUSH = Action(
    name="flush",
    title="Delete everything in the database",
    parameters=(),
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Nothing brings the data back except a backup made before.",
    usual_seconds=3,
    gives_up_seconds=60,
    settle_seconds=0.5,
    reversibility=Reversibility.NEVER,
    lost="Everything in the Redis database: sessions, counters, queues and locks as well as caches.",
)


class Upstash(Provider):
    """One Upstash Redis database."""

    slug = "upstash"
    name = "Upstash"
    credentials = (Field("rest_token", "REST token", help="The standard token; a read-only one cannot delete."),)
    actions = (DELETE_PREFIX, FLUSH)
    roles = ("cache",)
    support = "https://upstash.com/docs/common/help/support"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a prefix that is empty or stands for every key, besides what every provider checks."""
        if found := super().problems(call):
            return found
        prefix = call.parameters.get("prefix")
        if prefix is None:
            return ()
        if not prefix.strip("*? "):
            return (f"“{prefix}” stands for every key. Use “flush” to delete everything in the database.",)
        if prefix.endswith("*"):
            return (f"“{prefix}” ends with a star. Write only the beginning of the keys, without “*”.",)
        if prefix != prefix.strip():
            return (f"“{prefix}” begins or ends with a space.",)
        return ()

    def check(self, access: Access) -> list[Finding]:
        """Sign in and try whether the token may look through the keys; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Count the keys that the action would delete; wanted is none. A moving count is no drift."""
        if call.action == "flush":
            size = int(ask(access, "DBSIZE"))
            seen = Seen.OTHER if size else Seen.DESIRED
            return Observation(seen, f"The database holds {size} keys.", {"keys": "all"}, {"keys": size})
        prefix, count, more = call.parameters["prefix"], 0, ""
        try:
            for keys in keys_with(access, prefix, time.monotonic() + LOOKING_SECONDS):
                count += len(keys)
        except OutOfTime:
            if not count:
                raise
            more = "at least "
        text = f"{more}{count} keys begin with “{prefix}”." if count else f"No key begins with “{prefix}”."
        seen = Seen.OTHER if count else Seen.DESIRED
        return Observation(seen, text[0].upper() + text[1:], {"prefix": prefix}, {"keys": count})

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Delete, and look again whether the keys are gone."""
        if call.action == "flush":
            return deleting.everything(access, sending)
        return deleting.prefix(access, sending, call.parameters["prefix"])

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say how many keys there are now.

        `apply` succeeds only after it looked again and found them gone, so keys that are there now were
        written since: a cache fills up again while people use it.
        """
        seen = self.observe(access, call, sending)
        if seen.seen is Seen.UNREADABLE:
            return Verification(Proof.NOT_YET, seen.summary)
        if seen.seen is Seen.DESIRED:
            return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
        text = f"The keys were deleted; {seen.readings['keys']} were written again since."
        return Verification(Proof.SATISFIED, text, (("done", text),))

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Count what a flush would take away; nothing can keep a copy of it over this interface."""
        if call.action != FLUSH.name:
            return None
        size = int(ask(access, "DBSIZE"))
        copy = "None: the REST interface keeps no copy. Make a backup in the Upstash console first if it is needed."
        return Airlock(f"All {size} keys in the Redis database.", copy)

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what deleting keys does not undo."""
        return (
            "Deleted keys do not come back when the rollback is undone.",
            "Copies outside Redis stay: browser caches, CDN caches, values in running processes.",
        )
