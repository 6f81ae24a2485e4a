"""What a provider declares of itself, as programs see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ninja import Schema
from pydantic import Field

from apps.providers import declaring as declared
from apps.providers.base import Provider


class FieldAnswer(Schema):
    """One setting or credential that a connection takes."""

    name: str
    label: str
    required: bool
    kind: str
    help: str
    choices: list[str] = Field(description="What may be entered where `kind` is choice.")


class ActionAnswer(Schema):
    """Something a provider can do. `class` says what a repeated call does, `params` what it takes."""

    name: str
    title: str
    risk: str
    idempotency: str = Field(alias="class")
    reversibility: str = Field(description="automatic, by_hand or never; `undo` says how.")
    undo: str
    interruptible: bool
    usual_seconds: float
    params: dict[str, Any]


class DeclaredCheckAnswer(Schema):
    """Something a provider can be asked as proof. With a `unit` it measures over a window of `window_minutes`."""

    name: str
    title: str
    unit: str
    resolution_seconds: float = Field(description="The finest window that the source can tell.")
    params: dict[str, Any]


class ProviderAnswer(Schema):
    """A system that the portal can read and act on."""

    slug: str
    name: str
    default_base_url: str
    roles: list[str]
    settings: list[FieldAnswer]
    credentials: list[FieldAnswer]
    actions: list[ActionAnswer]
    checks: list[DeclaredCheckAnswer]
    support: str
    receives_webhooks: bool


class Providers(Schema):
    """Every provider, on one page."""

    items: list[ProviderAnswer]
    next: str | None


def provider_as_json(provider: Provider) -> dict[str, Any]:
    """Return what programs see of a provider."""
    return {
        "slug": provider.slug,
        "name": provider.name,
        "default_base_url": provider.default_base_url,
        "roles": list(provider.roles),
        "settings": [_field_as_json(field) for field in provider.settings],
        "credentials": [_field_as_json(field) for field in provider.credentials],
        "actions": [_action_as_json(action) for action in provider.actions],
        "checks": [_check_as_json(check) for check in provider.checks],
        "support": provider.support,
        "receives_webhooks": provider.hook is not None,
    }


def _field_as_json(field: declared.Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "required": field.required,
        "kind": field.kind,
        "help": field.help,
        "choices": list(field.choices),
    }


def _action_as_json(action: declared.Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "title": action.title,
        "risk": str(action.risk),
        "class": str(action.idempotency_class),
        "reversibility": str(action.reversibility),
        "undo": action.undo,
        "interruptible": action.interruptible,
        "usual_seconds": action.usual_seconds,
        "params": _parameters_as_json(action.parameters),
    }


def _check_as_json(check: declared.Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "title": check.title,
        "unit": check.unit,
        "resolution_seconds": check.resolution_seconds,
        "params": _parameters_as_json(check.takes()),
    }


def _parameters_as_json(parameters: Iterable[declared.Parameter]) -> dict[str, Any]:
    return {
        one.name: {
            "title": one.title, "kind": one.kind, "required": one.required, "help": one.help,
            "choices": list(one.choices),
        }
        for one in parameters
    }  # fmt: skip
