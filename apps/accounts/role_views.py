"""Roles: one, a new one, and what administrators change about them. Find, call, show."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import programs, role_changes, role_pages
from apps.accounts.asking import refuse_into
from apps.accounts.models import Role
from apps.accounts.permissions import may, may_somewhere
from apps.accounts.reauthentication import require_fresh
from apps.accounts.requests import Request
from apps.accounts.rights import ADMINISTER, SEE_INTERNAL
from apps.accounts.role_forms import GrantForm, RoleForm, SubstitutesForm


@require_GET
def new_role(request: Request) -> HttpResponse:
    """Show the form that makes a role."""
    may(request.person, ADMINISTER).or_refuse()
    return render(request, "accounts/new_role.html", {"form": RoleForm()})


@require_POST
def create_role(request: Request) -> HttpResponse:
    """Make a role of one's own."""
    may(request.person, ADMINISTER).or_refuse()
    require_fresh(request, back=reverse("accounts:new_role"))
    form = RoleForm(request.POST)
    if form.is_valid():
        with refuse_into(form):
            made = role_changes.create_role(request.organisation, by=request.person, **form.cleaned_data)
            return redirect("accounts:role", made.slug)
    return render(request, "accounts/new_role.html", {"form": form}, status=422)


@require_GET
def show_role(request: Request, slug: str) -> HttpResponse:
    """Show one role, who holds it, who stands in, what it may and where."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    return _show(request, programs.find(Role, request, slug=slug))


@require_POST
def create_role_change(request: Request, slug: str) -> HttpResponse:
    """Rename it, say its duties, set what it may everywhere."""
    role = _to_change(request, slug)
    form = RoleForm(request.POST, auto_id="role_%s")
    if form.is_valid():
        with refuse_into(form):
            role_changes.change_role(role, by=request.person, **form.cleaned_data)
            messages.success(request, "It counts from the next thing anybody does.")
            return redirect("accounts:role", role.slug)
    return _show(request, role, status=422, role_form=form)


@require_POST
def create_grant(request: Request, slug: str) -> HttpResponse:
    """Set what it may in one place."""
    role = _to_change(request, slug)
    form = GrantForm(request.person, request.POST, auto_id="grant_%s")
    if form.is_valid():
        with refuse_into(form):
            role_changes.grant_in(role, form.thing, rights=form.cleaned_data["rights"], by=request.person)
            return redirect("accounts:role", role.slug)
    return _show(request, role, status=422, grant_form=form)


@require_POST
def create_substitutes(request: Request, slug: str) -> HttpResponse:
    """Name who stands in."""
    role = _to_change(request, slug)
    form = SubstitutesForm(role, request.POST, auto_id="substitutes_%s")
    if form.is_valid():
        with refuse_into(form):
            role_changes.name_substitutes(role, form.chosen, by=request.person)
            return redirect("accounts:role", role.slug)
    return _show(request, role, status=422, substitutes_form=form)


def _to_change(request: Request, slug: str) -> Role:
    may(request.person, ADMINISTER).or_refuse()
    role = programs.find(Role, request, slug=slug)
    require_fresh(request, back=reverse("accounts:role", args=[role.slug]))
    return role


def _show(request: Request, role: Role, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = role_pages.role(role, request.person)
    if context["may_administer"]:
        initial = {"name": role.name, "duties": role.duties, "rights": role.rights}
        context |= {
            "role_form": RoleForm(initial=initial, auto_id="role_%s"),
            "grant_form": GrantForm(request.person, auto_id="grant_%s"),
            "substitutes_form": SubstitutesForm(role, auto_id="substitutes_%s"),
        }
    return render(request, "accounts/role.html", {**context, **forms}, status=status)
