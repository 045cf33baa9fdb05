"""Which URLs and addresses may be asked."""

from __future__ import annotations

import pytest

from pipelines.conduct import is_public_address, literal_address, refusal_of


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("10.1.2.3", id="private, 10"),
        pytest.param("192.168.0.1", id="private, 192.168"),
        pytest.param("172.16.0.1", id="private, 172.16"),
        pytest.param("169.254.169.254", id="link-local: metadata of most clouds"),
        pytest.param("168.63.129.16", id="Azure's platform address, in a public range"),
        pytest.param("192.0.0.192", id="Oracle's metadata"),
        pytest.param("100.100.100.200", id="carrier-grade NAT: Alibaba's metadata"),
        pytest.param("100.64.0.1", id="carrier-grade NAT"),
        pytest.param("0.0.0.0", id="this host"),
        pytest.param("198.18.0.1", id="benchmarking"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::1", id="loopback, IPv6"),
        pytest.param("::", id="unspecified, IPv6"),
        pytest.param("fe80::1", id="link-local, IPv6"),
        pytest.param("fe80::1%eth0", id="link-local with a zone"),
        pytest.param("fec0::1", id="site-local"),
        pytest.param("fd00:ec2::254", id="unique local: metadata of AWS"),
        pytest.param("ff02::1", id="multicast, IPv6"),
        pytest.param("::ffff:127.0.0.1", id="IPv4-mapped"),
        pytest.param("::127.0.0.1", id="IPv4-compatible"),
        pytest.param("64:ff9b::7f00:1", id="NAT64"),
        pytest.param("64:ff9b:1::a00:1", id="NAT64 for private use"),
        pytest.param("2002:7f00:1::", id="6to4"),
        pytest.param("2001:0:7f00:1::1", id="Teredo"),
        pytest.param("2606:4700::5efe:a00:1", id="ISATAP"),
        pytest.param("2001:db8::1", id="documentation"),
        pytest.param("not an address", id="no address"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    """Whatever version, and whatever IPv4 address is inside."""
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1"],
)
def test_addresses_that_are_public(address: str) -> None:
    """What the internet routes, also through a network that has IPv6 only (NAT64)."""
    assert is_public_address(address)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param("2130706433", "127.0.0.1", id="one number"),
        pytest.param("0x7f000001", "127.0.0.1", id="hexadecimal"),
        pytest.param("0177.0.0.1", "127.0.0.1", id="octal"),
        pytest.param("127.1", "127.0.0.1", id="short form"),
        pytest.param("127.0.0.1...", "127.0.0.1", id="closing dots"),
        pytest.param("%31%32%37.0.0.1", "127.0.0.1", id="percent-encoded"),
        pytest.param("１２７.0.0.1", "127.0.0.1", id="full-width digits"),
        pytest.param("127。0。0。1", "127.0.0.1", id="ideographic full stops"),
        pytest.param("[::1]", "::1", id="IPv6 in brackets"),
        pytest.param("fe80::1%eth0", "fe80::1", id="IPv6 with a zone"),
        pytest.param("paper.example", None, id="a name"),
        pytest.param("127.0.0.1.paper.example", None, id="a name that starts like one"),
    ],
)
def test_addresses_are_read_in_every_spelling(host: str, address: str | None) -> None:
    """Any form that a socket or a proxy would connect to is understood."""
    assert literal_address(host) == address


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://paper.example/a",
        "gopher://paper.example/",
        "http://127.0.0.1/",
        "http://0x7f.1/",
        "http://[::ffff:7f00:1]/",
        "http://localhost:8080/",
        "http://a.localhost/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "http://router.home.arpa./",
        "http://intranet/",
        "http://paper.example@127.0.0.1/",
        "http://user:word@paper.example/",
        "http://127.0.0.1\\@paper.example/",
        "http://paper.example%40127.0.0.1/",
        "http://127.0.0.1%2f.paper.example/",
        "http://127.0.0.1;/",
        "http://127.0.0.1,/",
        "http://010.0.0.1/",
        "http://00000000127.0.0.1/",
        "http://paper.example:25/",
        "http://paper.example:0/",
        "http://paper.example:99999/",
        "http:///path",
        "http://[::1/",
    ],
)
def test_urls_that_are_never_asked_for(url: str) -> None:
    """Schemes, addresses, names of the own network, user information, and ports of other services."""
    assert refusal_of(url)


@pytest.mark.parametrize(
    "url", ["https://paper.example/story", "http://paper.example:8080/", "https://93.184.215.14/", "https://paper.example./"]
)
def test_urls_of_public_web_servers_pass(url: str) -> None:
    """Also on other ports: a name's address is looked at when it is looked up."""
    assert refusal_of(url) is None


def test_tests_may_reach_loopback_and_nothing_else_more() -> None:
    """allow_private opens addresses, not schemes."""
    assert refusal_of("http://127.0.0.1:9000/", allow_private=True) is None
    assert refusal_of("file:///etc/passwd", allow_private=True)
