"""Reads the environment, with sentences for what is missing. Everything an installation can set is named here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from apps.timeline.second_wall import take_down


def text(name: str, default: str = "") -> str:
    """Return a variable, or `default`."""
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    """Return True for 1, true, yes or on."""
    return text(name, "1" if default else "").lower() in {"1", "true", "yes", "on"}


def refuse_guessable_key(key: str, *, unless: bool) -> None:
    """Refuse to serve with a SECRET_KEY that can be guessed: it signs sessions and links. `unless`: a demo, or DEBUG.

    Raises ImproperlyConfigured.
    """
    if not unless and (len(key) < 32 or len(set(key)) < 8 or key.startswith("django-insecure")):
        raise ImproperlyConfigured(
            "SECRET_KEY can be guessed: it is too short, or an example. Nothing was started. Give at least 32 "
            "random characters; bin/secrets prints one, bin/up makes one by itself."
        )


def words(name: str, default: str = "") -> list[str]:
    """Return a comma separated list without empty entries."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def required(name: str, meaning: str) -> str:
    """Return a variable that the product cannot start without. Raises ImproperlyConfigured with a sentence."""
    if value := text(name):
        return value
    raise ImproperlyConfigured(f"{name} is not set. {meaning}")


def celery_broker(redis_url: str) -> str:
    """Translate a redis-py address to the one Celery understands (unix sockets are spelled differently)."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"


@dataclass(frozen=True)
class Mail:
    """Where mail leaves: by a mail server, or into files while there is none."""

    backend: str = "django.core.mail.backends.filebased.EmailBackend"
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def mail(url: str) -> Mail:
    """Read `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`; an empty text means files.

    `?starttls=no` is for a relay on the own machine. Raises ImproperlyConfigured for anything else.
    """
    if not url:
        return Mail()
    parts = urlsplit(url)
    try:
        port, tls = parts.port, {"smtp": False, "smtps": True}[parts.scheme]
    except (KeyError, ValueError):
        port, tls = None, None
    if tls is None or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@mail.example.com:587 or smtps://….")
    starttls = not tls and parse_qs(parts.query).get("starttls", ["yes"])[0] != "no"
    return Mail(
        "django.core.mail.backends.smtp.EmailBackend",
        parts.hostname,
        port or (465 if tls else 587),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        starttls,
        tls,
    )


@dataclass(frozen=True)
class SingleSignOn:
    """The OpenID Connect service that people may sign in with. Its secret is never printed."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: tuple[str, ...]
    groups_claim: str


def single_sign_on(
    issuer: str, *, client_id: str, client_secret: str, name: str, scopes: list[str], groups_claim: str
) -> SingleSignOn | None:
    """Return the sign-in service, or None without an issuer. Raises ImproperlyConfigured for half of one.

    The issuer must be https; plain http is accepted for this machine alone.
    """
    if not issuer:
        return None
    parts = urlsplit(issuer)
    near = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or near) or parts.query or parts.fragment:
        raise ImproperlyConfigured("OIDC_ISSUER must look like https://sign-in.example.com, without ? and #.")
    if not client_id or not client_secret:
        raise ImproperlyConfigured("OIDC_ISSUER is set: set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET as well.")
    return SingleSignOn(issuer, client_id, client_secret, name, tuple(scopes), groups_claim)


def database(url: str) -> dict[str, Any]:
    """Return Django's description of a Postgres address, with the time limits that the engine relies on.

    statement_timeout and lock_timeout are in milliseconds (see the engine's notes on database settings).
    """
    found: dict[str, Any] = {**dj_database_url.parse(url)}
    found["CONN_HEALTH_CHECKS"] = True
    found["CONN_MAX_AGE"] = 0
    options: dict[str, Any] = {**found.get("OPTIONS", {})}
    # A worker advances a dozen runs at once, each with a thread that renews its lease, beside its chores.
    options.setdefault("pool", {"min_size": 0, "max_size": 24, "timeout": 5, "max_idle": 60, "reset": take_down})
    options.setdefault("connect_timeout", 5)
    options.setdefault(
        "options",
        "-c statement_timeout=10000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=15000 -c timezone=UTC",
    )
    options.setdefault("tcp_user_timeout", 10000)
    # The same few hundred statements come again and again: Postgres plans each once for a connection.
    options.setdefault("server_side_binding", True)
    options.setdefault("prepare_threshold", 2)
    found["OPTIONS"] = options
    return found
