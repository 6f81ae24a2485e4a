"""Asks again who is there before a vote: a sign-in older than five minutes is not enough.

A view calls `require_fresh(request)` first. Where it is too old, nothing is done: the person is sent to type
the password again, and what they had filled in waits in their session, so that the page is as they left it.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.timeline.answers import Forbidden

PENDING = "pending_form"  # the session's key
NEVER_KEPT = {"csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword"}


class ReauthenticationRequired(Forbidden):
    """The last sign-in is too old for this deed; nothing was done."""

    code = "reauthentication_required"

    def __init__(self, back: str) -> None:
        super().__init__("Your sign-in is older than 5 minutes. Nothing was done; sign in again and go on.")
        self.back = back


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the person proved who they are within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds.

    A program's token with the scope `approve` counts as proof.
    """
    token = getattr(request, "token", None)
    if token is not None:
        return "approve" in token.scopes
    records = get_authentication_records(request, request.user)
    newest = max((record.get("at", 0) for record in records), default=0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def require_fresh(request: HttpRequest, *, back: str = "") -> None:
    """Raise ReauthenticationRequired unless `is_fresh`. `back`: the page to return to, else the last one."""
    if not is_fresh(request):
        raise ReauthenticationRequired(back or _came_from(request))


def ask(request: HttpRequest, needed: ReauthenticationRequired) -> HttpResponse:
    """Keep the form and send the person to type the password; they come back to the same page."""
    if request.method == "POST":
        kept = request.POST.copy()
        for name in NEVER_KEPT:
            kept.pop(name, None)
        request.session[PENDING] = {"path": request.path, "form": kept.urlencode()}
    address = f"{reverse('account_reauthenticate')}?{urlencode({'next': needed.back})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def take_pending(request: HttpRequest, path: str) -> QueryDict | None:
    """Return, once, the form that was on its way to `path` when the password was asked for; else None."""
    kept = request.session.get(PENDING)
    if not kept or kept["path"] != path:
        return None
    del request.session[PENDING]
    return QueryDict(kept["form"])


def _came_from(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        parts = urlsplit(referer)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "/"
