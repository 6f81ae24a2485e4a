"""Tokens for programs: `rb_<prefix>_<secret>`. Only the SHA-256 of its 256 random bits is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import tries
from apps.accounts.models import Token
from apps.accounts.programs.problems import TooOften

SCOPES = ("read", "write", "approve", "admin")
WINDOW = timedelta(seconds=60)
CALLS_PER_WINDOW = getattr(settings, "API_CALLS_PER_MINUTE", 3000)
FAILURES_PER_WINDOW = 100
GUESSES, GUESSING_WINDOW = 10, timedelta(minutes=15)  # for one token from one address


def new_secret() -> tuple[str, str, str]:
    """Return (prefix, text that is shown once, hash that is kept)."""
    prefix, secret = secrets.token_hex(6), secrets.token_hex(32)
    return prefix, f"rb_{prefix}_{secret}", digest(secret)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret, 64 hex digits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def find(text: str, request: HttpRequest) -> Token | None:
    """Return the valid token that `text` spells, or None. Raises TooOften when one address keeps guessing."""
    kind, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    token = _with_prefix(prefix) if kind == "rb" and prefix.isalnum() and prefix.isascii() else None
    guesses = f"wrong-secrets:{prefix}:{tries.address_of(request)}"
    if token is not None and cache.get(guesses, 0) >= GUESSES:
        raise _too_often(GUESSING_WINDOW, "Too many wrong secrets for this token from here.")
    if token is not None and hmac.compare_digest(token.secret_hash, digest(secret)):
        return token if is_valid(token) else None
    if token is not None:
        _count(guesses, GUESSING_WINDOW)
    _count_failure(request)
    return None


def is_valid(token: Token) -> bool:
    """Return whether a token still acts: not revoked, not expired, and its person still here."""
    now = timezone.now()
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return False
    person = token.person
    return person is None or (person.active and (person.user is None or person.user.is_active))


def count(token: Token) -> None:
    """Count one call. Raises TooOften when the token has used up its minute."""
    now = timezone.now()
    begun = token.window_started_at
    if begun is not None and begun > now - WINDOW:
        if token.calls_in_window >= CALLS_PER_WINDOW:
            wait = max(1, int((begun + WINDOW - now).total_seconds()) + 1)
            raise TooOften(f"More than {CALLS_PER_WINDOW} calls in a minute. Try again in {wait} s.", retry_after=wait)
        Token.objects.filter(pk=token.pk).update(calls_in_window=F("calls_in_window") + 1, last_used_at=now)
    else:
        fresh = Token.objects.filter(Q(window_started_at=begun), pk=token.pk)
        fresh.update(calls_in_window=1, window_started_at=now, last_used_at=now)


def _with_prefix(prefix: str) -> Token | None:
    found = Token.objects.filter(prefix=prefix).select_related("organisation", "person__user", "person__organisation")
    return found.first()


def _count_failure(request: HttpRequest) -> None:
    if _count(f"failed-tokens:{tries.address_of(request)}", WINDOW) > FAILURES_PER_WINDOW:
        raise _too_often(WINDOW, "Too many calls with tokens that are not valid.")


def _count(key: str, window: timedelta) -> int:
    """Count in the cache, which is a table of Postgres; returns how often there was cause to within the window."""
    times = cache.get(key, 0) + 1
    cache.set(key, times, timeout=int(window.total_seconds()))
    return times


def _too_often(window: timedelta, said: str) -> TooOften:
    minutes = max(1, int(window.total_seconds()) // 60)
    wait = f"{minutes} minute{'' if minutes == 1 else 's'}"
    return TooOften(f"{said} Wait {wait}.", retry_after=int(window.total_seconds()))
