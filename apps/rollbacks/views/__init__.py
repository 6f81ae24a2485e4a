"""Pages of rollbacks: find, call, show."""

from apps.rollbacks.views.deeds import (
    create_adoption,
    create_approval,
    create_cancellation,
    create_pause,
    create_plan,
    create_resumption,
    create_retry,
    create_skip,
)
from apps.rollbacks.views.pages import (
    ballot,
    decision,
    deeds,
    plan,
    progress,
    rollback,
    rollback_log,
    rollback_stream,
    rollbacks,
)
from apps.rollbacks.views.proposals import forward, new_rollback

__all__ = [
    "ballot",
    "create_adoption",
    "create_approval",
    "create_cancellation",
    "create_pause",
    "create_plan",
    "create_resumption",
    "create_retry",
    "create_skip",
    "decision",
    "deeds",
    "forward",
    "new_rollback",
    "plan",
    "progress",
    "rollback",
    "rollback_log",
    "rollback_stream",
    "rollbacks",
]
