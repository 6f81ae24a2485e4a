"""Refusals for programs: application/problem+json with `title`, `status`, `detail`, `code` and more."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse

from apps.timeline.answers import Refused

MEDIA_TYPE = "application/problem+json"


class Unauthenticated(Refused):
    """No token, or one that is not valid (HTTP 401)."""

    status = 401
    code = "unauthenticated"


class TooLarge(Refused):
    """The body is larger than we read (HTTP 413)."""

    status = 413
    code = "too_large"


class Encoded(Refused):
    """The body is compressed, which we never undo (HTTP 415)."""

    status = 415
    code = "encoded"


class TooOften(Refused):
    """Too many calls; `retry_after` is in seconds (HTTP 429)."""

    status = 429
    code = "too_often"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, retry_after=retry_after)


def problem(status: int, code: str, detail: str, **extra: Any) -> HttpResponse:
    """Return a problem document. `extra` goes beside the four standing fields and never replaces them."""
    said = {**extra, "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    answer = HttpResponse(json.dumps(said, cls=DjangoJSONEncoder), status=status, content_type=MEDIA_TYPE)
    answer["Cache-Control"] = "no-store"
    return answer


def problem_of(refusal: Refused) -> HttpResponse:
    """Return the document of a refusal; 401 and 429 carry the header that tells what to do."""
    answer = problem(refusal.status, refusal.code, refusal.message, **refusal.extra)
    if refusal.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    if "retry_after" in refusal.extra:
        answer["Retry-After"] = str(refusal.extra["retry_after"])
    return answer
