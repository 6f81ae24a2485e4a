"""People and the roles they hold: find, call, show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import inviting, lifecycle, pages, programs
from apps.accounts.asking import refuse_into
from apps.accounts.forms import PersonForm
from apps.accounts.models import Person, Role
from apps.accounts.permissions import may, may_somewhere
from apps.accounts.reauthentication import require_fresh, take_pending
from apps.accounts.requests import Request
from apps.accounts.rights import ADMINISTER, SEE_INTERNAL


@require_GET
def list_people(request: Request) -> HttpResponse:
    """Show everybody, by role."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    return render(request, "accounts/people.html", pages.people(request.person))


@require_GET
def new_person(request: Request) -> HttpResponse:
    """Show the form that lets somebody in."""
    may(request.person, ADMINISTER).or_refuse()
    left = take_pending(request, reverse("accounts:create_person"))
    form = PersonForm(request.organisation, initial=_initial(left) if left else None)
    return render(request, "accounts/new_person.html", {"form": form})


@require_POST
def create_person(request: Request) -> HttpResponse:
    """Let somebody in and mail them their link."""
    require_fresh(request, back=reverse("accounts:new_person"))
    form = PersonForm(request.organisation, request.POST)
    if form.is_valid():
        with refuse_into(form):
            person = lifecycle.add_person(request.organisation, by=request.person, **form.cleaned_data)
            _invite(request, person)
            return redirect("accounts:person", person.pk)
    return render(request, "accounts/new_person.html", {"form": form}, status=400)


@require_GET
def show_person(request: Request, person_id: UUID) -> HttpResponse:
    """Show one person, their roles, and what an administrator can do about them."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    person = programs.find(Person.objects.select_related("user"), request, pk=person_id)
    return render(request, "accounts/person.html", pages.person(person, request.person))


@require_POST
def create_holding(request: Request, person_id: UUID) -> HttpResponse:
    """Give a role."""
    person = programs.find(Person, request, pk=person_id)
    require_fresh(request, back=reverse("accounts:person", args=[person.pk]))
    role = programs.refer(Role, request, "role", slug=request.POST.get("role", ""))
    lifecycle.give_role(person, role, by=request.person)
    return redirect("accounts:person", person.pk)


@require_POST
def create_withdrawal(request: Request, person_id: UUID, slug: str) -> HttpResponse:
    """Take a role."""
    person = programs.find(Person, request, pk=person_id)
    require_fresh(request, back=reverse("accounts:person", args=[person.pk]))
    lifecycle.take_role(person, programs.find(Role, request, slug=slug), by=request.person)
    return redirect("accounts:person", person.pk)


@require_POST
def create_contact(request: Request, person_id: UUID) -> HttpResponse:
    """Keep the number under which somebody is called."""
    person = programs.find(Person, request, pk=person_id)
    lifecycle.change_contact(person, phone=request.POST.get("phone", ""), by=request.person)
    return redirect("accounts:person", person.pk)


@require_POST
def create_deactivation(request: Request, person_id: UUID) -> HttpResponse:
    """End a person's access."""
    person = lifecycle.deactivate_person(programs.find(Person, request, pk=person_id), by=request.person)
    return redirect("accounts:person", person.pk)


@require_POST
def create_reactivation(request: Request, person_id: UUID) -> HttpResponse:
    """Let a person in again."""
    person = programs.find(Person, request, pk=person_id)
    require_fresh(request, back=reverse("accounts:person", args=[person.pk]))
    lifecycle.reactivate_person(person, by=request.person)
    return redirect("accounts:person", person.pk)


@require_POST
def create_invitation(request: Request, person_id: UUID) -> HttpResponse:
    """Mail the link to choose a password once more."""
    may(request.person, ADMINISTER).or_refuse()
    person = programs.find(Person.objects.select_related("user", "organisation"), request, pk=person_id)
    _invite(request, person)
    return redirect("accounts:person", person.pk)


def _initial(left: Any) -> dict[str, Any]:
    return {"email": left.get("email", ""), "name": left.get("name", ""), "roles": left.getlist("roles")}


def _invite(request: Request, person: Person) -> None:
    """Mail the link and say where it went."""
    if person.has_password:
        messages.info(request, f"{person.name} already has a password and can sign in.")
    elif inviting.invite(person):
        messages.info(request, f"A link to choose a password went to {person.email}. {inviting.whereabouts()}")
    else:
        messages.error(
            request, f"The mail to {person.email} could not be sent. The person is here; send the link again."
        )
