"""What allauth needs of the outside and of our keys: requests to a sign-in service, and sealed secrets of apps.

Every request goes through the one HTTP module, so that OUTBOUND_ALLOW holds for a sign-in service as well: no
private address, no redirect, no proxy, at most ten seconds and 256 KB.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from apps.accounts import single_sign_on
from apps.providers import http, sealing
from apps.providers.base import ProviderError

LIMITS = http.Limits(total_seconds=10, max_bytes=262_144)
SEALED_FOR = "second factor"


class Answered:
    """An answer with the few names that allauth reads of one."""

    def __init__(self, answer: http.Answer) -> None:
        self.status_code, self.headers, self.content = answer.status, answer.headers, answer.body
        self.json, self._name = answer.json, answer.name

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.content.decode("utf-8", "replace")

    def raise_for_status(self) -> None:
        """Raise OAuth2Error unless the answer is 2xx."""
        if not 200 <= self.status_code < 300:
            raise OAuth2Error(f"{self._name} answered {self.status_code}.")


class Session:
    """What allauth calls a session of requests; each request stands alone here."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is kept open."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answered:
        """Read an address. Raises OAuth2Error when no answer came."""
        return self._send("GET", url, dict(headers or {}))

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
    ) -> Answered:
        """Send a form, with the client's name and secret in the header where `auth` says so."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        if auth is not None:
            pair = f"{auth.username}:{auth.password}".encode()
            sent["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        return self._send(method, f"{url}?{urlencode(params)}" if params else url, sent, urlencode(data or {}).encode())

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Answered:
        hidden = (single_sign_on.service().client_secret,)
        request = http.Request("The sign-in service", method, url, headers, body, hidden, shown="sign-in")
        try:
            return Answered(http.send(request, LIMITS))
        except ProviderError as error:
            raise OAuth2Error(str(error)) from error


class SingleSignOnAdapter(single_sign_on.Adapter):
    """Our rules of single sign-on, over our own HTTP module."""

    def get_requests_session(self) -> Session:
        """Return what sends allauth's requests."""
        return Session()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps sealed, and speaks in sentences."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This is not the code of this moment. Wait for the next one and type it.",
    }

    def encrypt(self, text: str) -> str:
        """Return the text sealed with the newest key of ENCRYPTION_KEYS."""
        return sealing.seal(text, SEALED_FOR)

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was sealed."""
        return str(sealing.open_sealed(encrypted_text, SEALED_FOR))

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Return what a passkey is called until its owner calls it otherwise."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the host of BASE_URL: the Host header of the request is not believed."""
        return {"id": single_sign_on.own_host(), "name": "Rollback Portal"}
