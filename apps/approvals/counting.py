"""Count the votes once more at the instant of the deed: Postgres does it, and consumes them."""

from __future__ import annotations

from django.db import DatabaseError, connection, transaction

from apps.approvals.models import Question
from apps.timeline.answers import Refused

NO_LONGER_COUNT = {"RG009", "RG010"}  # votes are missing or no longer count; somebody rejected


def consume(question: Question) -> None:
    """Consume the votes that grant `question`, inside the deciding transaction.

    Raises Refused when one of them no longer counts: its person was deactivated or has lost the role since.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT consume_votes(%s, %s, %s)", [question.organisation_id, question.pk, question.content_hash]
            )
    except DatabaseError as refused:
        if getattr(refused.__cause__, "sqlstate", "") not in NO_LONGER_COUNT:
            raise
        raise Refused(
            "One of the earlier votes no longer counts: its person has left or lost the role. "
            "Nothing was changed. Take the question back and ask again.",
            code="votes_missing",
            state=question.state,
        ) from refused
