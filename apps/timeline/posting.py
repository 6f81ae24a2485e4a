"""Transactions that are sent to Postgres whole, from BEGIN to COMMIT, and whose answers are awaited later, in order.

What is sent after one that fails is not executed. Nothing else may be asked by this connection before `wait`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import psycopg.errors
from django.db import DatabaseError, connection

from apps.timeline.writing import Batch, Statement


@dataclass
class Sent:
    """A transaction under way: the cursors of its first statement and of its COMMIT, and who is told of its end."""

    first: psycopg.Cursor[Any]
    commit: psycopg.Cursor[Any]
    after: Sequence[Callable[[], object]]
    answered: Callable[[Any], None]
    failed: Callable[[], None]

    @property
    def is_committed(self) -> bool:
        """Say whether Postgres has confirmed it."""
        return self.commit.statusmessage == "COMMIT"


class Post:
    """What this thread has sent by Django's connection and has not heard of yet."""

    def __init__(self) -> None:
        self._pipeline: AbstractContextManager[Any] | None = None
        self._sent: list[Sent] = []
        self.trouble: Exception | None = None  # what became of the first that failed; `settle` raises it

    def send(
        self,
        first: Statement,
        batch: Batch,
        answered: Callable[[Any], None],
        failed: Callable[[], None],
    ) -> None:
        """Send a transaction that begins with `first` and go on at once; not while there is `trouble`.

        `answered` will be given the row that `first` returns, once all is committed; `failed` is called when it is not.
        """
        try:
            line = self._line()
            sent = Sent(line.cursor(), line.cursor(), batch.after, answered, failed)
            self._sent.append(sent)
            sent.commit.execute("BEGIN", prepare=False)
            sent.first.execute(*first)
            with line.cursor() as cursor:
                for sql, values in batch.statements():
                    cursor.execute(sql, values)
            sent.commit.execute("COMMIT", prepare=False)
        except (psycopg.Error, DatabaseError) as error:
            if not any(each.failed is failed for each in self._sent):
                failed()
            self._end(_cause(error))
            return
        if line.pgconn.flush():  # more than the socket takes now: a COMMIT must not be left behind
            self.wait()

    def wait(self) -> None:
        """Wait for the answers to all that was sent, if anything was. Trouble is kept for `settle`."""
        if self._pipeline:
            self._end(None)

    def settle(self) -> None:
        """Wait for all answers. Raises what Postgres says of the first transaction that failed."""
        self.wait()
        trouble, self.trouble = self.trouble, None
        if trouble:
            with connection.wrap_database_errors:
                raise trouble

    def _line(self) -> Any:
        if self._pipeline is None:
            connection.ensure_connection()
            pipeline = connection.connection.pipeline()
            pipeline.__enter__()
            self._pipeline = pipeline
        return connection.connection

    def _end(self, trouble: Exception | None) -> None:
        """Leave the pipeline, which waits for every answer, and the connection without a transaction."""
        pipeline, self._pipeline = self._pipeline, None
        try:
            if pipeline:
                pipeline.__exit__(None, None, None)
        except psycopg.Error as error:
            trouble = trouble or _cause(error)
        if not trouble and not all(each.is_committed for each in self._sent):
            trouble = psycopg.OperationalError("A transaction was not committed.")
        if trouble:
            with suppress(psycopg.Error, DatabaseError):
                connection.rollback()
        self.trouble = trouble
        self._tell()

    def _tell(self) -> None:
        sent, self._sent = self._sent, []
        for each in sent:
            if each.is_committed:
                each.answered(each.first.fetchone())
                for deed in each.after:
                    deed()
            else:
                each.failed()


def _cause(error: BaseException) -> Exception:
    """Return the first of a row of errors: the others only say that they came after it."""
    while isinstance(error, psycopg.errors.PipelineAborted) and isinstance(error.__context__, psycopg.Error):
        error = error.__context__
    assert isinstance(error, Exception)
    return error
