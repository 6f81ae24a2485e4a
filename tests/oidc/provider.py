"""A small OpenID Connect provider: discovery, keys, authorization code with PKCE, userinfo, prompt and max_age.

It is honest unless told to lie: `spoil` changes an ID token before it is signed, `signer` signs it in another way.
Who is asked at the authorization endpoint is `person`; it answers at once, as a browser that is signed in there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "rollback-portal", "s3cret-of-the-client"
KEY_ID = "key-1"


@dataclass
class Account:
    """Somebody the provider knows. `asked_at`: when they last typed their password there, seconds since 1970."""

    sub: str
    email: str
    email_verified: Any = True
    groups: list[str] = field(default_factory=list)
    name: str = "Somebody"
    asked_at: float = field(default_factory=time.time)


@dataclass
class Provider:
    """The provider's state; `issuer` is its address."""

    issuer: str = ""
    person: Account = field(default_factory=lambda: Account("sub-1", "nobody@elsewhere.example"))
    redirect_uris: set[str] = field(default_factory=set)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    access_tokens: dict[str, Account] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    spoil: Callable[[dict[str, Any]], None] = lambda claims: None
    signer: Callable[[Provider, dict[str, Any]], str] | None = None
    userinfo: Callable[[dict[str, Any]], None] = lambda said: None
    discovery: dict[str, Any] = field(default_factory=dict)
    obeys_prompt: bool = True
    refuses: str = ""

    def configuration(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            **self.discovery,
        }

    def public_keys(self) -> dict[str, Any]:
        """Return the JSON Web Key Set."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser goes next: back, with a code or an error."""
        uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != CLIENT_ID or (self.redirect_uris and uri not in self.redirect_uris):
            raise ValueError("unknown client or redirect_uri")
        state = {"state": asked["state"]} if "state" in asked else {}
        if self.refuses or asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return f"{uri}?{urlencode({'error': self.refuses or 'invalid_request', **state})}"
        too_old = "max_age" in asked and time.time() - self.person.asked_at >= float(asked["max_age"])
        if self.obeys_prompt and (asked.get("prompt") == "login" or too_old):
            self.person.asked_at = time.time()
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "person": self.person, "asked_at": self.person.asked_at}
        return f"{uri}?{urlencode({'code': code, **state})}"

    def exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Return the tokens for a code, once; None when anything about it is wrong."""
        begun = self.codes.pop(form.get("code", ""), None)
        if begun is None or form.get("redirect_uri") != begun["redirect_uri"]:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != begun["code_challenge"]:
            return None
        person, access = begun["person"], secrets.token_urlsafe(16)
        self.access_tokens[access] = person
        claims = {
            "iss": self.issuer, "sub": person.sub, "aud": CLIENT_ID, "iat": int(time.time()),
            "exp": int(time.time()) + 300, "auth_time": int(begun["asked_at"]), "nonce": begun.get("nonce", ""),
            "email": person.email, "email_verified": person.email_verified, "groups": person.groups,
        }  # fmt: skip
        self.spoil(claims)
        sign = self.signer or (lambda _, said: jwt.encode(said, self.key, "RS256", headers={"kid": KEY_ID}))
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": sign(self, claims)}

    def who(self, access: str) -> dict[str, Any] | None:
        """Return what userinfo says about the owner of an access token."""
        person = self.access_tokens.get(access)
        if person is None:
            return None
        said = {"sub": person.sub, "name": person.name, "email": person.email, "groups": person.groups}
        said["email_verified"] = person.email_verified
        self.userinfo(said)
        return said


def client_of(header: str, form: dict[str, str]) -> tuple[str, str]:
    """Return the client's name and secret, from the header or the form."""
    if header.startswith("Basic "):
        name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        return name, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.seen.append((parts.path, _flat(parts.query)))
            if parts.path == "/.well-known/openid-configuration":
                self.answer(200, provider.configuration())
            elif parts.path == "/keys":
                self.answer(200, provider.public_keys())
            elif parts.path == "/userinfo":
                said = provider.who(self.headers.get("Authorization", "").removeprefix("Bearer "))
                self.answer(200 if said else 401, said or {"error": "invalid_token"})
            elif parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(_flat(parts.query)))
                self.end_headers()
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = _flat(body)
            provider.seen.append((self.path, form))
            if client_of(self.headers.get("Authorization", ""), form) != (CLIENT_ID, CLIENT_SECRET):
                self.answer(401, {"error": "invalid_client"})
                return
            tokens = provider.exchange(form) if form.get("grant_type") == "authorization_code" else None
            self.answer(200 if tokens else 400, tokens or {"error": "invalid_grant"})

        def answer(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def running() -> Iterator[Provider]:
    """Serve a fresh provider on a free port of this machine."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
