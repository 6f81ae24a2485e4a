"""Signing in by an OpenID Connect service: who it names, and which of our people that is.

Nobody is let in because a service knows them. The first time a person is found by an address that the service has
verified; from then on by the service's own name for them, so that an address that is given to somebody else later
opens nothing.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts import group_roles, id_tokens, reauthentication
from apps.accounts.events import SIGN_IN_TIED
from apps.accounts.everywhere import people_of
from apps.accounts.models import Person, User
from apps.timeline.log import SYSTEM, record
from apps.timeline.second_wall import lowered

log = logging.getLogger("apps.accounts")

PROVIDER = group_roles.PROVIDER
CLOCKS_DIFFER_SECONDS = 60


class Unknown(Exception):
    """The service named somebody who cannot come in; the text is a sentence for them."""


def is_configured() -> bool:
    """Return whether there is a service to sign in with."""
    return settings.SINGLE_SIGN_ON is not None


def service() -> Any:
    """Return the service to sign in with: its issuer, client, name and claim of groups. Only where there is one."""
    if settings.SINGLE_SIGN_ON is None:
        raise SocialApp.DoesNotExist("No sign-in service is set up.")
    return settings.SINGLE_SIGN_ON


def own_host() -> str:
    """Return the host of BASE_URL."""
    return urlsplit(settings.BASE_URL).hostname or ""


class Conversation(OpenIDConnectOAuth2Adapter):
    """What is said with the service. `begun` is what was kept in the session when the person was sent there."""

    def __init__(self, request: HttpRequest, provider_id: str = PROVIDER) -> None:
        super().__init__(request, provider_id)
        self.begun: dict[str, Any] = {}
        self.asked_at: float | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return what the service publishes of itself. Raises OAuth2Error when it is not who it should be."""
        found = super().openid_config
        if found.get("issuer") != service().issuer:
            raise OAuth2Error("The service calls itself by another name than OIDC_ISSUER.")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where people come back to, on BASE_URL: the Host header of the request is not believed."""
        return settings.BASE_URL + reverse("single_sign_on_return")

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Return who the service says this is. Raises OAuth2Error when it cannot be believed."""
        given = kwargs["response"]
        try:
            claims = id_tokens.claims_of(
                str(given.get("id_token", "")),
                keys=self._published_keys(),
                issuer=service().issuer,
                client_id=app.client_id,
                nonce=self.begun.get("nonce", ""),
            )
        except id_tokens.NotBelieved as reason:
            raise OAuth2Error(str(reason)) from None
        self.asked_at = asked_at(claims)
        return self.get_provider().sociallogin_from_response(request, {"id_token": self._completed(claims, token)})

    def _published_keys(self) -> list[dict[str, Any]]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = answer.json().get("keys", [])
        return [key for key in keys if isinstance(key, dict)]

    def _completed(self, claims: dict[str, Any], token: SocialToken) -> dict[str, Any]:
        """Ask for what the token does not say; it must be said of the same person."""
        wanted = {"email", "email_verified", service().groups_claim}
        if wanted <= claims.keys() or "userinfo_endpoint" not in self.openid_config:
            return claims
        more = self._fetch_user_info(token.token)
        if more.get("sub") != claims["sub"]:
            raise OAuth2Error("It answered about somebody else.")
        return {**more, **claims}


