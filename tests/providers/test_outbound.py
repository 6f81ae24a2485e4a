"""The outbound guard: rows 38 to 41 of the threat catalogue, and what OUTBOUND_ALLOW opens."""

import ipaddress
from collections.abc import Sequence
from dataclasses import replace

import pytest

from apps.providers import http, outbound
from apps.providers.base import Access, Sending
from apps.providers.calling import Api
from apps.providers.outbound import Address, AddressRefused, AddressUnknown, Policy, policy_from
from tests.providers.conftest import Serve
from tests.providers.raw import answer, routed

NAMES = {
    "public.example": ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "private.example": ["10.1.2.3"],
    "metadata.example": ["169.254.169.254"],
    "half.example": ["93.184.215.14", "192.168.0.7"],
    "localhost": ["::1", "127.0.0.1"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
}


def lookup(host: str, seconds: float) -> Sequence[Address]:
    """Resolve the names of the tests; IP addresses never come here."""
    if host not in NAMES:
        raise AddressUnknown(f"The name {host} could not be resolved.")
    return [ipaddress.ip_address(text) for text in NAMES[host]]


def policy(text: str = "") -> Policy:
    """Return the policy of an OUTBOUND_ALLOW text with the names of the tests."""
    return replace(policy_from(text), lookup=lookup)


REFUSED = [
    "http://127.0.0.1/",
    "http://127.255.255.254/",
    "http://[::1]/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://100.64.0.1/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://192.0.0.8/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:93.184.215.14]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:53aa:64c::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://1.2.3.4.5/",
    "http://127.0.0.1./",
    "http://public.example./",
    "http://localhost/",
    "http://private.example/",
    "http://metadata.example/",
    "http://half.example/",
    "http://nat64.example/",
    "http://public。example/",
    "http://１２７.0.0.1/",
    "http://bücher.example/",
    "http://public.example@127.0.0.1/",
    "http://a:b@public.example/",
    "http://127.0.0.1\\@public.example/",
    "http://public.example\\.private.example/",
    "http://public.example#@127.0.0.1/",
    "http://public_host.example/",
    "http://-public.example/",
    "http://public..example/",
    "http:///etc/passwd",
    "http:public.example",
    "http://",
    "",
    "//public.example/",
    "file:///etc/passwd",
    "gopher://public.example/",
    "ftp://public.example/",
    "unix:///var/run/docker.sock",
    "https://public.example:0/",
    "https://public.example:99999/",
    "https://public.example:http/",
    "https://public.example/ a",
    "https://public.example/\r\nHost: b",
    "https://public\t.example/",
    "https://public.example/\x00",
    "https://[::1/",
    "https://[1.2.3.4]/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_not_plainly_public_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused, match=r"^Address not allowed"):
        outbound.check_address(url, policy())


@pytest.mark.parametrize("url", REFUSED)
def test_and_it_is_refused_again_when_a_connection_is_opened(url: str, sending: Sending) -> None:
    request = http.Request("X", "GET", url, {})
    with pytest.raises(http.NotSent):
        http.send(request, http.Limits(policy=policy()))


@pytest.mark.parametrize(
    "url",
    [
        "https://public.example/",
        "http://public.example:8443/path?query=1",
        "https://PUBLIC.example",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        "https://not-there-yet.example/",
    ],
)
def test_a_public_address_is_let_through(url: str) -> None:
    outbound.check_address(url, policy())


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000/"),
        ("127.0.0.1:9000", "https://127.0.0.1:9000/"),
        ("127.0.0.1:9000", "http://localhost:9000/"),
        ("localhost:9000", "http://127.0.0.1:9000/"),
        ("private.example:80", "http://10.1.2.3/"),
        ("10.1.2.3:80", "http://private.example/"),
        ("10.0.0.0/8", "http://private.example:1234/"),
        ("  10.0.0.0/8 , 127.0.0.1:9000 ,", "http://127.0.0.1:9000/"),
        ("[::1]:9000", "http://[::1]:9000/"),
        ("::1/128", "http://[::1]:9000/"),
    ],
)
def test_outbound_allow_opens_what_it_names(allow: str, url: str) -> None:
    outbound.check_address(url, policy(allow))


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9001/"),
        ("127.0.0.1:9000", "http://127.0.0.2:9000/"),
        ("127.0.0.1:9000", "http://127.1:9000/"),
        ("nowhere.example:9000", "http://127.0.0.1:9000/"),
        ("10.0.0.0/8", "http://192.168.0.1/"),
        ("0.0.0.0/0", "http://[::1]/"),
        ("127.0.0.0/8", "http://[::ffff:127.0.0.1]/"),
        ("127.0.0.0/8", "http://2130706433/"),
        ("127.0.0.0/8", "http://0x7f.1/"),
        ("169.254.0.0/16", "http://[64:ff9b::169.254.169.254]/"),
        ("10.0.0.5/32", "http://10.0.0.6/"),
        ("10.0.0.5:443", "http://10.0.0.5/"),
        ("private.example:80", "http://private.example:81/"),
        ("private.example:80", "http://metadata.example/"),
        ("half.example:443", "https://192.168.0.8/"),
        ("::1/128", "http://[::2]/"),
        ("0.0.0.0/0,::/0", "file:///etc/passwd"),
        ("0.0.0.0/0,::/0", "http://a:b@127.0.0.1/"),
    ],
)
def test_outbound_allow_opens_nothing_else(allow: str, url: str) -> None:
    with pytest.raises(AddressRefused):
        outbound.check_address(url, policy(allow))


