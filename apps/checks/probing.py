"""The outside probe: ask the public addresses from time to time and keep what came back, round by round.

Claim (a short transaction) → ask (no transaction) → store (a short transaction). A claim moves the environment's next
time forward with one conditional UPDATE, so that many workers make one round.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.checks import events, http, reading, serving
from apps.checks.models import Probe, ProbeRound
from apps.deployments.models import Environment
from apps.incidents.models import Incident
from apps.providers.base import ProviderError
from apps.providers.http import Answer
from apps.timeline.log import SYSTEM, record

EVERY_SECONDS, LEAST_SECONDS = 10.0, 2.0
KEPT = timedelta(days=8)  # "before the release" is a median of at most a week
AT_ONCE = 32  # requests to the outside at the same time, over all environments
MOST_REQUESTS = 30  # of one round
STEADY = timedelta(seconds=60)  # errors count as risen or fallen when they are so over this long


@dataclass(frozen=True)
class Asked:
    """One request of a round and its end: an answer, or the sentence that says why there is none."""

    url: str
    answer: Answer | None
    problem: str = ""

    @property
    def failed(self) -> bool:
        """Say whether a visitor would have seen an error: no answer, or a status of 400 and above."""
        return self.answer is None or self.answer.status >= 400


def probe_due() -> int:
    """Make a round for every environment whose time has come; return how many rounds were stored.

    Call it about every 5 s from each worker, in a thread of its own: it returns when the slowest address has answered
    or given up (at most 5 s each, 32 at once).
    """
    due = claim(timezone.now())
    if due:
        _look(due)
    return len(due)


def probe(environment: Environment) -> ProbeRound | None:
    """Make one round now and return it; None when the environment has no public address."""
    if not environment.public_url:
        return None
    return _look([environment])[0]


def claim(now: datetime) -> list[Environment]:
    """Take the environments that are due, so that no other process makes the same round."""
    _register_new(now)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE checks_probe SET next_at = %(now)s + make_interval(secs => least(3600, greatest(%(least)s,
                 CASE WHEN jsonb_typeof(e.probe->'every_seconds') = 'number'
                      THEN (e.probe->>'every_seconds')::float ELSE %(every)s END)))
               FROM deployments_environment e
               WHERE e.id = checks_probe.environment_id AND checks_probe.next_at <= %(now)s AND e.public_url <> ''
               RETURNING checks_probe.environment_id""",
            {"now": now, "least": LEAST_SECONDS, "every": EVERY_SECONDS},
        )
        taken = [row[0] for row in cursor.fetchall()]
    return list(Environment.objects.filter(pk__in=taken).select_related("service")) if taken else []


def _register_new(now: datetime) -> None:
    new = Environment.objects.filter(probes=None).exclude(public_url="")
    Probe.objects.bulk_create(
        [Probe(organisation_id=place.organisation_id, environment=place, next_at=now) for place in new],
        ignore_conflicts=True,
    )


def addresses(environment: Environment) -> list[str]:
    """Return what a round asks for: each path of `environment.probe` so many `times`, else the path of the version."""
    rule = environment.probe or {}
    given, times = rule.get("paths"), rule.get("times")
    paths = [path for path in given if isinstance(path, str)] if isinstance(given, list) else []
    paths = paths or [str((environment.serving or {}).get("path") or "/")]
    repeated = paths * (times if isinstance(times, int) and times > 0 else 1)
    return [http.address(environment, {"path": path}) for path in repeated[:MOST_REQUESTS]]


def _look(environments: Sequence[Environment]) -> list[ProbeRound]:
    at = timezone.now()
    asking = [(place, url) for place in environments for url in (*addresses(place), _version_address(place)) if url]
    with ThreadPoolExecutor(min(AT_ONCE, len(asking) or 1), thread_name_prefix="probe") as threads:
        ended = list(threads.map(_ask, [url for _, url in asking]))
    found: dict[UUID, list[Asked]] = {place.pk: [] for place in environments}
    for (place, _), one in zip(asking, ended, strict=True):
        found[place.pk].append(one)
    return [_store(place, at, found[place.pk]) for place in environments]


def _version_address(environment: Environment) -> str:
    return http.address(environment, environment.serving) if environment.serving else ""


def _ask(url: str) -> Asked:
    try:
        return Asked(url, http.ask(url))
    except ProviderError as error:
        return Asked(url, None, str(error))


@transaction.atomic
def _store(environment: Environment, at: datetime, asked: list[Asked]) -> ProbeRound:
    """Keep a round. The last of `asked` is the look at the version, where the environment says how to read it."""
    told = asked[-1].answer if environment.serving else None
    answers = asked[:-1] if environment.serving else asked
    version = serving.read(told, environment.serving).version if told else None
    failed = [one for one in answers if one.failed]
    made = ProbeRound.objects.create(
        organisation_id=environment.organisation_id,
        environment=environment,
        at=at,
        requests=len(answers),
        failures=len(failed),
        slowest_ms=max((round(one.answer.seconds * 1000) for one in answers if one.answer), default=None),
        version=version or "",
        detail=_words(failed[0])[:300] if failed else "",
    )
    ProbeRound.objects.filter(environment=environment, at__lt=at - KEPT).delete()
    _tell_of_a_change(environment, at)
    return made


def _words(one: Asked) -> str:
    path = "/" + one.url.split("://", 1)[-1].partition("/")[2]
    return f"{path} answered {one.answer.status}" if one.answer else one.problem


def _tell_of_a_change(environment: Environment, now: datetime) -> None:
    """Record that errors rose above the limit or fell below it, once, when they have been so for a while."""
    clock = Probe.objects.select_for_update(no_key=True).filter(environment=environment).first()
    lately = reading.lately(environment.pk, now - STEADY)
    if clock is None or lately is None:
        return
    percent, bad_rounds = lately
    failing = percent > environment.error_limit_percent and bad_rounds >= (1 if clock.failing else 2)
    if failing == clock.failing:
        return
    clock.failing = failing
    clock.save(update_fields=["failing"])
    record(
        events.ERRORS_ROSE if failing else events.ERRORS_FELL,
        environment,
        by=SYSTEM,
        incident=_incident_of(environment),
        environment=str(environment),
        limit=f"{environment.error_limit_percent:g} %",
        percent=f"{percent:.1f} %",
    )


def _incident_of(environment: Environment) -> Any:
    found = Incident.objects.active().filter(environment=environment).order_by("-started_at")
    return found.values_list("pk", flat=True).first()
