"""An independent library takes our provider for a real one, so what is proven against it holds outside."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.oidc.provider import CLIENT_ID, CLIENT_SECRET, Account, Provider, running
from tests.simulators import ask

BACK = "http://localhost/back"


@pytest.fixture
def provider() -> Any:
    with running() as one:
        one.person = Account("sub-7", "ada@harbour.example", groups=["operations"], name="Ada")
        yield one


def relying_party(provider: Provider, method: str) -> tuple[OAuth2Client, dict[str, Any]]:
    """Return the library's client, set up by discovery alone."""
    found = ask(get_well_known_url(provider.issuer, external=True)).json()
    client = OAuth2Client(
        CLIENT_ID,
        CLIENT_SECRET,
        scope="openid email profile",
        redirect_uri=BACK,
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
    )
    return client, found


def test_discovery_is_what_the_standard_asks_for(provider: Provider) -> None:
    found = OpenIDProviderMetadata(ask(get_well_known_url(provider.issuer, external=True)).json())
    found.validate_response_types_supported()
    found.validate_subject_types_supported()
    found.validate_id_token_signing_alg_values_supported()
    found.validate_token_endpoint_auth_methods_supported()
    assert found["issuer"] == provider.issuer


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_whole_sign_in_is_accepted(provider: Provider, method: str) -> None:
    client, found = relying_party(provider, method)
    verifier, nonce = generate_token(48), generate_token(20)
    provider.person.asked_at = time.time() - 3600
    address, state = client.create_authorization_url(
        found["authorization_endpoint"], code_verifier=verifier, nonce=nonce, prompt="login", max_age=0
    )
    back = ask(address).headers["location"]
    assert parse_qs(urlsplit(back).query)["state"] == [state]
    tokens = client.fetch_token(found["token_endpoint"], authorization_response=back, code_verifier=verifier)
    keys = KeySet.import_key_set(ask(found["jwks_uri"]).json())
    signed = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
    claims = CodeIDToken(
        signed.claims,
        signed.header,
        {"iss": {"value": provider.issuer}, "aud": {"value": CLIENT_ID}},
        {"nonce": nonce, "client_id": CLIENT_ID, "max_age": 30, "access_token": tokens["access_token"]},
    )
    claims.validate()
    assert claims["sub"] == "sub-7"
    assert claims["groups"] == ["operations"]
    said = client.get(found["userinfo_endpoint"]).json()
    assert (said["sub"], said["email"]) == ("sub-7", "ada@harbour.example")


def test_a_code_is_good_once_and_only_with_its_verifier(provider: Provider) -> None:
    client, found = relying_party(provider, "client_secret_basic")
    verifier = generate_token(48)
    address, _ = client.create_authorization_url(found["authorization_endpoint"], code_verifier=verifier, nonce="n")
    back = ask(address).headers["location"]
    with pytest.raises(Exception, match="invalid_grant"):
        client.fetch_token(found["token_endpoint"], authorization_response=back, code_verifier=generate_token(48))
    with pytest.raises(Exception, match="invalid_grant"):
        client.fetch_token(found["token_endpoint"], authorization_response=back, code_verifier=verifier)
