"""One's own profile: name, time zone, tokens, and the organisation one works in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import giving_tokens, lifecycle, pages, programs, sessions
from apps.accounts.asking import refuse_into
from apps.accounts.forms import DetailsForm, TokenForm
from apps.accounts.middleware import CHOSEN_ORGANISATION
from apps.accounts.models import Token
from apps.accounts.reauthentication import require_fresh, take_pending
from apps.accounts.requests import Request


@require_GET
def show_profile(request: Request) -> HttpResponse:
    """Show the profile; a token form that waited for the password is as it was left."""
    pending = take_pending(request, reverse("accounts:create_token"))
    token_form = TokenForm(initial=_initial(pending)) if pending else TokenForm()
    return _show(request, token_form=token_form)


@require_POST
def create_details(request: Request) -> HttpResponse:
    """Change name and time zone."""
    form = DetailsForm(request.POST)
    if form.is_valid():
        with refuse_into(form):
            lifecycle.change_details(request.person, by=request.person, **form.cleaned_data)
            messages.info(request, "Your details are kept.")
            return redirect("accounts:profile")
    return _show(request, status=400, details_form=form)


@require_POST
def create_token(request: Request) -> HttpResponse:
    """Create a token and show its secret, this once."""
    require_fresh(request, back=reverse("accounts:profile"))
    form = TokenForm(request.POST)
    if form.is_valid():
        days = form.cleaned_data["days"]
        with refuse_into(form):
            token, secret = giving_tokens.create_token(
                request.organisation,
                person=request.person,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                by=request.person,
            )
            return _show(request, status=201, fresh_token=token, secret=secret)
    return _show(request, status=400, token_form=form)


@require_POST
def create_revocation(request: Request, token_id: UUID) -> HttpResponse:
    """End one of one's own tokens."""
    token = programs.find(Token.objects.filter(person=request.person), request, pk=token_id)
    giving_tokens.revoke_token(token, by=request.person)
    messages.info(request, f"The token {token.name} no longer works.")
    return redirect("accounts:profile")


@require_POST
def end_sessions(request: Request) -> HttpResponse:
    """Sign out everywhere but here."""
    ended = sessions.end(request.user, but=request.session.session_key)
    messages.info(request, f"Signed out in {ended} other place{'' if ended == 1 else 's'}.")
    return redirect("accounts:profile")


@require_POST
def switch_organisation(request: Request) -> HttpResponse:
    """Work in another of one's organisations from now on."""
    chosen = request.POST.get("organisation")
    if chosen in {str(organisation.pk) for organisation in request.organisations}:
        request.session[CHOSEN_ORGANISATION] = chosen
        sessions.rename(request)
    return redirect("/")


def _show(request: Request, *, status: int = 200, **more: Any) -> HttpResponse:
    person = request.person
    zone = person.user.time_zone if person.user else ""
    details = DetailsForm(initial={"name": person.name, "time_zone": zone})
    context = {"details_form": details, "token_form": TokenForm(), **pages.profile(person), **more}
    return render(request, "accounts/profile.html", context, status=status)


def _initial(pending: Any) -> dict[str, Any]:
    return {
        "name": pending.get("name", ""),
        "scopes": pending.getlist("scopes"),
        "days": pending.get("days", ""),
    }
