"""The page that asks again who is there, by whatever this person can prove it with; and what a passkey is asked."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth
from allauth.account.forms import ReauthenticateForm
from allauth.decorators import rate_limit
from allauth.mfa.base.forms import ReauthenticateForm as CodeForm
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm as PasskeyForm
from allauth.mfa.webauthn.internal import auth as passkeys
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from fido2.webauthn import AuthenticationResponse

from apps.accounts import reauthentication, second_factors, tries
from apps.accounts.adapter import next_of


@never_cache
@sensitive_post_parameters("password", "code", "credential")
@require_http_methods(["GET", "POST"])
def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Ask for the password, a code, a passkey or the sign-in service; lead back to where the person was."""
    ways = reauthentication.ways_of(request.user)
    asked = {"password": ReauthenticateForm, "code": CodeForm, "credential": PasskeyForm}
    given = next((name for name in asked if name in request.POST and name in ways.forms), "")
    forms: dict[str, Any] = {name: _plain(asked[name](user=request.user)) for name in ways.forms}
    if given:
        fields = second_factors.readable(request.POST, AuthenticationResponse)
        forms[given] = _plain(asked[given](user=request.user, data=fields))
        if forms[given].is_valid():
            reauthentication.prove(request, forms[given])
            return redirect(next_of(request))
    context = {"ways": ways, "forms": forms, "next": next_of(request), "tried": forms.get(given)}
    return tries.told(render(request, "account/reauthenticate.html", context), forms.get(given))


def set_password(request: HttpRequest) -> HttpResponse:
    """Choose a first password, for who has only signed in by a service; the service is asked again before."""
    reauthentication.require_fresh(request, back=request.path)
    return allauth.password_set(request)


@login_not_required
@never_cache
@require_POST
@rate_limit(action="login")
def passkey_options(request: HttpRequest) -> JsonResponse:
    """Return what the browser asks a passkey to sign: of this person, of whoever is half way in, or of anybody."""
    user = request.user if request.user.is_authenticated else second_factors.person_waiting(request)
    return JsonResponse(passkeys.begin_authentication(user))


def _plain(form: Form) -> Form:
    """Return the form without placeholders and hints."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
        field.help_text = ""
    return form
