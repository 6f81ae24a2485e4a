"""A video at Mux is watched as far as its playlists, and every answer of the stream is told for what it is."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from apps.providers import registry
from apps.providers.base import Access, Call
from apps.providers.mux import signing, wire
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed

MUX = registry.provider("mux")
READY = "MOTIONMAReadyPlay"
SIGNED = "MOTIONMASignedPlay"
TOKEN = {"token_id": "id-0123456789", "token_secret": "secret-0123456789"}


def playback(playback_id: str = READY, **more: Any) -> Call:
    return Call("playback", {"playback_id": playback_id, **more})


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    """A signing key."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_stream_is_watched_without_the_token_of_the_api(connect: Connect, serve: Serve) -> None:
    manifest = answer(200, b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nabc/rendition.m3u8?x=1\n")
    table = {"GET /abc.m3u8": manifest, "GET /abc/rendition.m3u8": answer(200, b"#EXTM3U\n")}
    server = serve(routed(table))
    result = MUX.examine(Access(server.url, {}, TOKEN), playback("abc"))
    assert result.holds is True
    assert [one.target for one in server.requests] == ["/abc.m3u8", "/abc/rendition.m3u8?x=1"]
    assert not any("authorization" in one.headers for one in server.requests)
    assert [mark for mark, _ in result.readings] == ["done", "done", "done"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "malformed"),
        (403, "playback restriction"),
        (404, "is it an asset's id?"),
        (410, "cannot be delivered"),
        (502, "cannot be delivered"),
    ],
)
def test_an_answer_without_a_manifest_is_a_no_with_its_reason(
    status: int, words: str, connect: Connect, simulators: Simulators
) -> None:
    simulators.settings("mux", stream_status=status)
    result = MUX.examine(connect("mux"), playback())
    assert result.holds is False
    assert f"answers {status}" in result.message
    assert words in result.message


def test_an_assets_id_is_not_a_playback_id(connect: Connect) -> None:
    assert "is it an asset's id?" in MUX.examine(connect("mux"), playback("MOTIONMAReady")).message


def test_a_manifest_whose_playlist_does_not_come_cannot_be_watched(connect: Connect, simulators: Simulators) -> None:
    simulators.settings("mux", rendition_status=503)
    result = MUX.examine(connect("mux"), playback())
    assert (result.holds, "its first playlist does not" in result.message) == (False, True)


def test_an_asset_in_the_making_cannot_be_watched_yet(connect: Connect, simulators: Simulators) -> None:
    making, asset = playback("MOTIONMAPreparingPlay"), Call("asset", {"asset_id": "MOTIONMAPreparing"})
    simulators.advance(60)
    result = MUX.examine(connect("mux"), making)
    assert (result.holds, "is not ready to be played" in result.message) == (False, True)
    told = MUX.examine(connect("mux"), asset)
    assert told.holds is False
    assert "still being made, 10" in told.message
    simulators.advance(600)
    assert MUX.examine(connect("mux"), asset).holds is True
    assert MUX.examine(connect("mux"), making).holds is True


def test_an_idle_live_stream_is_no_outage_and_proves_nothing(connect: Connect) -> None:
    result = MUX.examine(connect("mux"), playback("MOTIONMALivePlay"))
    assert (result.holds, "idle just now" in result.message) == (None, True)


def test_an_asset_that_could_not_be_made_says_why(connect: Connect) -> None:
    result = MUX.examine(connect("mux"), Call("asset", {"asset_id": "MOTIONMAErrored"}))
    assert result.holds is False
    assert result.message == "The asset could not be made: The input file could not be read."


def test_an_asset_of_another_environment_is_not_known_to_be_gone(connect: Connect) -> None:
    result = MUX.examine(connect("mux"), Call("asset", {"asset_id": "PARTPULSReady"}))
    assert result.holds is None
    assert "only the assets of its own environment" in result.message


def test_a_stream_that_is_not_public_is_watched_with_a_token(connect: Connect, pem: str) -> None:
    secrets = {"signing_key_id": "muxkeyMOTIONMA", "signing_key": base64.b64encode(pem.encode()).decode()}
    access = connect("mux", credentials=secrets)
    assert MUX.examine(access, playback(SIGNED)).holds is False
    assert MUX.examine(access, playback(SIGNED, signed=True)).holds is True
    assert ("ok", "signing") in [(one.level, one.code) for one in MUX.check(access)]


