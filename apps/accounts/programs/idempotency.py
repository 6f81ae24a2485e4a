"""Repeats get the first answer: `Idempotency-Key` on every POST that creates.

The answer is kept in the transaction of the deed, so after a crash either both are there or neither.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.responses import NinjaJSONEncoder, Status

from apps.accounts.models import IdempotentAnswer, Token
from apps.accounts.requests import Request
from apps.timeline.answers import Refused, Unacceptable

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
ABANDONED_AFTER = timedelta(seconds=60)  # longer than any request may hold a transaction


def idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a ninja view that creates and returns `Status(201, dict)` (or a dict for 200).

    The view runs in one transaction with or without the header. With it: same key and same request → the
    first answer; another request → 422; the first still under way → 409. A refusal is not kept: the request
    may be repaired.
    """

    return _wrapped(view, lambda *args, **kwargs: lambda: view(*args, **kwargs))


def idempotent_after_reading(view: Callable[..., Callable[[], Any]]) -> Callable[..., Any]:
    """Like `idempotent`, for a view that must ask the outside first: it returns the deed as a function.

    The view runs outside any transaction and changes nothing; only the function it returns runs inside one.
    """
    return _wrapped(view, view)


def _wrapped(view: Callable[..., Any], deed_of: Callable[..., Callable[[], Any]]) -> Callable[..., Any]:
    @functools.wraps(view)
    def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = _key(request)
        if key is None:
            deed = deed_of(request, *args, **kwargs)
            with transaction.atomic():
                return _answer(deed())
        row = _claim(request.token, key, _digest(request))
        if row.status is not None:
            return _json(row.status, row.body)
        try:
            return _first(row, deed_of(request, *args, **kwargs))
        except BaseException:
            IdempotentAnswer.objects.filter(pk=row.pk, status=None).delete()
            raise

    wrapped.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    wrapped.is_idempotent = True  # type: ignore[attr-defined]
    return wrapped


def _first(row: IdempotentAnswer, deed: Callable[[], Any]) -> HttpResponse:
    with transaction.atomic():
        answer = _answer(deed())
        kept = IdempotentAnswer.objects.filter(pk=row.pk, status=None)
        body = getattr(answer, "kept", answer.content.decode())  # what is told only once is not written down
        if not kept.update(status=answer.status_code, body=body):
            raise Refused("Another call with this key has overtaken this one. Nothing was done here.", code="in_flight")
    return answer


def _claim(token: Token, key: str, digest: str) -> IdempotentAnswer:
    """Return our own new row, or the finished one of the first call. Raises 409 or 422."""
    mine = IdempotentAnswer(organisation_id=token.organisation_id, token=token, key=key, request_digest=digest)
    IdempotentAnswer.objects.bulk_create([mine], ignore_conflicts=True)
    row = IdempotentAnswer.objects.filter(token=token, key=key).first()
    if row is None:
        return _claim(token, key, digest)
    if row.request_digest != digest:
        raise Unacceptable(
            f"This {HEADER} was used for another request. Take a new one.",
            code="idempotency_key_reused",
            field=HEADER,
        )
    if row.pk != mine.pk and row.status is None:
        if row.created_at > timezone.now() - ABANDONED_AFTER:
            raise Refused("The first call with this key is still under way. Ask again.", code="in_flight")
        row.delete()
        return _claim(token, key, digest)
    return row


def _key(request: HttpRequest) -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Unacceptable(f"{HEADER}: give 1 to {LONGEST_KEY} printable characters.", field=HEADER)
    return key


def _digest(request: HttpRequest) -> str:
    target = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(target + request.body).hexdigest()


def _answer(result: Any) -> HttpResponse:
    if isinstance(result, HttpResponse):
        return result
    status, value = (result.status_code, result.value) if isinstance(result, Status) else (200, result)
    return _json(status, json.dumps(value, cls=NinjaJSONEncoder))


def _json(status: int, body: str) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")
