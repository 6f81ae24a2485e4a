"""The one door that providers knock at by themselves; what proves who they are is the signature."""

from __future__ import annotations

import json

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts import programs
from apps.accounts.programs import problem
from apps.providers import receiving

LONGEST_BODY: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # bytes


@login_not_required
@csrf_exempt
@require_POST
def receive_hook(request: HttpRequest, provider: str, source: str) -> HttpResponse:
    """Take one delivery. A second time it is answered the same way and does nothing."""
    body = request.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        return problem(413, "too_large", f"A delivery has at most {LONGEST_BODY} bytes.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return problem(415, "encoded", "Send the body as it is, without Content-Encoding.")
    try:
        taken = receiving.receive(provider, source, request.headers, body)
    except receiving.Unsigned:
        return problem(401, "unauthenticated", "There is no valid signature for this address.")
    except programs.TooOften as flood:
        return programs.problem_of(flood)
    except receiving.Unreadable:
        return problem(422, "invalid", "The body is not an object. Its bytes were kept; nothing was done.")
    reply = json.dumps({"taken": taken.new}) if taken.reply is None else taken.reply
    return HttpResponse(reply, content_type="application/json" if reply else "text/plain")
