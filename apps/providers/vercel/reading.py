"""Read from Vercel what production serves, which alias job is under way, and what could be served instead.

Vercel tells "what is live" in several places, and not every one is always filled; the strongest answer that
is there wins. Source: REST API reference (projects, deployments) and the status loop of Vercel's own command
line.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.endings import dig
from apps.providers.hosting import Live, Pinned
from apps.providers.vercel import listing, wire

JOB_IS_STALE_AFTER_SECONDS = 600  # a job older than this no longer counts as under way


@dataclass(frozen=True)
class Job:
    """The last request to move production addresses. `kind` is rollback or promote; times are datetimes."""

    kind: str
    status: str
    target: str
    requested_at: datetime | None

    @property
    def under_way(self) -> bool:
        """Say whether Vercel is moving addresses for it now."""
        if self.status not in ("pending", "in-progress"):
            return False
        age = time.time() - self.requested_at.timestamp() if self.requested_at else 0
        return age < JOB_IS_STALE_AFTER_SECONDS


@dataclass(frozen=True)
class Production:
    """One look at a project: its name, what is live, the last job, and the reason given for a rollback."""

    name: str
    live: Live
    job: Job | None
    reason: str = ""
    rolled_back_at: datetime | None = None
    paused: bool = False
    assigns: bool | None = None  # whether new releases get the production addresses by themselves; None: not said

    @property
    def pinned(self) -> Pinned | None:
        """How production is pinned to an older release, or None.

        After a rollback Vercel stops giving production addresses to new releases until one is promoted. The last
        job says so; where Vercel no longer tells a job, the reason that it keeps while rolled back does.
        """
        if self.job:
            ended = self.job.kind == "rollback" and self.job.status == "succeeded"
            return Pinned(self.job.target, self.job.requested_at, self.reason) if ended else None
        if self.rolled_back_at and self.live.reference:
            return Pinned(self.live.reference, self.rolled_back_at, self.reason)
        return None

    def brings(self, wanted: str) -> bool:
        """Say whether some addresses are on `wanted` and nothing says that the others will not follow.

        A finished job can be ahead of the list of addresses.
        """
        last = self.job is None or (self.job.target == wanted and self.job.status != "failed")
        return last and wanted in self.live.addresses.values()


def project(access: Access) -> dict[str, Any]:
    """Return the project as Vercel describes it. Raises ProviderError."""
    query = {"rollbackInfo": "true", **wire.scope(access)}
    answer = wire.API.read(access, f"/v9/projects/{wire.project_path(access)}", query)
    body = answer.json() if answer.ok else None
    if not isinstance(body, dict):
        raise wire.API.unreadable(access, answer, f"The project {access.settings.get('project_id')}")
    return body


def production(access: Access) -> Production:
    """Return what production serves and what is moving it. Raises ProviderError."""
    body = project(access)
    job = job_of(dig(body, "lastAliasRequest"))
    live = _from_addresses(body) or _from_project(body, job) or _from_elsewhere(access)
    if job and job.under_way:
        live = Live(live.reference, live.source, live.addresses, moving_to=job.target)
    name = str(dig(body, "name") or access.settings.get("project_id"))
    why = dig(body, "rollbackDescription")
    assigns = dig(body, "autoAssignCustomDomains")
    return Production(
        name,
        live,
        job,
        reason=str(dig(why, "description") or ""),
        rolled_back_at=wire.moment(dig(why, "createdAt")),
        paused=dig(body, "paused") is True,
        assigns=assigns if isinstance(assigns, bool) else None,
    )


def job_of(request: Any) -> Job | None:
    """Return the job that a `lastAliasRequest` describes, or None."""
    target = dig(request, "toDeploymentId")
    if not isinstance(target, str):
        return None
    status, kind = str(dig(request, "jobStatus") or ""), str(dig(request, "type") or "")
    return Job(kind, status, target, wire.moment(dig(request, "requestedAt")))


def failed_addresses(access: Access, kind: str) -> dict[str, str]:
    """Return the addresses that the last job could not move, with the deployment they still point to."""
    version = "v1" if kind == "promote" else "v9"
    path = f"/{version}/projects/{wire.project_path(access)}/{kind}/aliases"
    try:
        body = wire.API.read(access, path, {"failedOnly": "true", "limit": 20, **wire.scope(access)}).json()
    except ProviderError:
        return {}  # only a detail of a failure that is already certain
    found = {}
    for item in dig(body, "aliases") or []:
        alias = dig(item, "alias")
        name = alias if isinstance(alias, str) else dig(alias, "alias")
        if name and dig(item, "status") in ("failed", None):
            found[str(name)] = str(dig(alias, "deploymentId") or "")
    return found


def _from_addresses(body: Mapping[str, Any]) -> Live | None:
    found = {}
    for alias in dig(body, "alias") or []:
        production_alias = str(dig(alias, "target") or dig(alias, "environment")).lower() == "production"
        reference = dig(alias, "deployment", "id")
        if production_alias and not dig(alias, "redirect") and isinstance(reference, str):
            found[str(dig(alias, "domain"))] = reference
    if not found:
        return None
    together = set(found.values())
    return Live(together.pop() if len(together) == 1 else "", "the production addresses", found)


def _from_project(body: Mapping[str, Any], job: Job | None) -> Live | None:
    reference = dig(body, "targets", "production", "id")
    if isinstance(reference, str):
        return Live(reference, "the project's production target")
    if job and job.status == "succeeded":
        return Live(job.target, "the last finished request to move addresses")
    return None


def _from_elsewhere(access: Access) -> Live:
    answer = wire.API.read(access, f"/projects/{wire.project_path(access)}/production-deployment", wire.scope(access))
    reference = dig(answer.json(), "deployment", "id") if answer.ok else None
    if isinstance(reference, str):
        return Live(reference, "the production deployment")
    try:
        newest = next((one for one in listing.deployments(access) if one.served_production), None)
    except ProviderError:
        newest = None  # an endpoint of last resort; its absence is no error of its own
    return Live(newest.reference, "the newest deployment that served production") if newest else Live("", "nothing")
