"""The shapes of answers to programs; the OpenAPI document is made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field


class LiveAnswer(Schema):
    """What is live."""

    id: str
    reference: str
    version: str
    since: datetime | None


class PinAnswer(Schema):
    """The version that production stays on until somebody goes forward again."""

    version: str
    since: datetime


class EnvironmentAnswer(Schema):
    """Where a service runs."""

    id: str
    service: str
    name: str
    kind: str
    public_url: str
    serving: dict[str, str]
    connections: dict[str, str]
    live: LiveAnswer | None
    pinned: PinAnswer | None
    rollbacks_frozen: bool
    html_url: str


class ServiceAnswer(Schema):
    """Something customers use."""

    id: str
    slug: str
    name: str
    description: str
    rto_minutes: int
    audience: str
    environments: list[EnvironmentAnswer]
    created_at: datetime
    html_url: str


class Services(Schema):
    """A page of services."""

    items: list[ServiceAnswer]
    next: str | None


class DeploymentAnswer(Schema):
    """One release. `usable` says whether the host could still serve it, as of `checked_at`.

    `variables` is what it was built with, by name, fingerprint and time of change; null where the host did not tell.
    """

    id: str
    service: str
    environment: str
    reference: str
    version: str
    commit: str
    author: str
    summary: str
    deployed_at: datetime
    good: bool | None
    preview_reviewed: bool | None
    flags: list[str]
    migrations: list[dict[str, Any]]
    env_changes: list[Any]
    variables: list[dict[str, str]] | None
    losses: list[str]
    playbook: str | None
    live: bool
    usable: bool | None
    usable_reason: str
    checked_at: datetime | None
    html_url: str


class Deployments(Schema):
    """A page of deployments."""

    items: list[DeploymentAnswer]
    next: str | None


class GateAnswer(Schema):
    """Whether a version may go out."""

    passes: bool = Field(alias="pass")
    reasons: list[str]


class FreezeAnswer(Schema):
    """What is stopped, and who has to agree before it is allowed again."""

    id: str
    stops: str
    scope: str
    service: str | None
    environment: str | None
    reason: str
    active: bool
    created_by: str | None
    created_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    approval: str | None
    html_url: str


class Freezes(Schema):
    """A page of freezes."""

    items: list[FreezeAnswer]
    next: str | None
