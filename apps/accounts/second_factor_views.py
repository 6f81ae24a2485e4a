"""Setting up and removing second factors on the profile, and showing one when signing in."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.models import Login
from allauth.decorators import rate_limit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.mfa.webauthn.internal import flows
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from apps.accounts import second_factors, tries
from apps.accounts.adapter import next_of
from apps.accounts.reauthentication import require_fresh
from apps.accounts.requests import Request
from apps.timeline.answers import Missing

PROFILE = "accounts:profile"


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")
@require_http_methods(["GET", "POST"])
def authenticate(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of somebody whose password was right."""
    stage: Any = request._login_stage  # type: ignore[attr-defined]
    tried: Any = None
    if request.method == "POST":
        asked = AuthenticateWebAuthnForm if "credential" in request.POST else AuthenticateForm
        tried = asked(user=stage.login.user, data=second_factors.readable(request.POST, AuthenticationResponse))
        if tried.is_valid():
            tried.save()
            return stage.exit()
    code = tried if isinstance(tried, AuthenticateForm) else AuthenticateForm(user=stage.login.user)
    code.fields["code"].widget.attrs.pop("placeholder", None)
    has = {factor.is_passkey for factor in second_factors.of(stage.login.user)}
    context = {"form": code, "has_passkey": True in has, "tried": tried}
    return tries.told(render(request, "mfa/authenticate.html", context), tried)


@login_not_required
@never_cache
@require_POST
@rate_limit(action="login")
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey alone; it was unlocked by a finger, a face or a PIN."""
    form = LoginWebAuthnForm(data=second_factors.readable(request.POST, AuthenticationResponse))
    if not form.is_valid():
        messages.error(request, "This passkey is not known here. Sign in with the password.")
        return redirect("account_login")
    found = form.cleaned_data["credential"]
    return flows.perform_passwordless_login(request, found, Login(user=found.user, redirect_url=next_of(request)))


@never_cache
@require_POST
def create_app(request: Request) -> HttpResponse:
    """Show the secret for an authenticator app, then keep it when its first code is right."""
    require_fresh(request, back=reverse(PROFILE))
    form = ActivateTOTPForm(request.POST if "code" in request.POST else None, user=request.user)
    form.fields["code"].widget.attrs.pop("placeholder", None)
    if form.is_bound and form.is_valid():
        return _codes(request, second_factors.add_app(request, form.secret), "The authenticator app is set up.")
    adapter = get_adapter()
    drawn = adapter.build_totp_svg(adapter.build_totp_url(request.user, form.secret))
    picture = f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"
    context = {"form": form, "secret": form.secret, "picture": picture}
    return tries.told(render(request, "mfa/app.html", context, status=400 if form.is_bound else 200), form)


@never_cache
@require_POST
def create_passkey(request: Request) -> HttpResponse:
    """Show the page that makes a passkey, then keep what the browser made."""
    require_fresh(request, back=reverse(PROFILE))
    made = "credential" in request.POST
    given = {**second_factors.readable(request.POST, RegistrationResponse), "passwordless": "on"}
    form = AddWebAuthnForm(given if made else None, user=request.user)
    if made and form.is_valid():
        kept = form.cleaned_data
        codes = second_factors.add_passkey(request, kept["name"][:80], kept["credential"])
        return _codes(request, codes, "The passkey is set up.")
    return render(request, "mfa/passkey.html", {"form": form}, status=400 if made else 200)


@never_cache
@require_POST
def new_passkey_options(request: Request) -> JsonResponse:
    """Return what the browser asks a new passkey to sign."""
    require_fresh(request, back=reverse(PROFILE))
    return JsonResponse(passkeys.begin_registration(request.user, passwordless=True))


@require_POST
def create_removal(request: Request, factor_id: int) -> HttpResponse:
    """Take away one of one's own factors."""
    require_fresh(request, back=reverse(PROFILE))
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    found = Authenticator.objects.filter(user=request.user, type__in=kinds, pk=factor_id).first()
    if found is None:
        raise Missing("There is no such thing here.")
    second_factors.remove(request, found)
    messages.info(request, "It is removed.")
    return redirect(PROFILE)


@never_cache
@require_POST
def create_codes(request: Request) -> HttpResponse:
    """Show new recovery codes; the old ones stop working."""
    require_fresh(request, back=reverse(PROFILE))
    return _codes(request, second_factors.renew_codes(request), "The old codes no longer work.")


def _codes(request: Request, codes: list[str], said: str) -> HttpResponse:
    """Show the codes, this once; where there are none, say what was done on the profile."""
    if not codes:
        messages.info(request, said)
        return redirect(PROFILE)
    return render(request, "mfa/codes.html", {"codes": codes, "said": said}, status=201)
