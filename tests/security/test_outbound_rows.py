"""Rows 38 to 42 of the threat catalogue, by their number: what happens to every address that somebody can type."""

from __future__ import annotations

import ast
import gzip
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.models import Person
from apps.checks.http import CHECK_BYTES, SHOWN, ask, run_check
from apps.deployments.models import Environment
from apps.providers import http, outbound
from apps.providers.base import Access, ProviderError, Sending
from apps.providers.calling import Api, segment
from tests.accounts.conftest import ada, mallory, program, team
from tests.deployments.factories import EnvironmentFactory, ServiceFactory
from tests.house.sources import modules
from tests.providers.conftest import sending, serve, this_machine
from tests.providers.foreign import register
from tests.providers.raw import RawServer, Seen, answer, raw
from tests.providers.test_outbound import REFUSED

__all__ = ["ada", "mallory", "sending", "serve", "team", "this_machine"]

# One of each form of row 38; every form is tried at the guard itself in tests/providers/test_outbound.py.
FORMS = [
    "http://127.0.0.1/", "http://[::1]/", "http://0.0.0.0/", "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/", "http://100.64.0.1/", "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/",
    "http://224.0.0.1/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::169.254.169.254]/", "http://[2002:7f00:1::]/", "http://2130706433/", "http://0x7f000001/",
    "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.1./", "http://public。example/",
    "http://a:b@93.184.215.14/", "http://127.0.0.1\\@93.184.215.14/", "http://93.184.215.14#@127.0.0.1/",
    "http://public_host.example/",
]  # fmt: skip
CONNECTION = {"name": "Foreign", "provider": "foreign", "credentials": {"token": "a-token"}}
PLAYBOOK = """
version: 1
slug: typed
name: Typed
approvals: {{all_of: [founder]}}
steps:
  - {{name: Look, check: {{url: '{url}'}}}}
"""


