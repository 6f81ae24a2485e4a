"""The page behind the set-up link."""

from __future__ import annotations

from allauth.account.forms import LoginForm
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import set_up as setting_up
from apps.accounts.asking import refuse_into
from apps.accounts.forms import SetUpForm


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest, secret: str) -> HttpResponse:
    """Show the form, or create the first organisation and sign its administrator in."""
    setting_up.find_link(secret)
    form = SetUpForm(request.POST or None)
    if form.is_valid():
        with refuse_into(form):
            setting_up.set_up(secret, **form.cleaned_data)
            return _sign_in(request, form.cleaned_data["email"], form.cleaned_data["password"])
    return render(request, "accounts/set_up.html", {"form": form}, status=400 if form.is_bound else 200)


def _sign_in(request: HttpRequest, email: str, password: str) -> HttpResponse:
    """Sign in by the same way as everybody, so that it counts as proof of who this is."""
    logout(request)
    form = LoginForm({"login": email, "password": password}, request=request)
    form.full_clean()
    return form.login(request, redirect_url="/")
