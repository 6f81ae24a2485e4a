"""Ask a check from the page of a connection, and show there what it found."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from apps.accounts.requests import Request
from apps.providers import permissions, views
from apps.providers.examination_forms import asked_form
from apps.providers.forms import CredentialsForm


@require_POST
def create_examination(request: Request, connection_id: str) -> HttpResponse:
    """Ask the provider now; nothing is kept."""
    connection = get_object_or_404(views.visible(request), pk=connection_id)
    permissions.may_check(request.person, connection).or_refuse()
    provider = views.provider_of(connection)
    form = asked_form(provider, request.POST)
    form.ask(connection, request.person)
    context = views.about(request, connection, CredentialsForm(provider), form)
    return render(request, "providers/connection.html", context, status=422 if form.errors else 200)
