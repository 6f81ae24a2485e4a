"""Mails a new person the link by which they choose their own password; nobody else ever knows it."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import Person

log = logging.getLogger("apps.accounts")


def password_link(person: Person) -> str:
    """Return where this person chooses a password. It works once, for PASSWORD_RESET_TIMEOUT seconds."""
    user = person.user
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return settings.BASE_URL + path


def invite(person: Person) -> bool:
    """Mail the link unless there is a password already. Return False when the mail could not leave."""
    if person.user is None or person.has_password:
        return True
    context = {"person": person, "organisation": person.organisation, "link": password_link(person)}
    text = render_to_string("account/email/invitation.txt", context)
    try:
        send_mail(f"You are now in {person.organisation.name} on Rollback Portal", text, None, [person.email])
    except (SMTPException, OSError):
        log.exception("The invitation of person %s could not be mailed.", person.pk)
        return False
    return True


def invite_after_commit(person: Person) -> None:
    """Mail the link once the person is really there: nothing outside is touched within the transaction."""
    transaction.on_commit(lambda: invite(person))


def whereabouts() -> str:
    """Return where mail goes on an installation that has no mail server yet, as a sentence; else nothing."""
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return f"Mail is not set up here, so it was written to {settings.EMAIL_FILE_PATH}."
    return ""