class Service(OpenIDConnectProvider):
    """The service that the environment names."""

    def get_oauth2_adapter(self, request: HttpRequest) -> Conversation:
        """Return a fresh conversation."""
        return Conversation(request, self.app.provider_id)

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return a name that no other issuer can give: a digest of issuer and subject."""
        claims = data["id_token"]
        return hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()


class Adapter(DefaultSocialAccountAdapter):
    """What allauth asks us about people who come from the service."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        """Return the one service of the environment; rows of the database are not asked."""
        known = settings.SINGLE_SIGN_ON
        if known is None:
            return []
        return [
            SocialApp(
                provider=OpenIDConnectProvider.id,
                provider_id=PROVIDER,
                name=known.name,
                client_id=known.client_id,
                secret=known.client_secret,
                settings={
                    "server_url": known.issuer.rstrip("/") + "/.well-known/openid-configuration",
                    "oauth_pkce_enabled": True,
                    "scope": list(known.scopes),
                },
            )
        ]

    def get_provider(self, request: HttpRequest, provider: str, client_id: Any = None) -> Service:
        """Return the service. Raises SocialApp.DoesNotExist where none is set up."""
        return Service(request, app=self.get_app(request, provider, client_id))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return False: a service makes no accounts here."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the person, tie them to the service's name for them, and follow their groups."""
        claims = sociallogin.account.extra_data["id_token"]
        try:
            with transaction.atomic():
                if sociallogin.state.get("process") == AuthProcess.REDIRECT:
                    _prove_again(request, sociallogin, claims)
                else:
                    _come_in(request, sociallogin, claims)
        except Unknown as reason:
            raise ImmediateHttpResponse(refused(request, str(reason))) from None

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Say in a sentence why nobody was signed in."""
        if exception is not None:
            log.warning("Single sign-on failed: %s", exception)
            reason = str(exception) if isinstance(exception, OAuth2Error) else "Its answer cannot be read."
        elif error == AuthError.CANCELLED:
            reason = "You left it before it could say who you are."
        else:
            reason = "The answer belongs to no sign-in that was begun in this browser."
        raise ImmediateHttpResponse(refused(request, reason))


def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """Return the page that says why nobody was signed in."""
    context = {"reason": reason, "service": settings.SINGLE_SIGN_ON}
    return render(request, "socialaccount/refused.html", context, status=403)


def _come_in(request: HttpRequest, sociallogin: SocialLogin, claims: dict[str, Any]) -> None:
    user = sociallogin.user if sociallogin.is_existing else _by_address(claims)
    people = people_of(user) if user else []
    if not people or user is None or not user.is_active:
        raise Unknown("Your account here is deactivated. An administrator of your organisation can let you in again.")
    if not sociallogin.is_existing:
        _tie(sociallogin, user, people)
    groups = group_roles.named(claims.get(service().groups_claim))
    with lowered():  # whoever proves again who they are is within the wall of one of them
        for person in people:
            group_roles.follow(person, groups=groups)


def _by_address(claims: dict[str, Any]) -> User:
    email = str(claims.get("email") or "").strip().lower()
    if not email:
        raise Unknown("The service did not say your address, so nobody can be found here.")
    if claims.get("email_verified") not in (True, "true"):
        raise Unknown(f"The service has not verified that {email} is yours. Verify it there, then sign in again.")
    user = User.objects.select_for_update().filter(email=email).first()
    if user is None:
        raise Unknown(f"Nobody here has the address {email}. An administrator of your organisation can let you in.")
    if SocialAccount.objects.filter(user=user, provider=PROVIDER).exists():
        raise Unknown(f"The address {email} belongs to another account of the service. Ask an administrator.")
    return user


def _tie(sociallogin: SocialLogin, user: User, people: list[Person]) -> None:
    sociallogin.user = user
    sociallogin.account.user = user
    sociallogin.account.save()
    for person in people:
        record(SIGN_IN_TIED, person, by=SYSTEM, name=person.name, service=service().name)


def _prove_again(request: HttpRequest, sociallogin: SocialLogin, claims: dict[str, Any]) -> None:
    """Count the answer as proof only when the service asked this very person, after we sent them there."""
    if not request.user.is_authenticated or sociallogin.user != request.user:
        raise Unknown("The service named somebody else than who is signed in here. Nothing was done.")
    asked, begun = asked_at(claims), float(sociallogin.state.get("begun_at", time.time()))
    if asked is None or asked < begun - CLOCKS_DIFFER_SECONDS:
        raise Unknown("The service did not ask again who you are, so this is no proof. Nothing was done.")
    reauthentication.remember_service(request, asked)


def asked_at(claims: dict[str, Any]) -> float | None:
    """Return when the service last asked the person, in seconds since 1970; None when it does not say."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return None
    return min(float(at), time.time())
