"""Who may describe what runs, register deployments and freeze, answered with a reason."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may, may_somewhere
from apps.accounts.rights import ADMINISTER, FREEZE, REGISTER_DEPLOYMENTS, SEE_INTERNAL
from apps.timeline.answers import YES, Answer, no


def may_describe(person: Any) -> Answer:
    """Services and environments are the administrators' to describe."""
    return may(person, ADMINISTER)


def may_register(person: Any, thing: Any = None) -> Answer:
    """Deploy pipelines and whoever answers for releases."""
    return may(person, REGISTER_DEPLOYMENTS, thing)


def may_freeze(person: Any, scope: str, thing: Any = None) -> Answer:
    """Whoever holds the right where it is frozen; every organisation at once only an operator of the installation."""
    if scope == "all" and not _operates_the_installation(person):
        return no(
            "Only an operator of this installation can freeze every organisation. "
            "Freeze your organisation, or use the command line of the installation."
        )
    return may(person, FREEZE, thing)


def may_freeze_somewhere(person: Any) -> Answer:
    """Enough to be shown the form; where it holds is asked again."""
    return may_somewhere(person, FREEZE)


def may_ask_to_lift(person: Any, freeze: Any = None) -> Answer:
    """Asking to lift needs the same right as freezing; lifting needs a second person besides."""
    held = may_somewhere(person, FREEZE) if freeze is None else may(person, FREEZE, freeze)
    return YES if held else may(person, ADMINISTER)


def _operates_the_installation(person: Any) -> bool:
    user = getattr(person, "user", None)
    return bool(user and user.is_active and user.is_superuser)


def may_see_freezes(person: Any) -> Answer:
    """Everybody inside; the reasons are internal notes."""
    return YES if may_somewhere(person, SEE_INTERNAL) else may_somewhere(person, FREEZE)
