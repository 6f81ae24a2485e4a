"""Whether an ID token is believed: who signed it, for whom, for which sign-in, and until when.

The rules are those of OpenID Connect Core 1.0, section 3.1.3.7. The signature is checked always, although the
token came straight from the service: a proxy in between must not be able to name somebody else.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any

import jwt

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
KINDS = frozenset({"RSA", "EC", "OKP"})  # never "oct": a secret that both know signs nothing here
LEEWAY_SECONDS = 60
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


class NotBelieved(Exception):
    """The token proves nothing; the text is a sentence for people and holds nothing of the token."""


def claims_of(token: str, *, keys: Sequence[dict[str, Any]], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """Return what the token says. Raises NotBelieved unless every rule holds."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        if algorithm not in ALGORITHMS:
            raise NotBelieved("Its answer is not signed in a way that is accepted here.")
        claims = jwt.decode(
            token,
            _key(keys, header.get("kid"), algorithm),
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except jwt.PyJWTError as problem:
        raise NotBelieved(_told(problem)) from None
    if claims.get("azp", client_id) != client_id or (isinstance(claims["aud"], list) and len(claims["aud"]) > 1):
        raise NotBelieved("Its answer was meant for another application.")
    if not nonce or not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise NotBelieved("Its answer belongs to another sign-in.")
    return dict(claims)


def _key(keys: Sequence[dict[str, Any]], kid: object, algorithm: str) -> jwt.PyJWK:
    usable = [key for key in keys if key.get("kty") in KINDS and key.get("use", "sig") == "sig"]
    fitting = [key for key in usable if key.get("alg", algorithm) == algorithm and (not kid or key.get("kid") == kid)]
    if len(fitting) != 1:
        raise NotBelieved("Its answer is signed with a key that it does not publish.")
    return jwt.PyJWK(fitting[0], algorithm=algorithm)


def _told(problem: jwt.PyJWTError) -> str:
    told = {
        jwt.ExpiredSignatureError: "Its answer is too old.",
        jwt.InvalidAudienceError: "Its answer was meant for another application.",
        jwt.InvalidIssuerError: "Its answer comes from another service.",
        jwt.InvalidSignatureError: "The signature of its answer is wrong.",
    }
    return next((words for kind, words in told.items() if isinstance(problem, kind)), "Its answer cannot be read.")