def test_only_the_opened_one_of_several_addresses_is_used() -> None:
    opened = outbound.resolve("localhost", 9000, allow=policy("127.0.0.1:9000"))
    assert [str(address) for address in opened] == ["127.0.0.1"]


@pytest.mark.parametrize("text", ["127.0.0.1", "host:", ":80", "host:0", "host:70000", "10.0.0.0/99"])
def test_a_wrong_entry_of_outbound_allow_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"OUTBOUND_ALLOW|network"):
        policy_from(text)


def test_a_person_may_not_type_an_odd_port() -> None:
    ports = frozenset({443})
    outbound.check_address("https://public.example/", policy(), public_ports=ports)
    for url in ("http://public.example/", "https://public.example:22/"):
        with pytest.raises(AddressRefused, match="port"):
            outbound.check_address(url, policy(), public_ports=ports)


def test_a_name_that_changes_its_address_is_looked_at_when_it_is_used() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]

    def rebinding(host: str, seconds: float) -> Sequence[Address]:
        return [ipaddress.ip_address(text) for text in answers.pop(0)]

    evil = Policy(lookup=rebinding)
    outbound.check_address("http://evil.example/", evil)
    with pytest.raises(http.NotSent, match="not on the public internet"):
        http.send(http.Request("X", "GET", "http://evil.example/", {}), http.Limits(policy=evil))


def test_the_connection_goes_to_the_address_that_was_looked_at_with_the_name_as_host(serve: Serve) -> None:
    server, asked = serve(answer(200, {})), []

    def once(host: str, seconds: float) -> Sequence[Address]:
        asked.append(host)
        return [ipaddress.ip_address("127.0.0.1")]

    here = Policy(networks=(ipaddress.ip_network("127.0.0.0/8"),), lookup=once)
    url = f"http://provider.example:{server.port}/"
    http.send(http.Request("X", "GET", url, {}), http.Limits(policy=here))
    assert asked == ["provider.example"]
    assert server.requests[0].headers["host"] == f"provider.example:{server.port}"


def test_a_redirect_to_a_private_address_is_not_followed(serve: Serve, sending: Sending) -> None:
    server = serve(routed({"POST /go": answer(302, b"", {"Location": "http://169.254.169.254/latest/"})}))
    api = Api("X", "", lambda access: {})
    got = api.change(Access(server.url, {}, {}), sending, "POST", "/go")
    assert got.status == 302
    assert len(server.requests) == 1


def test_the_environment_cannot_bring_in_a_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server, proxy = serve(answer(200, {})), serve(answer(500, {}))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert http.send(http.Request("X", "GET", f"{server.url}/", {})).status == 200
    assert proxy.requests == []
