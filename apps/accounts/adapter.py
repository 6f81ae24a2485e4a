"""What allauth asks us: who may sign up, where one may go next, how failed sign-ins are counted."""

from __future__ import annotations

import contextvars
import logging
from smtplib import SMTPException
from threading import Thread
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.db import connections, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import sessions
from apps.accounts.events import PASSWORD_CHANGED
from apps.accounts.everywhere import people_of
from apps.timeline.log import record
from apps.timeline.second_wall import lowered

log = logging.getLogger("apps.accounts")
MAILING = "mailing a link"  # the name of the thread


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator or on the command line."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Address and password do not belong together.",
        "too_many_login_attempts": "Too many tries. Wait 15 minutes, or reset the password.",
        "incorrect_password": "This is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: there is no way to make one's own account."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Return whether `url` is a path of ours; every other address is not followed."""
        return is_own_path(url)

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as it is: it says itself where it comes from."""
        return subject

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of the mail, on BASE_URL: the Host header of the request is not believed."""
        uid, _, rest = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": rest})
        return settings.BASE_URL + path

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Mail the link without letting the answer wait: how long it takes must not tell who has an account here."""
        mailing = contextvars.copy_context()
        Thread(target=mailing.run, args=(self._mail_link, email, context), name=MAILING).start()

    def _mail_link(self, email: str, context: dict[str, Any]) -> None:
        try:
            self.send_mail("account/email/password_reset_key", email, context)
        except (SMTPException, OSError):
            log.exception("The link to choose a new password could not be mailed.")
        finally:
            connections.close_all()

    @transaction.atomic
    def set_password(self, user: Any, password: str) -> None:
        """Keep a new password; whoever was signed in with the old one is signed out, except who typed the new one."""
        super().set_password(user, password)
        request = context.request
        sessions.end(user, but=request.session.session_key if request.user == user else None)
        with lowered():  # the record of each organisation that the account opens
            for person in people_of(user):
                record(PASSWORD_CHANGED, person, by=person)

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Return False: our own pages ask again by `require_fresh`, before anything of allauth's is called."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count by account and address, so that a stranger's guesses never lock out an approver elsewhere."""
        return f"{self.get_client_ip(request)}:{str(credentials.get('email', '')).lower()}"


def is_own_path(url: str) -> bool:
    """Return whether `url` is a path of ours, which no browser takes for another place."""
    return bool(url) and url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def next_of(request: HttpRequest) -> str:
    """Return where a person wants to go afterwards; the first page when that is not a path of ours."""
    wished = request.POST.get("next") or request.GET.get("next", "")
    return wished if is_own_path(wished) else "/"
