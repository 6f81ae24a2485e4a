"""Upstash Redis: delete the keys with a prefix, or everything, over the REST interface."""

from __future__ import annotations

from collections.abc import Sequence

from apps.providers.base import (
    Access,
    Action,
    Airlock,
    Call,
    Check,
    CheckResult,
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
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome, refused
from apps.providers.examining import ends_in_a_check_result
from apps.providers.upstash import backups, checking, counting, deleting
from apps.providers.upstash.wire import ask

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
    reversibility=Reversibility.NEVER,
)
FLUSH = Action(
    name="flush",
    title="Delete everything in the database",
    parameters=(),
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Nothing brings the data back except a backup made before: restore it in the Upstash console.",
    usual_seconds=3,
    gives_up_seconds=60,
    settle_seconds=0.5,
    reversibility=Reversibility.NEVER,
    lost="Everything in the Redis database: sessions, counters, queues and locks as well as caches.",
)
BACKUP = Action(
    name="backup",
    title="Keep a backup of the database",
    parameters=(Parameter("name", "Name of the backup", help="pre-INC-42"),),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Delete the backup in the Upstash console when it is no longer needed.",
    usual_seconds=60,
    gives_up_seconds=900,
    settle_seconds=5,
)
KEY_COUNT = Check(
    "key_count",
    "Count keys",
    (
        Parameter("prefix", "Prefix", required=False, help="Left out: all keys of the database."),
        Parameter("at_most", "At most", kind="number", required=False),
        Parameter("at_least", "At least", kind="number", required=False),
    ),
)


class Upstash(Provider):
    """One Upstash Redis database."""

    slug = "upstash"
    name = "Upstash"
    settings = (Field("database_id", "Database id", required=False, help="For backups; found by the token if empty."),)
    credentials = (
        Field("rest_token", "REST token", help="The standard token; a read-only one cannot delete."),
        Field("management_email", "Account e-mail", required=False, kind="email", help="For backups."),
        Field("management_key", "Management API key", required=False, help="Account → Management API."),
    )
    actions = (DELETE_PREFIX, FLUSH, BACKUP)
    checks = (KEY_COUNT,)
    roles = ("cache",)
    support = "https://upstash.com/docs/common/help/support"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a prefix that is empty or stands for every key, besides what every provider checks."""
        if found := super().problems(call):
            return found
        if call.action == BACKUP.name:
            return [text for text in (backups.name_problem(call.parameters["name"]),) if text]
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

    def check_problems(self, call: Call) -> Sequence[str]:
        """Refuse a count that is held against nothing."""
        if found := super().check_problems(call):
            return found
        if call.parameters.get("at_most") is None and call.parameters.get("at_least") is None:
            return ("Say how many keys there may be: “at_most”, “at_least” or both.",)
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
        if call.action == BACKUP.name:
            return backups.observed(access, call.parameters["name"])
        prefix = call.parameters["prefix"]
        count, whole = counting.keys(access, prefix)
        text = f"{'' if whole else 'at least '}{count} keys begin with “{prefix}”."
        text = text if count else f"No key begins with “{prefix}”."
        seen = Seen.OTHER if count else Seen.DESIRED
        return Observation(seen, text[0].upper() + text[1:], {"prefix": prefix}, {"keys": count})

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Delete, and look again whether the keys are gone; or keep a backup."""
        if call.action == BACKUP.name:
            return backups.make(access, sending, call.parameters["name"])
        if call.action == FLUSH.name:
            if backups.can_be_made(access) and (why := backups.lacking(access)):
                return refused(f"{why} Nothing was changed.")
            return deleting.everything(access, sending)
        return deleting.prefix(access, sending, call.parameters["prefix"])

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say how many keys there are now.

        `apply` succeeds only after it looked again and found them gone, so keys that are there now were
        written since: a cache fills up again while people use it.
        """
        if call.action == BACKUP.name:
            return super().verify(access, call, sending)
        seen = self.observe(access, call, sending)
        if seen.seen is Seen.UNREADABLE:
            return Verification(Proof.NOT_YET, seen.summary)
        if seen.seen is Seen.DESIRED:
            return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
        text = f"The keys were deleted; {seen.readings['keys']} were written again since."
        return Verification(Proof.SATISFIED, text, (("done", text),))

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Count keys and hold the count against its limits; without enough time a count is only the least."""
        return counting.held(access, call)

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Count what a flush would take away, and say which backup brings it back."""
        if call.action != FLUSH.name:
            return None
        size = int(ask(access, "DBSIZE"))
        return Airlock(f"All {size} keys in the Redis database.", backups.told(access))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what deleting keys does not undo."""
        if call.action == BACKUP.name:
            return ()
        return (
            "Deleted keys do not come back when the rollback is undone.",
            "Copies outside Redis stay: browser caches, CDN caches, values in running processes.",
        )
