"""Signs anchors with a key that the database never sees, and says whose signature one is (Ed25519, RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


class KeyUnusable(Exception):
    """There is no key to sign with; the text is a sentence for the operator."""


@dataclass(frozen=True)
class Key:
    """A key to sign with; `public` is the base64 of its 32 public bytes, `name` a short name that follows from them."""

    private: Ed25519PrivateKey
    public: str
    name: str

    def sign(self, said: bytes) -> str:
        """Return the signature in base64."""
        return base64.b64encode(self.private.sign(said)).decode()

    def signed(self, said: bytes, signature: str) -> bool:
        """Say whether this key made the signature."""
        try:
            self.private.public_key().verify(base64.b64decode(signature, validate=True), said)
        except (InvalidSignature, binascii.Error):
            return False
        return True


def keys() -> list[Key]:
    """Return the installation's keys, the newest first: ANCHOR_KEYS, else the key file. Empty while there is none.

    Raises KeyUnusable when what is there is no key.
    """
    words = settings.ANCHOR_KEYS or _words_of(settings.ANCHOR_KEY_FILE)
    return [_key(word) for word in words]


def newest_key() -> Key:
    """Return the key that signs now, making the key file (mode 0600) when there is none. Raises KeyUnusable."""
    if found := keys():
        return found[0]
    _make(settings.ANCHOR_KEY_FILE)
    return keys()[0]


def _words_of(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"The key of the anchors in {path} cannot be read ({error}).") from None


def _key(word: str) -> Key:
    try:
        private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(word, validate=True))
    except (ValueError, binascii.Error):
        raise KeyUnusable(
            "A key of the anchors is not the base64 of 32 bytes. Correct ANCHOR_KEYS, or put the file "
            f"{settings.ANCHOR_KEY_FILE} back from your copy."
        ) from None
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Key(private, base64.b64encode(raw).decode(), hashlib.sha256(raw).hexdigest()[:16])


def _make(path: Path) -> None:
    """Write a new key so that it is whole or absent, and so that of two who make one at once only the first wins."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.link(draft, path)
    except FileExistsError:
        return  # another worker was first: theirs is the key
    except OSError as error:
        raise KeyUnusable(f"The key of the anchors cannot be written to {path} ({error.strerror}).") from None
    finally:
        draft.unlink(missing_ok=True)
