"""Authenticator apps, passkeys and recovery codes: what a person has beside the password, and how it changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.stages import LoginStageController
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import transaction
from django.http import HttpRequest, QueryDict
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from apps.accounts import sessions
from apps.accounts.events import CODES_RENEWED, FACTOR_ADDED, FACTOR_REMOVED, FACTORS_FORGOTTEN
from apps.accounts.everywhere import people_of
from apps.accounts.models import Person, User
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER
from apps.timeline.answers import Refused
from apps.timeline.kinds import Kind
from apps.timeline.log import record
from apps.timeline.second_wall import lowered

APP = "an authenticator app"
MOST_PASSKEYS = 20


@dataclass(frozen=True)
class Factor:
    """One thing a person can show beside the password."""

    id: int
    is_passkey: bool
    name: str
    added_at: datetime
    used_at: datetime | None


def of(user: Any) -> list[Factor]:
    """Return an account's authenticator app and passkeys, oldest first."""
    rows = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).order_by("pk")
    return [
        Factor(row.pk, row.type == Authenticator.Type.WEBAUTHN, _name(row), row.created_at, row.last_used_at)
        for row in rows
    ]


def codes_left(user: Any) -> int:
    """Return how many recovery codes are unused."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.wrap().get_unused_codes()) if row else 0


def readable(given: QueryDict, kind: type[RegistrationResponse | AuthenticationResponse]) -> dict[str, str]:
    """Return a form's fields; a credential that is not of this kind is left out, so that the form refuses it."""
    fields = given.dict()
    try:
        kind.from_dict(json.loads(str(fields.get("credential", ""))))
    except (AttributeError, KeyError, TypeError, ValueError):
        fields["credential"] = ""
    return fields  # type: ignore[return-value]


def person_waiting(request: HttpRequest) -> User | None:
    """Return who gave the right password and still owes a second factor; None where nobody does."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    return stage.login.user if stage else None


@transaction.atomic
def add_app(request: HttpRequest, secret: str) -> list[str]:
    """Keep the app whose first code was right; returns new recovery codes, none where there were some already."""
    user = _locked(request)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        raise Refused("There is an authenticator app already. Remove it first.")
    TOTP.activate(user, secret)
    clear_totp_secret(request)
    _tell(FACTOR_ADDED, user, factor=APP)
    return _first_codes(user)


@transaction.atomic
def add_passkey(request: HttpRequest, name: str, credential: dict[str, Any]) -> list[str]:
    """Keep a passkey that the browser made; returns new recovery codes, none where there were some already."""
    user = _locked(request)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() >= MOST_PASSKEYS:
        raise Refused(f"There are {MOST_PASSKEYS} passkeys already. Remove one first.")
    WebAuthn.add(user, name, credential)
    _tell(FACTOR_ADDED, user, factor=f"the passkey {name}")
    return _first_codes(user)


@transaction.atomic
def remove(request: HttpRequest, factor: Authenticator) -> None:
    """Take one factor away; the recovery codes go with the last one."""
    user = _locked(request)
    what = APP if factor.type == Authenticator.Type.TOTP else f"the passkey {_name(factor)}"
    factor.delete()
    _tell(FACTOR_REMOVED, user, factor=what)
    left = Authenticator.objects.filter(user=user)
    if not left.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        left.delete()


@transaction.atomic
def renew_codes(request: HttpRequest) -> list[str]:
    """Return new recovery codes; the old ones stop working."""
    user = _locked(request)
    rows = Authenticator.objects.filter(user=user)
    if not rows.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        raise Refused("Recovery codes stand in for an authenticator app or a passkey. Set one up first.")
    rows.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    _tell(CODES_RENEWED, user)
    return _first_codes(user)


@transaction.atomic
def forget_all(person: Person, *, by: Any) -> None:
    """Take every second factor of somebody who lost them, and sign them out; the password stays.

    Only for an account that is in no other organisation: its second factor guards that one as well.
    """
    may(by, ADMINISTER, person).or_refuse()
    if person.user is None or not Authenticator.objects.filter(user=person.user).exists():
        raise Refused(f"{person.name} has no second factor.")
    if [other for other in people_of(person.user) if other.pk != person.pk]:
        raise Refused(f"{person.name} signs in to other organisations with it too. They need a recovery code.")
    Authenticator.objects.filter(user=person.user).delete()
    sessions.end(person.user)
    record(FACTORS_FORGOTTEN, person, by=by, name=person.name)


def _first_codes(user: User) -> list[str]:
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).exists():
        return []
    return list(RecoveryCodes.activate(user).get_unused_codes())


def _locked(request: HttpRequest) -> User:
    return User.objects.select_for_update().get(pk=str(request.user.pk))


def _tell(what: Kind, user: User, **details: Any) -> None:
    with lowered():  # the record of each organisation that the account opens
        for person in people_of(user):
            record(what, person, by=person, **details)


def _name(row: Authenticator) -> str:
    return row.wrap().name if row.type == Authenticator.Type.WEBAUTHN else "Authenticator app"
