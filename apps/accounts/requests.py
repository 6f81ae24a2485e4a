"""What a request of ours carries besides Django's: who asks, and where. Set by PersonMiddleware and by Bearer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from apps.accounts.models import Organisation, Person, Token


class Request(HttpRequest):
    """A request behind the sign-in wall. `person` is None only for service tokens, which `person_of` refuses."""

    person: Person
    organisation: Organisation
    organisations: list[Organisation]
    token: Token
    actor: Any
    htmx: HtmxDetails
    declared_parameters: frozenset[str]
