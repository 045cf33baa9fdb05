"""Which addresses a crawl may reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from scrapy.resolver import dnscache
from scrapy.utils.test import get_crawler
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from crawler.resolver import PublicAddressResolver, proxy_hosts, refused_names

PRIVATE, PUBLIC = "10.1.2.3", "93.184.215.14"


def test_the_users_own_proxy_is_exempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy of the environment may stand on loopback."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:8900")
    assert "127.0.0.1" in proxy_hosts()


class InlineReactor(Clock):
    """A reactor whose threads run at once: a look-up's answer is there when the call returns."""

    def getThreadPool(self) -> InlineReactor:
        return self

    def callInThreadWithCallback(self, done: Callable[[bool, object], object], function: Callable[..., object], *args: object) -> None:
        try:
            done(True, function(*args))
        except OSError:
            done(False, Failure())  # type: ignore[no-untyped-call]

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        function(*args)


@pytest.fixture
def look_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Resolve a name as a crawl does; names have answered in this process before, so that no network is needed."""
    for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)

    def resolve(name: str, **settings: object) -> str:
        resolver = PublicAddressResolver.from_crawler(get_crawler(settings_dict=settings), InlineReactor())  # type: ignore[arg-type]
        dnscache.update({"intranet.example": PRIVATE, "paper.example": PUBLIC})
        answer: Deferred[str] = resolver.getHostByName(name)
        outcome: list[str | Failure] = []
        answer.addBoth(outcome.append)
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        return outcome[0]

    yield resolve
    dnscache.clear()
    refused_names.clear()


def test_a_name_of_a_public_address_is_resolved(look_up: Callable[..., str]) -> None:
    """As Scrapy does."""
    assert look_up("paper.example") == PUBLIC
    assert "paper.example" not in refused_names


@pytest.mark.parametrize("name", ["intranet.example", "127.0.0.1", "2130706433"])
def test_a_name_or_number_of_a_private_address_fails(look_up: Callable[..., str], name: str) -> None:
    """Every time: the answer of an earlier look-up, which Scrapy keeps, is judged too."""
    for _ in range(2):
        with pytest.raises(DNSLookupError, match="no public address"):
            look_up(name)
    assert name in refused_names


def test_private_addresses_can_be_allowed(look_up: Callable[..., str]) -> None:
    """For tests, by setting."""
    assert look_up("127.0.0.1", ALLOW_PRIVATE_ADDRESSES=True) == "127.0.0.1"


def test_only_the_proxy_s_own_host_is_exempt(look_up: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The user chose it; other names of private addresses stay refused."""
    monkeypatch.setenv("http_proxy", "http://intranet.example:3128")
    assert look_up("intranet.example") == PRIVATE
    with pytest.raises(DNSLookupError, match="no public address"):
        look_up("127.0.0.1")
