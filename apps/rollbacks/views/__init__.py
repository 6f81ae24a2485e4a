"""Pages of rollbacks: find, call, show."""

from apps.rollbacks.views.decisions import create_decision, decision, readings
from apps.rollbacks.views.deeds import (
    changes,
    create_approval,
    create_cancellation,
    create_pause,
    create_plan,
    create_resumption,
)
from apps.rollbacks.views.pages import (
    ballot,
    deeds,
    plan,
    progress,
    rollback,
    rollback_log,
    rollback_stream,
    rollbacks,
    workers,
)
from apps.rollbacks.views.proposals import forward, new_rollback

__all__ = [
    "ballot",
    "changes",
    "create_approval",
    "create_cancellation",
    "create_decision",
    "create_pause",
    "create_plan",
    "create_resumption",
    "decision",
    "deeds",
    "forward",
    "new_rollback",
    "plan",
    "progress",
    "readings",
    "rollback",
    "rollback_log",
    "rollback_stream",
    "rollbacks",
    "workers",
]
