"""The three ways an exchange ends, told apart on the wire, and the limits that hold for each."""

import contextlib
import datetime
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apps.providers import http
from apps.providers.base import Access, OutcomeKind, Sending
from apps.providers.calling import Api
from apps.providers.http import Limits, Lost, NotSent, Request
from apps.providers.outbound import Policy
from tests.providers.conftest import CANARY, Serve
from tests.providers.raw import RawServer, Seen, answer, hanging, in_turn, raw, reset

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
API = Api("Example", "", lambda access: {"Authorization": f"Bearer {access.credentials['token']}"})


def request(url: str, method: str = "POST") -> Request:
    """Return a request that carries a secret."""
    return Request("Example", method, url, {"Authorization": f"Bearer {CANARY}"}, b"{}", (CANARY,))


def test_a_refused_connection_is_not_sent(this_machine: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotSent, match="could not be reached"):
        http.send(request(f"http://127.0.0.1:{port}/"))


def test_a_name_that_does_not_resolve_is_not_sent() -> None:
    with pytest.raises(NotSent, match="could not be resolved"):
        http.send(request("http://nowhere.invalid/"))


def test_a_server_without_tls_is_not_sent_to(serve: Serve) -> None:
    with pytest.raises(NotSent):
        http.send(request(serve(answer(200, {})).url.replace("http:", "https:")))


def test_a_certificate_for_somebody_else_is_not_sent_to(tls_server: RawServer) -> None:
    with pytest.raises(NotSent, match="certificate"):
        http.send(request(tls_server.url.replace("http:", "https:")))
    assert tls_server.requests == []


@pytest.mark.parametrize(("host", "good"), [("somebody.example", True), ("else.example", False)])
def test_tls_is_checked_for_the_name_though_the_connection_goes_to_an_address(
    host: str, good: bool, tls_server: RawServer, trusted: None
) -> None:
    here = Policy(networks=(ip_network("127.0.0.0/8"),), lookup=lambda name, seconds: [ip_address("127.0.0.1")])
    asked = request(f"https://{host}:{tls_server.port}/")
    if good:
        assert http.send(asked, Limits(policy=here)).status == 200
        assert tls_server.requests[0].headers["host"] == f"{host}:{tls_server.port}"
    else:
        with pytest.raises(NotSent, match="certificate"):
            http.send(asked, Limits(policy=here))


def test_a_withdrawn_permission_is_not_sent(serve: Serve, sending: Sending) -> None:
    server = serve(answer(200, {}))
    asked: list[int] = []

    def no() -> bool:
        asked.append(len(server.requests))
        return False

    with pytest.raises(NotSent, match="stopped before it was sent"):
        http.send(request(server.url + "/"), permit=no)
    assert asked == [0]
    assert server.requests == []


def test_a_permission_that_cannot_be_found_out_is_none(serve: Serve) -> None:
    server = serve(answer(200, {}))

    def broken() -> bool:
        raise OSError("the database is away")

    with pytest.raises(NotSent):
        http.send(request(server.url + "/"), permit=broken)
    assert server.requests == []


def test_a_header_with_a_line_break_is_not_sent_and_not_shown(serve: Serve) -> None:
    server = serve(answer(200, {}))
    bad = Request("Example", "GET", server.url + "/", {"Authorization": f"Bearer {CANARY}\r\nX: y"})
    with pytest.raises(NotSent) as caught:
        http.send(bad)
    assert CANARY not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "respond",
    [
        pytest.param(reset, id="reset"),
        pytest.param(raw(b""), id="closed without an answer"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Le"), id="half a head"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), id="half a body"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"), id="half a chunk"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n"), id="not HTTP"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\n" + b"X-Bomb: " + b"a" * 300_000 + b"\r\n\r\n"), id="header bomb"),
    ],
)
def test_a_request_without_a_whole_answer_is_lost(respond: object, serve: Serve) -> None:
    server = serve(respond)  # type: ignore[arg-type]
    with pytest.raises(Lost) as caught:
        http.send(request(server.url + "/"))
    assert len(server.requests) == 1
    assert CANARY not in str(caught.value)


def test_silence_is_lost_when_the_time_is_over(serve: Serve) -> None:
    released = threading.Event()
    server = serve(hanging(released))
    started = time.monotonic()
    with pytest.raises(Lost, match="no whole answer came in time"):
        http.send(request(server.url + "/"), Limits(total_seconds=0.3))
    released.set()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_a_drip_cannot_outlast_the_deadline(start: bytes, serve: Serve) -> None:
    stop = threading.Event()

    def drip(seen: Seen, connection: socket.socket) -> None:
        connection.sendall(start or b"HTTP/1.1 200 OK\r\nX: ")
        while not stop.wait(0.05):
            connection.sendall(b"a")

    started = time.monotonic()
    with pytest.raises(Lost):
        http.send(request(serve(drip).url + "/"), Limits(total_seconds=0.4))
    stop.set()
    assert time.monotonic() - started < 2


