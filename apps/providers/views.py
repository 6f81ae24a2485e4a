"""Pages about connections: what is connected, connect something, check it, replace its credentials."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.reauthentication import require_fresh
from apps.accounts.requests import Request
from apps.accounts.seeing import seen_by
from apps.providers import choosing, lifecycle, permissions, receiving, registry
from apps.providers.base import Provider
from apps.providers.examination_forms import ExaminationForm, forms_of
from apps.providers.forms import ConnectionForm, CredentialsForm
from apps.providers.models import Connection


@require_GET
def list_connections(request: Request) -> HttpResponse:
    """Show every connection of the organisation and what its last check found."""
    permissions.may_see(request.person).or_refuse()
    context = {
        "connections": [(one, provider_of(one)) for one in visible(request).order_by("name")],
        "may_connect": permissions.may_connect(request.person),
    }
    return render(request, "providers/list.html", context)


@require_GET
def choose_provider(request: Request) -> HttpResponse:
    """Let an administrator choose what to connect; `?q=` leaves what has these words."""
    permissions.may_connect(request.person).or_refuse()
    wanted = request.GET.get("q", "").strip()[:100]
    return render(request, "providers/choose.html", {"shelves": choosing.shelves(wanted), "wanted": wanted})


@require_http_methods(["GET", "POST"])
def create_connection(request: Request, slug: str) -> HttpResponse:
    """Take what the provider needs, keep it, check it at once, and show what the check found."""
    permissions.may_connect(request.person).or_refuse()
    provider = _provider_called(slug)
    require_fresh(request, back=request.path, keep=False)
    form = ConnectionForm(provider, request.POST or None)
    if form.is_valid() and (made := form.connect(request.organisation, request.person)):
        lifecycle.check(made, by=request.person)
        return redirect("providers:connection", made.pk)
    status = 422 if form.is_bound else 200
    return render(request, "providers/new.html", {"form": form, "provider": provider}, status=status)


@require_GET
def show_connection(request: Request, connection_id: str) -> HttpResponse:
    """Show one connection, what its last check found, and where it is used."""
    permissions.may_see(request.person).or_refuse()
    connection = get_object_or_404(visible(request), pk=connection_id)
    form = CredentialsForm(provider_of(connection))
    return render(request, "providers/connection.html", about(request, connection, form))


@require_POST
def create_check(request: Request, connection_id: str) -> HttpResponse:
    """Ask the provider now."""
    connection = get_object_or_404(visible(request), pk=connection_id)
    lifecycle.check(connection, by=request.person)
    return redirect("providers:connection", connection.pk)


@require_POST
def replace_credentials(request: Request, connection_id: str) -> HttpResponse:
    """Take new credentials and check them at once."""
    permissions.may_connect(request.person).or_refuse()
    connection = get_object_or_404(visible(request), pk=connection_id)
    require_fresh(request, back=reverse("providers:connection", args=[connection.pk]), keep=False)
    form = CredentialsForm(provider_of(connection), request.POST)
    if form.is_valid() and form.replace(connection, request.person):
        lifecycle.check(connection, by=request.person)
        messages.success(request, "The new credentials are in use.")
        return redirect("providers:connection", connection.pk)
    return render(request, "providers/connection.html", about(request, connection, form), status=422)


def about(
    request: Request, connection: Connection, form: CredentialsForm, asked: ExaminationForm | None = None
) -> dict[str, Any]:
    """Return what the page of a connection shows; `asked` is the check that was asked just now."""
    uses = seen_by(connection.uses.select_related("environment__service"), request.person).order_by("role")
    return {
        "connection": connection,
        "provider": provider_of(connection),
        "entered": _entered(connection),
        "uses": uses,
        "hook_url": receiving.address_of(connection),
        "form": form,
        "questions": forms_of(provider_of(connection), asked),
        "may_connect": permissions.may_connect(request.person),
        "may_check": permissions.may_check(request.person, connection),
    }


def _entered(connection: Connection) -> list[tuple[str, Any]]:
    """Return each setting that was entered, under the label of its form."""
    labels = {field.name: field.label for field in provider_of(connection).settings}
    return [(labels.get(name, name), value) for name, value in connection.settings.items()]


def visible(request: Request) -> QuerySet[Connection]:
    """Return the connections of the organisation that the person works in."""
    return Connection.objects.filter(organisation=request.organisation)


def provider_of(connection: Connection) -> Provider:
    """Return the provider of a connection."""
    return registry.provider(connection.provider)


def _provider_called(slug: str) -> Provider:
    try:
        return registry.provider(slug)
    except registry.UnknownProvider:
        raise Http404 from None
