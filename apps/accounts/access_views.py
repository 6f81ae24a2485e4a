"""For administrators: groups of the sign-in service, tokens of services, and second factors that were lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import giving_tokens, group_roles, programs, second_factors
from apps.accounts.asking import refuse_into
from apps.accounts.forms import MappingForm, ServiceTokenForm
from apps.accounts.models import GroupMapping, Person, Role, Token
from apps.accounts.permissions import may
from apps.accounts.reauthentication import require_fresh, take_pending
from apps.accounts.requests import Request
from apps.accounts.rights import ADMINISTER


@require_http_methods(["GET", "POST"])
def groups(request: Request) -> HttpResponse:
    """Show which group gives which role; a POST adds one."""
    may(request.person, ADMINISTER).or_refuse()
    form = MappingForm(request.organisation, _given(request))
    if request.method == "POST":
        require_fresh(request, back=request.path)
        if form.is_valid():
            role = programs.refer(Role, request, "role", slug=form.cleaned_data["role"])
            with refuse_into(form):
                group_roles.add_mapping(
                    request.organisation, group=form.cleaned_data["group"], role=role, by=request.person
                )
                return redirect("accounts:groups")
    rows = GroupMapping.objects.filter(organisation=request.organisation).select_related("role").order_by("group")
    context = {"mappings": rows, "form": form, "service": settings.SINGLE_SIGN_ON}
    return render(request, "accounts/groups.html", context, status=400 if request.method == "POST" else 200)


@require_POST
def remove_group(request: Request, mapping_id: UUID) -> HttpResponse:
    """Let a group give a role no longer."""
    may(request.person, ADMINISTER).or_refuse()
    found = programs.find(GroupMapping.objects.select_related("role"), request, pk=mapping_id)
    require_fresh(request, back=reverse("accounts:groups"))
    group_roles.remove_mapping(found, by=request.person)
    return redirect("accounts:groups")


@never_cache
@require_http_methods(["GET", "POST"])
def service_tokens(request: Request) -> HttpResponse:
    """Show the tokens of services; a POST creates one and shows its secret, this once."""
    may(request.person, ADMINISTER).or_refuse()
    form, made = ServiceTokenForm(_given(request)), {}
    if request.method == "POST":
        require_fresh(request, back=request.path)
        if form.is_valid():
            with refuse_into(form):
                made = _create(request, form.cleaned_data)
    rows = Token.objects.filter(organisation=request.organisation, person=None).order_by("-created_at")
    context = {"tokens": rows, "form": ServiceTokenForm() if made else form, **made}
    status = 201 if made else 400 if request.method == "POST" else 200
    return render(request, "accounts/service_tokens.html", context, status=status)


@require_POST
def revoke_service_token(request: Request, token_id: UUID) -> HttpResponse:
    """End a service's token at once."""
    may(request.person, ADMINISTER).or_refuse()
    token = programs.find(Token.objects.filter(person=None), request, pk=token_id)
    giving_tokens.revoke_token(token, by=request.person)
    messages.info(request, f"The token {token.name} no longer works.")
    return redirect("accounts:service_tokens")


@require_POST
def forget_factors(request: Request, person_id: UUID) -> HttpResponse:
    """Take the second factors of somebody who lost them."""
    may(request.person, ADMINISTER).or_refuse()
    person = programs.find(Person.objects.select_related("user"), request, pk=person_id)
    require_fresh(request, back=reverse("accounts:person", args=[person.pk]))
    second_factors.forget_all(person, by=request.person)
    messages.info(request, f"{person.name} signs in with the password alone now, and was signed out everywhere.")
    return redirect("accounts:person", person.pk)


def _given(request: Request) -> QueryDict | None:
    """Return what was sent, or what waited here while the password was asked for."""
    return request.POST if request.method == "POST" else take_pending(request, request.path)


def _create(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    days = given["days"]
    token, secret = giving_tokens.create_token(
        request.organisation,
        person=None,
        name=given["name"],
        scopes=given["scopes"],
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        by=request.person,
    )
    return {"fresh_token": token, "secret": secret}