def test_too_much_is_lost_and_not_kept(serve: Serve) -> None:
    server = serve(answer(200, b"a" * 5000))
    with pytest.raises(Lost, match="more than"):
        http.send(request(server.url + "/"), Limits(max_bytes=1000))


def test_a_check_may_read_just_the_beginning(serve: Serve) -> None:
    server = serve(answer(200, b"a" * 5000))
    assert http.send(request(server.url + "/"), Limits(max_bytes=1000, cut=True)).body == b"a" * 1000


def test_a_compressed_bomb_is_not_unpacked(serve: Serve) -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    server = serve(answer(200, bomb, {"Content-Encoding": "gzip"}))
    with pytest.raises(Lost, match="more than"):
        http.send(request(server.url + "/"))


def test_a_small_compressed_answer_is_read(serve: Serve) -> None:
    server = serve(answer(200, gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"}))
    assert http.send(request(server.url + "/")).json() == {"a": 1}
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [200, 201, 302, 404, 429, 500, 503])
def test_any_whole_answer_is_an_answer(status: int, serve: Serve) -> None:
    assert http.send(request(serve(answer(status, {})).url + "/")).status == status


def test_cookies_of_one_answer_do_not_go_with_the_next_request(serve: Serve) -> None:
    server = serve(answer(200, {}, {"Set-Cookie": "session=1"}))
    for _ in range(2):
        http.send(request(server.url + "/", "GET"), fresh=False)
    assert "cookie" not in server.requests[1].headers


def test_the_path_prefix_of_an_address_is_kept(serve: Serve) -> None:
    server = serve(answer(200, {}))
    API.read(Access(f"{server.url}/a/b/", {}, {"token": CANARY}), "/v1/x", {"q": "a b&c", "empty": ""})
    assert server.requests[0].target == "/a/b/v1/x?q=a%20b%26c"


def test_a_change_is_sent_once_whatever_happens(serve: Serve, sending: Sending) -> None:
    for respond in (reset, answer(500, {}), answer(429, {}, {"Retry-After": "0"}), answer(503, {})):
        server = serve(in_turn(respond, raw(OK)))
        with contextlib.suppress(Lost):
            API.change(Access(server.url, {}, {"token": CANARY}), sending, "POST", "/")
        assert len(server.requests) == 1
        assert server.requests[0].headers["x-attempt-id"] == "attempt-1"


@pytest.mark.parametrize(
    "respond",
    [reset, answer(500, {}), answer(429, {}, {"Retry-After": "0"}), answer(503, {}, {"Retry-After": "0"})],
)
def test_a_read_is_tried_again(respond: object, serve: Serve) -> None:
    server = serve(in_turn(respond, respond, raw(OK)))  # type: ignore[arg-type]
    assert API.read(Access(server.url, {}, {"token": CANARY}), "/").status == 200
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("respond", "tries"),
    [
        (answer(404, {}), 1),
        (answer(302, {}), 1),
        (answer(429, {}, {"Retry-After": "60"}), 1),
        (answer(429, {}), 1),
        (answer(500, {}), 3),
        (answer(500, {}, {"X-RateLimit-Reset": "9999999999"}), 3),
    ],
)
def test_a_read_gives_its_last_answer_back(respond: object, tries: int, serve: Serve) -> None:
    server = serve(respond)  # type: ignore[arg-type]
    API.read(Access(server.url, {}, {"token": CANARY}), "/")
    assert len(server.requests) == tries


def test_every_exchange_can_be_listened_to_without_its_secrets(serve: Serve, log: list[str]) -> None:
    server = serve(in_turn(answer(201, {}), reset))
    http.send(request(f"{server.url}/v1/x?note={CANARY}"))
    with pytest.raises(Lost):
        http.send(request(f"{server.url}/v1/y"))
    assert log[0] == "→ POST /v1/x?note=•••"
    assert log[1].startswith("← 201 in ")
    assert log[2:3] == ["→ POST /v1/y"]
    assert log[3].startswith("✕ The request reached Example")


def test_an_outcome_kind_has_the_five_names_of_the_protocol() -> None:
    assert {kind.value for kind in OutcomeKind} == {*("not_sent", "rejected", "retry_later", "succeeded", "ambiguous")}


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate that nobody vouches for, and its key; return both paths."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody.example")])
    until = now + datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, until)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("somebody.example")]), False)
    made = builder.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "certificate").write_bytes(made.public_bytes(pem))
    (folder / "key").write_bytes(key.private_bytes(pem, form, plain))
    return folder / "certificate", folder / "key"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust the raw server's certificate, as an operator does for a provider of their own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    http._transport.cache_clear()
    yield
    http._transport.cache_clear()


@pytest.fixture
def tls_server(serve: Serve, tmp_path: Path) -> RawServer:
    """A raw server that speaks TLS with a certificate of its own."""
    server = serve(answer(200, {}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    server.wrap = lambda connection: context.wrap_socket(connection, server_side=True)
    return server
