"""Who calls: `Authorization: Bearer rb_<prefix>_<secret>`, its person, its organisation, its scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest
from ninja.security import HttpBearer

from apps.accounts import rights, tokens
from apps.accounts.models import Person, Token
from apps.accounts.programs.problems import Unauthenticated
from apps.accounts.requests import Request
from apps.timeline import second_wall
from apps.timeline.answers import Forbidden, Unacceptable

READ, WRITE, APPROVE, ADMIN = "read", "write", "approve", "admin"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
SERVICE_RIGHTS = {
    READ: {rights.SEE_INTERNAL},
    WRITE: {
        rights.SEE_INTERNAL,
        rights.DECLARE,
        rights.COMMUNICATE,
        rights.TICK,
        rights.REGISTER_DEPLOYMENTS,
    },
}


@dataclass(frozen=True)
class Service:
    """A program that acts for nobody: it can report, never propose, approve or administer."""

    name: str
    organisation_id: UUID
    rights: frozenset[str]
    pk: None = None
    active: bool = True


class Bearer(HttpBearer):
    """The one way into the API: sessions are not accepted, so no page can make a browser call it."""

    def __call__(self, request: HttpRequest) -> Token:
        """Return the token; set `request.token`, `person`, `organisation`, `actor`. Raises 401, 403, 429."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Unauthenticated("Send a token: Authorization: Bearer rb_…")
        found = self.authenticate(request, secret.strip())
        _refuse_undeclared(request)
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Token:
        """Look the token up, count the call, and refuse a change with a token that may only read."""
        found = tokens.find(token, request)
        if found is None:
            raise Unauthenticated("This token is not valid. It may have expired or been revoked.")
        tokens.count(found)
        asked: Any = request
        asked.token, asked.person, asked.organisation = found, found.person, found.organisation
        asked.actor = found.person or _service(found)
        second_wall.raise_for(found.organisation_id)
        if request.method not in SAFE_METHODS and not {WRITE, APPROVE, ADMIN} & set(found.scopes):
            raise _lacks(found, WRITE)
        return found


def require_scope(request: HttpRequest, *scopes: str) -> None:
    """Raise Forbidden unless the token has one of `scopes`. Every valid token may read."""
    token = cast(Request, request).token
    if READ not in scopes and not set(scopes) & set(token.scopes):
        raise _lacks(token, " or ".join(scopes))


def person_of(request: HttpRequest) -> Person:
    """Return the person the token acts for. Raises Forbidden for a service token."""
    person = cast(Request, request).token.person
    if person is None:
        raise Forbidden("A service token acts for nobody, so it cannot do this. Use a personal token.")
    return person


def actor_of(request: HttpRequest) -> Any:
    """Return who acts: the token's person, or its Service where a program may do it by itself."""
    return cast(Request, request).actor


def _refuse_undeclared(request: HttpRequest) -> None:
    """Refuse a query parameter that is not declared: a misspelt filter must not widen a list."""
    declared = cast(Request, request).declared_parameters
    for name, value in request.GET.items():
        if name not in declared:
            raise Unacceptable(f"{name!a}: there is no such parameter here.", field=ascii(name)[1:-1])
        if "\x00" in value:
            raise Unacceptable(f"{name}: this text cannot be used.", field=name)


def _service(token: Token) -> Service:
    granted = {rights.SEE}.union(*(SERVICE_RIGHTS.get(scope, set()) for scope in token.scopes))
    return Service(token.name, token.organisation_id, frozenset(granted))


def _lacks(token: Token, scopes: str) -> Forbidden:
    has = ", ".join(token.scopes) or "none"
    return Forbidden(f"This token lacks the scope {scopes}. It has: {has}.", code="scope_missing", needed=scopes)
