"""Who may read, edit and publish playbooks, answered with a reason."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may, may_somewhere
from apps.accounts.rights import EDIT_PLAYBOOKS, PUBLISH_PLAYBOOKS, SEE_INTERNAL
from apps.timeline.answers import Answer


def may_read(by: Any) -> Answer:
    """Whoever sees internal notes; programs that read or write do, for they need to know which plans there are."""
    return may_somewhere(by, SEE_INTERNAL)


def may_edit(by: Any, thing: Any = None) -> Answer:
    """Whoever answers for the procedures writes drafts."""
    return may(by, EDIT_PLAYBOOKS, thing)


def may_publish(by: Any, thing: Any = None) -> Answer:
    """A published revision is what the next rollback does, so it is a right of its own."""
    return may(by, PUBLISH_PLAYBOOKS, thing)
