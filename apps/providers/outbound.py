"""Decide which addresses the portal may connect to, before a name is stored and again when a connection is
opened.

A name is resolved once and the connection goes to an address that was looked at. Private addresses are
refused unless the operator opened them with OUTBOUND_ALLOW. The networks are those of
RFC 6890 and the IANA special-purpose registries.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Lookup = Callable[[str, float], Sequence[Address]]

LOOKUP_SECONDS = 3.0
PUBLIC_V6 = ipaddress.ip_network("2000::/3")
NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        # Teredo, ORCHID and benchmarking, documentation, 6to4: all can carry or stand for another address.
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
PORTS = {"http": 80, "https": 443, "postgresql": 5432}  # where an address names none
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_NUMBER_LIKE = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")


class AddressRefused(Exception):
    """The address may not be used; the text is a sentence for people."""


class AddressUnknown(Exception):
    """The name could not be resolved; the text is a sentence for people."""


def system_lookup(host: str, seconds: float) -> Sequence[Address]:
    """Ask the system's resolver for all addresses of `host` for at most `seconds`. Raises AddressUnknown."""
    found: list[Address] = []
    failed: list[str] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(str(error))
        else:
            found.extend(dict.fromkeys(ipaddress.ip_address(str(row[4][0]).split("%")[0]) for row in rows))

    # getaddrinfo knows no time-out, so it gets a thread that may be left behind.
    thread = threading.Thread(target=ask, daemon=True, name="resolve")
    thread.start()
    thread.join(seconds)
    if failed or not found:
        why = failed[0] if failed else f"no answer within {seconds:g} seconds"
        raise AddressUnknown(f"The name {host} could not be resolved ({why}).")
    return found


@dataclass(frozen=True)
class Policy:
    """What the operator opened: `endpoints` as (host, port), `networks` with every port."""

    endpoints: tuple[tuple[str, int], ...] = ()
    networks: tuple[Network, ...] = ()
    lookup: Lookup = system_lookup

    def opens(self, address: Address, port: int) -> bool:
        """Say whether the operator opened this address and port on purpose."""
        if any(address in network for network in self.networks):
            return True
        return any(opened == port and address in self._addresses(host) for host, opened in self.endpoints)

    def _addresses(self, host: str) -> Sequence[Address]:
        try:
            return [_literal(host) or ipaddress.ip_address(host)]
        except (AddressRefused, ValueError):
            pass
        try:
            return self.lookup(host, LOOKUP_SECONDS)
        except AddressUnknown:
            return []  # an entry that names nothing opens nothing


def policy_from(text: str) -> Policy:
    """Read an OUTBOUND_ALLOW text: `host:port` and CIDR entries, comma separated. Raises ValueError for
    another.
    """
    endpoints, networks = [], []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        if "/" in entry:
            networks.append(ipaddress.ip_network(entry, strict=False))
            continue
        host, colon, port = entry.rpartition(":")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"OUTBOUND_ALLOW has the entry “{entry}”; write host:port or a network like 10.0.0.0/8.")
        endpoints.append((host.strip("[]").lower(), int(port)))
    return Policy(tuple(endpoints), tuple(networks))


_policy_from = lru_cache(maxsize=16)(policy_from)


def policy_from_environment() -> Policy:
    """Return the policy that OUTBOUND_ALLOW describes now."""
    return _policy_from(os.environ.get("OUTBOUND_ALLOW", ""))


def check_address(
    url: str,
    allow: Policy | None = None,
    *,
    public_ports: frozenset[int] | None = None,
    schemes: Sequence[str] = ("https", "http"),
) -> None:
    """Refuse an address that a person typed, or return. `public_ports` limits the ports of public addresses.

    A name that does not resolve now is let through: it is looked at again when it is used.
    Raises AddressRefused.
    """
    host, port = split_address(url, schemes)
    try:
        resolve(host, port, allow=allow, public_ports=public_ports)
    except AddressUnknown:
        return


def resolve(
    host: str, port: int, *, allow: Policy | None = None, public_ports: frozenset[int] | None = None
) -> list[Address]:
    """Return the addresses of `host` that may be connected to on `port`, in the resolver's order.

    Addresses that the operator opened win; without one of them every address has to be public.
    Raises AddressRefused or AddressUnknown.
    """
    allow = allow or policy_from_environment()
    host = checked_host(host)
    literal = _literal(host)
    addresses = [literal] if literal else list(allow.lookup(host, LOOKUP_SECONDS))
    opened = [address for address in addresses if allow.opens(address, port)]
    if opened:
        return opened
    if not addresses or not all(is_public(address) for address in addresses):
        raise AddressRefused(
            f"Address not allowed: {host} is not on the public internet. The operator of this installation "
            f"can open it with OUTBOUND_ALLOW={host}:{port}."
        )
    if public_ports is not None and port not in public_ports:
        raise AddressRefused(f"Address not allowed: port {port} may not be used here.")
    return addresses


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the public internet and cannot stand for another one."""
    if address.version == 6 and address not in PUBLIC_V6:
        return False  # also mapped, compatible, NAT64, unique local, link local, multicast
    return not any(address in network for network in NOT_PUBLIC if network.version == address.version)


def split_address(url: str, schemes: Sequence[str] = ("https", "http")) -> tuple[str, int]:
    """Return host and port of an address with one of the `schemes`. Raises AddressRefused for anything unusual."""
    if not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise AddressRefused("Address not allowed: it may hold only plain ASCII characters, no spaces and no “\\”.")
    if "#" in url:
        raise AddressRefused("Address not allowed: leave out the part from “#” on.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("Address not allowed: it is not a complete web address.") from None
    if parts.scheme not in schemes or not url.lower().startswith(f"{parts.scheme}://"):
        beginnings = " or ".join(f"{scheme}://" for scheme in schemes)
        raise AddressRefused(f"Address not allowed: it must begin with {beginnings}.")
    if "@" in parts.netloc:
        raise AddressRefused("Address not allowed: it may not carry a user name or password.")
    if port == 0:
        raise AddressRefused("Address not allowed: 0 is not a port.")
    return checked_host(parts.hostname or ""), port or PORTS[parts.scheme]


def checked_host(host: str) -> str:
    """Return `host` in lower case when it is a plain host name or IP address. Raises AddressRefused."""
    host = host.lower()
    if ":" in host or _literal(host):
        return host
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise AddressRefused(
            "Address not allowed: the host name may hold only letters, digits and hyphens between dots "
            "(write an international name in its xn-- form)."
        )
    if _NUMBER_LIKE.match(labels[-1]):
        raise AddressRefused("Address not allowed: write an IP address as four plain decimal numbers.")
    return host


def _literal(host: str) -> Address | None:
    """Return the address that `host` spells, or None for a name."""
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host) if "%" not in host else _no_zone()
        except ValueError:
            raise AddressRefused("Address not allowed: it is not a valid IPv6 address.") from None
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        return None


def _no_zone() -> Address:
    raise AddressRefused("Address not allowed: an IPv6 address may not name a network interface.")