def test_a_token_stands_in_no_log(connect: Connect, pem: str, log: list[str]) -> None:
    access = connect("mux", credentials={"signing_key_id": "muxkeyMOTIONMA", "signing_key": pem})
    MUX.examine(access, playback(SIGNED, signed=True))
    assert f"→ GET /{SIGNED}.m3u8" in log
    assert "eyJ" not in "".join(log)


def test_a_token_says_who_signed_it_what_may_be_watched_and_how_long(key: RSAPrivateKey, pem: str) -> None:
    access = Access("", {}, {"signing_key_id": "kid-1", "signing_key": pem})
    head, claims, signature = signing.token(access, "abc", now=1_700_000_000).split(".")

    def unpacked(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert json.loads(unpacked(head)) == {"alg": "RS256", "typ": "JWT", "kid": "kid-1"}
    assert json.loads(unpacked(claims)) == {"sub": "abc", "aud": "v", "exp": 1_700_000_300}
    key.public_key().verify(unpacked(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    "broken", ["not a key", "LS0tLS1CRUdJTg==", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"]
)
def test_a_signing_key_that_is_none_is_said_without_telling_it(broken: str, connect: Connect) -> None:
    access = connect("mux", credentials={"signing_key_id": "kid-1", "signing_key": broken})
    result = MUX.examine(access, playback(SIGNED, signed=True))
    assert (result.holds, broken in repr(result)) == (None, False)
    assert ("error", "signing") in [(one.level, one.code) for one in MUX.check(access)]


def test_half_a_signing_key_is_an_error(connect: Connect) -> None:
    access = connect("mux", credentials={"signing_key_id": "kid-1"})
    assert ("error", "signing") in [(one.level, one.code) for one in MUX.check(access)]


@pytest.mark.parametrize(
    ("base", "line", "there"),
    [
        ("", "rendition.m3u8", ("https://stream.mux.com", "/rendition.m3u8")),
        (
            "",
            "https://manifest-gce-us.edge.mux.com/a.m3u8?t=1",
            ("https://manifest-gce-us.edge.mux.com", "/a.m3u8?t=1"),
        ),
        ("", "https://mux.com.evil.example/a.m3u8", None),
        ("", "http://manifest.mux.com/a.m3u8", None),
        ("", "https://user@169.254.169.254/a.m3u8", None),
        ("https://own.example/mux", "https://own.example/mux/a.m3u8", ("https://own.example/mux", "/a.m3u8")),
        ("https://own.example/mux", "https://manifest.mux.com/a.m3u8", None),
        ("https://own.example/mux", "https://own.example.evil.example/a.m3u8", None),
    ],
)
def test_what_a_manifest_names_is_asked_only_at_mux(base: str, line: str, there: tuple[str, str] | None) -> None:
    assert wire.beside(Access(base, {}, {}), line) == there


def test_a_playlist_elsewhere_is_told_and_not_asked_for(serve: Serve) -> None:
    manifest = answer(200, b"#EXTM3U\nhttp://169.254.169.254/latest.m3u8\n")
    server = serve(routed({"GET /abc.m3u8": manifest}))
    result = MUX.examine(Access(server.url, {}, TOKEN), playback("abc"))
    assert (result.holds, len(server.requests)) == (True, 1)
    assert ("unknown", "The manifest's playlist lies elsewhere and was not asked for.") in result.readings


def test_a_manifest_that_names_nothing_cannot_be_watched(serve: Serve) -> None:
    server = serve(answer(200, b"#EXTM3U\n#EXT-X-VERSION:5\n"))
    assert MUX.examine(Access(server.url, {}, TOKEN), playback("abc")).holds is False


@pytest.mark.parametrize("playback_id", ["../video/v1/assets", "a/b", "a?b", ""])
def test_an_id_that_is_a_path_is_refused(playback_id: str, connect: Connect, log: list[str]) -> None:
    assert (MUX.examine(connect("mux"), playback(playback_id)).holds, log) == (None, [])


def test_a_token_that_sees_no_assets_may_be_of_the_wrong_environment(serve: Serve) -> None:
    server = serve(answer(200, {"data": []}, {"X-RateLimit-Limit": "50"}))
    found = {one.code: one.level for one in MUX.check(Access(server.url, {}, TOKEN))}
    assert found == {"sign-in": "ok", "environment": "warning", "limits": "ok"}


def test_a_wrong_token_is_an_error(connect: Connect) -> None:
    findings = MUX.check(connect("mux", credentials={"token_secret": "nobody-knows-it"}))
    assert [(one.level, one.code) for one in findings] == [("error", "sign-in")]
    assert "Unauthorized request" in findings[0].message
