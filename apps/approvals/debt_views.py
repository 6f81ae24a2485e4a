"""Say that one has read what was done without asking."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.accounts.requests import Request
from apps.approvals import debts


@require_POST
def create_acknowledgement(request: Request, pk: UUID) -> HttpResponse:
    """Acknowledge one's own debt."""
    debts.acknowledge(debts.find_debt(request, request.person, pk), by=request.person)
    return redirect("approvals:questions")
