"""Who may describe what runs, register deployments and freeze, answered with a reason."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, FREEZE, REGISTER_DEPLOYMENTS, SEE_INTERNAL
from apps.timeline.answers import YES, Answer, no


def may_describe(person: Any) -> Answer:
    """Services and environments are the administrators' to describe."""
    return may(person, ADMINISTER)


def may_register(person: Any, thing: Any = None) -> Answer:
    """Deploy pipelines and whoever answers for releases."""
    return may(person, REGISTER_DEPLOYMENTS, thing)


def may_freeze(person: Any, scope: str) -> Answer:
    """Whoever holds the right; every organisation at once only an operator of the installation."""
    if scope == "all" and not _operates_the_installation(person):
        return no(
            "Only an operator of this installation can freeze every organisation. "
            "Freeze your organisation, or use the command line of the installation."
        )
    return may(person, FREEZE)


def may_ask_to_lift(person: Any) -> Answer:
    """Asking to lift needs the same right as freezing; lifting needs a second person besides."""
    return YES if may(person, FREEZE) else may(person, ADMINISTER)


def _operates_the_installation(person: Any) -> bool:
    user = getattr(person, "user", None)
    return bool(user and user.is_active and user.is_superuser)


def may_see_freezes(person: Any) -> Answer:
    """Everybody inside; the reasons are internal notes."""
    return YES if may(person, SEE_INTERNAL) else may(person, FREEZE)
