"""Sign a playback token, so that a stream can be watched whose playback id is not public.

Source: mux.com/docs on signed playback; the private key comes as PEM or, as Mux's libraries take it, that in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from apps.providers.base import Access
from apps.providers.calling import credential
from apps.providers.http import NotSent

LASTS_SECONDS = 300
VIDEO = "v"  # the audience of a token for the video itself


def token(access: Access, playback_id: str, now: float | None = None) -> str:
    """Return a token to watch `playback_id` for five minutes. Raises NotSent without a usable signing key."""
    name = credential(access, "signing_key_id", "Mux")
    key = private_key(access)
    until = int(time.time() if now is None else now) + LASTS_SECONDS
    head = _packed({"alg": "RS256", "typ": "JWT", "kid": name})
    claims = _packed({"sub": playback_id, "aud": VIDEO, "exp": until})
    signature = key.sign(f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    return f"{head}.{claims}.{_url64(signature)}"


def private_key(access: Access) -> RSAPrivateKey:
    """Return the connection's signing key. Raises NotSent when there is none or it cannot be used."""
    text = credential(access, "signing_key", "Mux")
    try:
        pem = text.encode() if text.startswith("-----") else base64.b64decode(text, validate=True)
        key = load_pem_private_key(pem, password=None)
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm):
        key = None  # what is wrong with it would tell about the key
    if not isinstance(key, RSAPrivateKey):
        raise NotSent("Mux's signing key cannot be used. Nothing was sent; enter the private key as Mux gave it.")
    return key


def _packed(part: dict[str, Any]) -> str:
    return _url64(json.dumps(part, separators=(",", ":")).encode())


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
