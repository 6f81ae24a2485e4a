"""Asks again who is there before a vote: a sign-in older than five minutes is not enough.

A view calls `require_fresh(request)` first. Where it is too old, nothing is done: the person is sent to type
the password again, and what they had filled in waits in their session, so that the page is as they left it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import sessions
from apps.timeline.answers import Forbidden

PENDING = "pending_form"  # the session's keys
ASKED_BY_SERVICE = "asked_by_service"
NEVER_KEPT = {"csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword", "code", "credential"}


class ReauthenticationRequired(Forbidden):
    """The last sign-in is too old for this deed; nothing was done."""

    code = "reauthentication_required"

    def __init__(self, back: str, *, keep: bool = True) -> None:
        super().__init__("Your sign-in is older than 5 minutes. Nothing was done; sign in again and go on.")
        self.back, self.keep = back, keep


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the person proved who they are within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds.

    A program's token with the scope `approve` counts as proof.
    """
    token = getattr(request, "token", None)
    if token is not None:
        return "approve" in token.scopes
    return time.time() - _newest_proof(request) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def require_fresh(request: HttpRequest, *, back: str = "", keep: bool = True) -> None:
    """Raise ReauthenticationRequired unless `is_fresh`. `back`: the page to return to, else the last one.

    `keep=False` for forms that hold secrets: they are not written into the session and have to be typed again.
    """
    if not is_fresh(request):
        raise ReauthenticationRequired(back or _came_from(request), keep=keep)


def ask(request: HttpRequest, needed: ReauthenticationRequired) -> HttpResponse:
    """Keep the form and send the person to type the password; they come back to the same page."""
    if request.method == "POST" and not needed.keep:
        messages.info(request, "What you had typed was not kept, because it holds secrets. Type it once more.")
    elif request.method == "POST":
        kept = request.POST.copy()
        for name in NEVER_KEPT:
            kept.pop(name, None)
        request.session[PENDING] = {"path": request.path, "form": kept.urlencode()}
    address = f"{reverse('account_reauthenticate')}?{urlencode({'next': needed.back})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


@dataclass(frozen=True)
class Ways:
    """How a person can prove again who they are: names of form fields, and whether the sign-in service can ask."""

    forms: tuple[str, ...]
    service: Any

    def __bool__(self) -> bool:
        return bool(self.forms or self.service)


def ways_of(user: Any) -> Ways:
    """Return how this account can prove who is there."""
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    has = {
        "password": user.has_usable_password(),
        "code": bool(kinds - {Authenticator.Type.WEBAUTHN}),
        "credential": Authenticator.Type.WEBAUTHN in kinds,
    }
    tied = settings.SINGLE_SIGN_ON is not None and SocialAccount.objects.filter(user=user).exists()
    return Ways(tuple(name for name, there in has.items() if there), settings.SINGLE_SIGN_ON if tied else None)


def prove(request: HttpRequest, form: Any) -> None:
    """Count a valid form of one of the `ways_of` as proof; the session gets a new name, as after every sign-in."""
    if isinstance(form, ReauthenticateForm):
        reauthenticate_by_password(request)
    else:
        form.save()
    sessions.rename(request)


def remember_service(request: HttpRequest, asked_at: float) -> None:
    """Keep when the sign-in service last asked this person who they are, in seconds since 1970."""
    request.session[ASKED_BY_SERVICE] = {"user": str(request.user.pk), "at": asked_at}
    sessions.rename(request)


def take_pending(request: HttpRequest, path: str) -> QueryDict | None:
    """Return, once, the form that was on its way to `path` when the password was asked for; else None."""
    kept = request.session.get(PENDING)
    if not kept or kept["path"] != path:
        return None
    del request.session[PENDING]
    return QueryDict(kept["form"])


def _newest_proof(request: HttpRequest) -> float:
    """Return when the person last proved who they are. Coming from a service proves only what it says of itself: it
    may have let them through by a sign-in of this morning.
    """
    records = get_authentication_records(request, request.user)
    times = [record.get("at", 0) for record in records if record.get("method") != "socialaccount"]
    asked = request.session.get(ASKED_BY_SERVICE) or {}
    if asked.get("user") == str(request.user.pk):
        times.append(asked["at"])
    return max(times, default=0)


def _came_from(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        parts = urlsplit(referer)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "/"
