"""Who may make and check connections, answered with a reason."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, OPERATE, SEE_INTERNAL
from apps.providers.models import Connection
from apps.timeline.answers import YES, Answer


def may_connect(person: Any) -> Answer:
    """Only administrators: a connection carries the organisation's credentials."""
    return may(person, ADMINISTER)


def may_check(person: Any, connection: Connection) -> Answer:
    """Administrators, and whoever operates rollbacks: a check only reads, and is wanted at 3 a.m."""
    return YES if may(person, OPERATE, connection) else may(person, ADMINISTER, connection)


def may_see(person: Any) -> Answer:
    """Everybody inside; which accounts an organisation has is nothing for its stakeholders."""
    return YES if may(person, SEE_INTERNAL) else may(person, ADMINISTER)
