"""Read the routing rules of a project: those that are live, and a draft that somebody has prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.providers.base import Access
from apps.providers.endings import dig
from apps.providers.vercel import wire
from apps.providers.vercel.wire import API

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """The rules that are live, and those of the unpublished draft: None where there is none."""

    live: Sequence[Rule]
    draft: Sequence[Rule] | None
    draft_id: str = ""


def look(access: Access) -> Rules:
    """Return the rules of both versions; without a version nothing is live. Raises ProviderError."""
    path = f"/v1/projects/{wire.project_path(access)}/routes/versions"
    answer = API.read(access, path, wire.scope(access))
    versions = dig(answer.json(), "versions") if answer.ok else None
    if not isinstance(versions, list):
        raise API.unreadable(access, answer, "The routing rules")
    live = next((str(dig(one, "id")) for one in versions if dig(one, "isLive")), "")
    draft = next((str(dig(one, "id")) for one in versions if dig(one, "isStaging")), "")
    return Rules(_rules(access, live) if live else (), _rules(access, draft) if draft else None, draft)


def _rules(access: Access, version: str) -> Sequence[Rule]:
    path = f"/v1/projects/{wire.project_path(access)}/routes"
    answer = API.read(access, path, {"versionId": version, **wire.scope(access)})
    rules = dig(answer.json(), "routes") if answer.ok else None
    if not isinstance(rules, list):
        raise API.unreadable(access, answer, "The routing rules")
    return [rule for rule in rules if isinstance(rule, dict)]
