"""List the deployments of a Vercel project: what could be served, and what carries a mark of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access
from apps.providers.endings import dig
from apps.providers.hosting import HostedDeployment
from apps.providers.vercel.wire import API, id_of, moment, scope

LISTED = 100


def deployments(access: Access) -> list[HostedDeployment]:
    """Return the production deployments that were built, newest first. Raises ProviderError."""
    query = {
        "projectId": access.settings.get("project_id"),
        "target": "production",
        "state": "READY",
        "limit": LISTED,
    }
    items = listed(access, query)
    found = [_deployment(item) for item in items if dig(item, "target") in ("production", None)]
    return sorted((one for one in found if one.ready), key=lambda one: one.created_at or _NEVER, reverse=True)


def listed(access: Access, query: Mapping[str, str | int | None]) -> list[Any]:
    """Return deployments as Vercel lists them, at most one page. Raises ProviderError."""
    asked = {**query, **scope(access)}
    answer = API.read(access, "/v6/deployments", asked)
    if answer.status == 404:
        answer = API.read(access, "/v7/deployments", asked)
    items = dig(answer.json(), "deployments") if answer.ok else None
    if not isinstance(items, list):
        raise API.unreadable(access, answer, "The list of deployments")
    return items


_NEVER = datetime.min.replace(tzinfo=UTC)


def _deployment(item: Any) -> HostedDeployment:
    meta = dig(item, "meta") or {}
    gone = dig(item, "deleted") or dig(item, "softDeletedByRetention")  # still listed, but cannot serve again

    def of_commit(name: str) -> str:
        hosts = ("github", "gitlab", "bitbucket")
        return next((str(meta[f"{host}{name}"]) for host in hosts if isinstance(meta.get(f"{host}{name}"), str)), "")

    return HostedDeployment(
        reference=id_of(item),
        created_at=moment(dig(item, "createdAt") or dig(item, "created")),
        ready=(dig(item, "readyState") or dig(item, "state")) == "READY" and not gone,
        served_production=dig(item, "readySubstate") in ("PROMOTED", None),
        url=str(dig(item, "url") or ""),
        commit=of_commit("CommitSha"),
        branch=of_commit("CommitRef"),
        message=of_commit("CommitMessage"),
        author=str(dig(item, "creator", "username") or ""),
        page=str(dig(item, "inspectorUrl") or ""),
    )
