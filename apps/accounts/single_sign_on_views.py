"""To the sign-in service and back: the button, the proof that is asked for again, and the return."""

from __future__ import annotations

import secrets
import time
from typing import Any

from allauth.decorators import rate_limit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import reauthentication, single_sign_on
from apps.accounts.adapter import next_of


@login_not_required
@never_cache
@require_POST
@rate_limit(action="login")
def begin(request: HttpRequest) -> HttpResponse:
    """Send a person to the service; where somebody is signed in already, it has to ask them again."""
    if not single_sign_on.is_configured():
        raise Http404
    asked: dict[str, Any] = {"nonce": secrets.token_urlsafe(32), "begun_at": time.time()}
    sent = {"nonce": asked["nonce"]}
    process = AuthProcess.LOGIN
    if request.user.is_authenticated:
        process, sent = AuthProcess.REDIRECT, {**sent, "prompt": "login", "max_age": "0"}
    provider = get_adapter().get_provider(request, single_sign_on.PROVIDER)
    try:
        answer = provider.redirect(request, process, next_url=next_of(request), auth_params=sent, **asked)
    except OAuth2Error as problem:
        return single_sign_on.refused(request, str(problem))
    if answer.status_code != 302:
        return answer
    return _onward(request, answer["Location"])


@login_not_required
@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """Take the service's answer."""
    if not single_sign_on.is_configured():
        raise Http404
    issuer = request.GET.get("iss")
    if issuer is not None and issuer != single_sign_on.service().issuer:  # RFC 9207
        return single_sign_on.refused(request, "The answer comes from another service.")
    conversation = single_sign_on.Conversation(request)
    answer = Return.adapter_view(conversation)(request)
    if request.user.is_authenticated and answer.status_code == 302 and conversation.asked_at is not None:
        reauthentication.remember_service(request, conversation.asked_at)
    return answer


class Return(OAuth2CallbackView):
    """Allauth's way back, which tells the conversation what was kept when it was begun."""

    adapter: single_sign_on.Conversation

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        state, answer = super()._get_state(request, provider)
        self.adapter.begun = state or {}
        return state, answer


def _onward(request: HttpRequest, address: str) -> HttpResponse:
    """Lead on by a page of our own: a form may only be answered from here (form-action 'self')."""
    context = {"address": address, "service": settings.SINGLE_SIGN_ON}
    return render(request, "socialaccount/onward.html", context)
