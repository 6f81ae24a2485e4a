"""Seal credentials so that a copy of the database alone is useless, and a sealed text fits only the row it
was made for.

The context (for example "connection:42") lies inside what is encrypted, because Fernet knows no associated
data.
"""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealBroken(Exception):
    """A sealed text cannot be opened, or belongs to another row; the text is a sentence for people."""


class KeysMissing(Exception):
    """ENCRYPTION_KEYS is empty or wrong; the text is a sentence for people."""


def seal(value: Any, context: str) -> str:
    """Return `value` (anything JSON can hold) sealed with the newest key, bound to `context`. Raises
    KeysMissing.
    """
    plain = json.dumps({"context": context, "value": value}, separators=(",", ":"), ensure_ascii=False)
    return _ring().encrypt(plain.encode()).decode()


def open_sealed(token: str, context: str) -> Any:
    """Return what was sealed for `context`. Raises SealBroken or KeysMissing."""
    try:
        opened = json.loads(_ring().decrypt(token.encode()))
    except (InvalidToken, ValueError):
        raise SealBroken(
            "The stored credentials cannot be opened: none of the keys in ENCRYPTION_KEYS fits. "
            "Put the old key back, or enter the credentials again."
        ) from None
    if opened["context"] != context:
        raise SealBroken("The stored credentials belong to another connection. Enter the credentials again.")
    return opened["value"]


def rotate(token: str) -> str:
    """Return the sealed text sealed again with the newest key; its context stays. Raises SealBroken or
    KeysMissing.
    """
    try:
        return _ring().rotate(token.encode()).decode()
    except InvalidToken:
        raise SealBroken("The stored credentials cannot be opened: none of the keys in ENCRYPTION_KEYS fits.") from None


def _ring() -> MultiFernet:
    """Return the key ring, newest key first; read each time, so that new keys need no more than a new
    setting.
    """
    given = settings.ENCRYPTION_KEYS
    keys = [key.strip() for key in (given.split(",") if isinstance(given, str) else given) if key.strip()]
    if not keys:
        raise KeysMissing("ENCRYPTION_KEYS is not set, so credentials can be neither stored nor used.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise KeysMissing(
            "ENCRYPTION_KEYS holds a text that is not a key. Make one with: "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
        ) from None
