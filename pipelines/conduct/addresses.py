"""Which hosts, addresses and ports a crawl may ask, in every spelling that something on the way would understand."""

from __future__ import annotations

import re
import socket
import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from pipelines.urls import ascii_host

# Public by their range, yet answered by the cloud that a machine runs in: Azure's platform address, Oracle's metadata.
_PLATFORM = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))
# All that is allocated to hosts (RFC 4291, section 2.4); Python's is_global also passes site-local and ranges without an owner.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# IPv6 addresses that carry an IPv4 address in their last 32 bits: NAT64 (RFC 6052; the second is for private use), IPv4-compatible.
_NAT64 = IPv6Network("64:ff9b::/96")
_TEREDO = IPv6Network("2001::/32")
# ISATAP (RFC 5214): the IPv4 address follows this interface identifier, with or without its "universal" bit.
_ISATAP = re.compile(r":(?:0?200|0)?0*:5efe:[0-9a-f]{1,4}:[0-9a-f]{1,4}$")

# Names that are answered by the own machine or network. Source: RFC 6761, RFC 6762, RFC 8375, ICANN's reservation of .internal,
# RFC 6762 appendix G (names in private use), and the metadata names of clouds, which end like them.
_LOCAL_SUFFIXES = frozenset("localhost localdomain local internal intranet private corp home lan home.arpa".split())

# Ports of other services than the web. Source: WHATWG Fetch Standard, "bad port".
BAD_PORTS = frozenset(
    [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115,
        117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587,
        601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
        6679, 6697, 10080,
    ]
)  # fmt: skip
_DOTS = re.compile("[\u3002\uff0e\uff61]")  # what IDNA reads as a full stop
# 010.0.0.1 is 8.0.0.1 for the C library (octal) and 10.0.0.1 for many others, such as the proxy that gets it.
_LEADING_ZEROS = re.compile(r"(^|\.)0+(?=\d)")


def refusal_of(url: str, *, allow_private: bool = False) -> str | None:
    """Return why a URL is never asked for, as words, or None if nothing in its spelling speaks against it.

    A name passes here unless it is known to be local; the address that it leads to is checked where it is looked up.
    allow_private leaves scheme, user information and port.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return f"it is no URL ({error})"
    if parts.scheme not in ("http", "https"):
        return f"scheme {parts.scheme!r} is never requested"
    if "@" in parts.netloc or "\\" in parts.netloc:
        return "a name or password stands before its host"
    if port in BAD_PORTS:
        return f"port {port} is no web server's"
    return None if allow_private else _refusal_of_host(host)


@lru_cache(maxsize=4096)
def _refusal_of_host(host: str) -> str | None:
    name = plain_host(host)
    if not name:
        return "it has no host"
    if addresses := [address for spelling in (name, _LEADING_ZEROS.sub(r"\1", name)) if (address := literal_address(spelling))]:
        return None if all(map(is_public_address, addresses)) else f"{host} is no public address"
    if ascii_host(name) is None:
        # "paper.example%40127.0.0.1": who decodes or cuts it may find a host of its own in it.
        return f"{host!r} is no name that a host can have"
    if "." not in name or any(name == suffix or name.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES):
        return f"{host} is a name of the local network"
    return None


def plain_host(host: str) -> str:
    """Return a host in lower case without brackets, closing dots, percent-encoding and full-width characters."""
    host = unicodedata.normalize("NFKC", _DOTS.sub(".", unquote(host)))
    return host.strip("[]").lower().rstrip(".")


def literal_address(host: str) -> str | None:
    """Return the address that a host spells out, in any form that connects (``2130706433``, ``0x7f.1``, ``[::1]``), or None for a name."""
    host = plain_host(host)
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        # Also takes trailing words after a space; no host has one.
        return socket.inet_ntoa(socket.inet_aton(host)) if " " not in host else None
    except (OSError, UnicodeEncodeError):
        return None


def is_public_address(address: str) -> bool:
    """Say whether an address is one that the public internet routes, itself and any IPv4 address inside it."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_public_v4(parsed) if isinstance(parsed, IPv4Address) else _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in _PLATFORM)


def _is_public_v6(address: IPv6Address) -> bool:
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and (address in _NAT64 or _ISATAP.search(str(address))):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None and not _is_public_v4(inner):
        return False
    if address.ipv4_mapped or address in _NAT64:
        return True
    # Teredo holds the address of a client behind a home router, never a news server's.
    return address in _GLOBAL_UNICAST and address.is_global and address not in _TEREDO