@pytest.fixture
def nothing_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """OUTBOUND_ALLOW opens nothing, and the portal knows a provider with an address among its settings."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    register(monkeypatch)


def entered(ada: Person, url: str) -> Iterator[tuple[str, Any]]:
    """Yield (where, answer) for every place in which a program can enter an address."""
    client, kind = program(ada), "application/json"

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"/api/v1{path}", body, content_type=kind)

    yield "a connection's address", post("/connections", {**CONNECTION, "base_url": url})
    good = "https://93.184.215.14"
    yield "a setting", post("/connections", {**CONNECTION, "base_url": good, "settings": {"console": url}})
    path = "/services/portal/environments"
    yield "a public address", post(path, {"name": "production", "public_url": url})


@pytest.mark.parametrize("url", FORMS)
def test_row_38_an_address_that_is_not_plainly_public_is_refused_wherever_it_is_entered(
    ada: Person, nothing_opened: None, url: str
) -> None:
    assert url in REFUSED or "93.184.215.14" in url
    ServiceFactory(organisation=ada.organisation, slug="portal")
    for where, got in entered(ada, url):
        assert got.status_code == 422, (where, got.content)
        assert "Address not allowed" in got.json()["detail"], where
        assert got.json()["code"] == "address_not_allowed", where
    with pytest.raises(ProviderError, match="Address not allowed"):
        ask(url)


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://2130706433/", "https://[::ffff:10.0.0.1]/"])
def test_row_38_a_playbook_that_asks_a_private_address_is_not_published(
    ada: Person, nothing_opened: None, url: str
) -> None:
    got = program(ada).post("/api/v1/playbooks", PLAYBOOK.format(url=url), content_type="application/yaml")
    told = program(ada).get("/api/v1/playbooks/typed/revisions/1").content if got.status_code < 300 else got.content
    assert b"Address not allowed" in told, told


class Names:
    """A name server that answers each question with the next of its answers, and counts what it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host.replace(".", "").isdigit():  # what was looked up already
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not found:
            raise socket.gaierror("Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def inside(serve: Any, monkeypatch: pytest.MonkeyPatch) -> RawServer:
    """A server inside, that nobody may reach: OUTBOUND_ALLOW opens nothing."""
    server = serve(answer(200, {"secret": "inside"}))
    monkeypatch.setenv("OUTBOUND_ALLOW", "")
    return server


def test_row_39_a_name_is_looked_up_once_and_only_that_address_is_called(
    inside: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(["93.184.215.14"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    url = f"http://evil.example:{inside.port}/"
    outbound.check_address(url)
    with pytest.raises(http.NotSent, match="not on the public internet"):
        http.send(http.Request("X", "GET", url, {}))
    assert names.asked == ["evil.example"] * 2, "once when it was saved and once when it was used"
    monkeypatch.setenv("OUTBOUND_ALLOW", f"127.0.0.1:{inside.port}")
    http.send(http.Request("X", "GET", url, {}))
    assert len(names.asked) == 3, "the connection goes to the address that was looked at, not to the name again"
    assert [request.headers["host"] for request in inside.requests] == [f"evil.example:{inside.port}"]


def test_row_39_a_name_that_could_not_be_resolved_is_looked_at_when_it_is_used(
    inside: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names([], ["127.0.0.1"]))
    url = f"http://late.example:{inside.port}/"
    outbound.check_address(url)
    with pytest.raises(http.NotSent, match="not on the public internet"):
        http.send(http.Request("X", "GET", url, {}))
    assert inside.requests == []


@pytest.mark.parametrize("private", ["10.0.0.7", "169.254.169.254", "127.0.0.1"])
def test_row_39_a_name_with_one_private_address_among_public_ones_is_not_called(
    inside: RawServer, monkeypatch: pytest.MonkeyPatch, private: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["93.184.215.14", private]))
    with pytest.raises(http.NotSent, match="not on the public internet"):
        http.send(http.Request("X", "GET", f"http://half.example:{inside.port}/", {}))
    assert inside.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_row_40_no_redirect_is_followed_by_anything_that_asks(
    serve: Any, sending: Sending, environment: Environment, status: int
) -> None:
    target = serve(answer(200, {}))
    server = serve(answer(status, b"", {"Location": f"{target.url}/latest/"}))
    checked = run_check(environment, {"url": f"{server.url}/"})
    assert not checked.ok
    assert f"answered {status}" in checked.message
    api = Api("X", "", lambda access: {"Authorization": "Bearer a-token"})
    assert api.read(Access(server.url, {}, {}), "/").status == status
    assert api.change(Access(server.url, {}, {}), sending, "POST", "/").status == status
    assert target.requests == []


@pytest.fixture
def environment(db: None) -> Environment:
    """An environment whose check may have any address."""
    return EnvironmentFactory()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://93.184.215.14/", "ftp://93.184.215.14/", "unix:///run/docker.sock",
        "http://93.184.215.14/", "https://93.184.215.14:22/", "https://93.184.215.14:8443/",
    ],
)  # fmt: skip
def test_row_41_an_address_that_people_type_has_its_one_scheme_and_port(
    ada: Person, nothing_opened: None, url: str
) -> None:
    ServiceFactory(organisation=ada.organisation, slug="portal")
    *_, (_, got) = entered(ada, url)
    assert got.status_code == 422
    assert got.json()["code"] == "address_not_allowed"
    with pytest.raises(ProviderError, match="Address not allowed"):
        ask(url)


def endless(request: Seen, connection: socket.socket) -> None:
    """Answer without an end, as fast as it is read."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def test_row_41_an_answer_without_an_end_costs_a_check_five_seconds_and_64_kilobytes(
    serve: Any, environment: Environment
) -> None:
    server = serve(endless)
    began = time.monotonic()
    got = ask(f"{server.url}/")
    assert len(got.body) == CHECK_BYTES == 64 * 1024
    assert time.monotonic() - began < 5


BOMB = gzip.compress(b"\0" * 50_000_000)
HEADER_BOMB = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 8000) for n in range(100)) + b"\r\n"


def test_row_41_a_bomb_is_neither_unpacked_nor_kept(serve: Any, environment: Environment) -> None:
    packed = serve(answer(200, BOMB, {"Content-Encoding": "gzip"}))
    assert len(ask(f"{packed.url}/").body) <= CHECK_BYTES
    assert packed.requests[0].headers["accept-encoding"] == "identity", "it never asks for a packed answer"
    with pytest.raises(ProviderError):
        ask(f"{serve(raw(HEADER_BOMB)).url}/")


def test_row_42_a_typed_address_gets_no_credentials_and_shows_a_few_words(serve: Any, environment: Environment) -> None:
    server = serve(answer(500, b"<script>" + b"inside " * 1000, {"X-Version": "v" * 5000}))
    result = run_check(environment, {"url": f"{server.url}/?a=b", "header": {"X-Version": "v1"}, "contains": "wanted"})
    sent = server.requests[0].headers
    assert not {"authorization", "cookie", "proxy-authorization"} & set(sent)
    assert not result.ok
    assert "inside" not in result.message, "the body is not shown"
    assert max(len(text) for _, text in result.readings) < SHOWN + 100


@pytest.mark.parametrize("bad", ["../admin", "a/b", "a?b", "a#b", "a%2fb", "", ".", "..", "a b", "a\r\nb", "x" * 65])
def test_row_42_ids_stay_inside_their_place_in_a_path(bad: str) -> None:
    with pytest.raises(ProviderError):
        segment(bad, "an id")


OPENS = {
    "httpx", "httpcore", "requests", "urllib3", "urllib.request", "http.client", "aiohttp", "socket", "smtplib",
    "ftplib", "websocket", "websockets", "redis", "slack_sdk.web", "slack_sdk.webhook", "slack_sdk.socket_mode",
    "resend", "github", "upstash_redis",
}  # fmt: skip
DATABASES = "apps/providers/sql/wire.py"  # looks the name up by the guard and connects to the address
LINES = "apps/providers/slack/socket_mode.py"  # slack_sdk's frames, on a connection that dialling.py has opened
GUARDED = {
    "apps/providers/http.py", "apps/providers/connecting.py", "apps/providers/outbound.py",
    "apps/providers/dialling.py", DATABASES, LINES,
}  # fmt: skip


def test_row_42_nothing_but_the_guarded_modules_opens_connections() -> None:
    outside = {
        name: tree
        for name, tree in modules().items()
        if name.startswith(("apps/providers/", "apps/checks/")) and "/simulat" not in name
    }
    found = {
        f"{name}: {imported}"
        for name, tree in outside.items()
        for imported in _imports(tree)
        if name not in GUARDED and any(f"{imported}.".startswith(f"{opens}.") for opens in OPENS)
    }
    assert found == set()
    connecting = {name for name, tree in outside.items() if "psycopg.connect(" in ast.unparse(tree)}
    assert connecting == {DATABASES}
    assert "outbound.resolve(" in ast.unparse(outside[DATABASES])
    line = ast.unparse(outside[LINES])
    assert "dial(self.url" in line
    assert not [
        word for word in ("SocketModeClient", "create_connection", "super().connect", "WebClient") if word in line
    ]


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
