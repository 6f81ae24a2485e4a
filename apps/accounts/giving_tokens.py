"""Tokens are created and revoked here. The secret is returned once and never kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.events import TOKEN_CREATED, TOKEN_REVOKED
from apps.accounts.models import Organisation, Person, Token
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.log import SYSTEM, record

SERVICE_SCOPES = {"read", "write"}


@transaction.atomic
def create_token(
    organisation: Organisation,
    *,
    person: Person | None,
    name: str,
    by: Any,
    scopes: Iterable[str] = ("read",),
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Return (token, secret text) for `person`, or for a service when `person` is None.

    Only an administrator makes one for a service, and nobody in another person's name: it would vote as
    them. Raises Unacceptable for an unknown scope.
    """
    if person is None:
        may(by, ADMINISTER, organisation).or_refuse()
    elif by is not SYSTEM and by.pk != person.pk:
        raise Forbidden("A token acts as its person, so only they can create it.")
    wanted = _scopes(scopes)
    if by is not SYSTEM:
        _refuse_useless(person, wanted, expires_at)
    if not name.strip():
        raise Unacceptable("name: say what the token is for.", field="name")
    prefix, text, secret_hash = tokens.new_secret()
    token = Token.objects.create(
        organisation=organisation,
        person=person,
        name=name.strip(),
        prefix=prefix,
        secret_hash=secret_hash,
        scopes=wanted,
        expires_at=expires_at,
    )
    record(TOKEN_CREATED, token, by=by, name=token.name, owner=_owner(token), scopes=", ".join(wanted))
    return token, text


@transaction.atomic
def revoke_token(token: Token, *, by: Any) -> Token:
    """End a token at once. Its person may, and an administrator."""
    token = Token.objects.select_for_update(of=["self"]).select_related("person").get(pk=token.pk)
    if by is SYSTEM or token.person_id is None or by.pk != token.person_id:
        may(by, ADMINISTER, token).or_refuse()
    if token.revoked_at is not None:
        raise Refused(f"The token {token.name} is already revoked.", state="revoked")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(TOKEN_REVOKED, token, by=by, name=token.name, owner=_owner(token))
    return token


def _refuse_useless(person: Person | None, scopes: list[str], expires_at: datetime | None) -> None:
    """Refuse what would never open anything: such a token only misleads whoever reads the list."""
    if person is None and (beyond := sorted(set(scopes) - SERVICE_SCOPES)):
        raise Unacceptable(f"scopes: a service reports; {beyond[0]} is for people.", field="scopes")
    if expires_at is not None and expires_at <= timezone.now():
        raise Unacceptable("expires_at: this is over already.", field="expires_at")


def _scopes(scopes: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(scopes)) or ["read"]
    if unknown := [scope for scope in wanted if scope not in tokens.SCOPES]:
        known = ", ".join(tokens.SCOPES)
        raise Unacceptable(f"scopes: there is no scope {unknown[0]}. There are: {known}.", field="scopes")
    return wanted


def _owner(token: Token) -> str:
    return token.person.name if token.person else "a service"
