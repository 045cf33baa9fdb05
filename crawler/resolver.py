"""The one place where every name and literal address of a crawl is looked up, and private ones are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.error import DNSLookupError

from pipelines.conduct import is_public_address

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred

refused_names: dict[str, str] = {}
"""Names that were refused and the address they led to. Twisted drops a failed look-up's reason on the way up: this keeps it."""


class PublicAddressResolver(CachingThreadedResolver):
    """Resolves names as Scrapy does and fails for addresses that are not public, whatever name or spelling led to them.

    Twisted asks it for literal addresses, redirect targets and every new connection alike, so a name that changes its address
    between two look-ups is caught too. The hosts of the configured proxies are exempt: the user chose them.
    """

    allow_private = False
    exempt: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.allow_private = crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES")
        resolver.exempt = proxy_hosts()
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        resolved: Deferred[str] = super().getHostByName(name, timeout)
        if not self.allow_private and name not in self.exempt:
            resolved.addCallback(self._refuse_private, name)
        return resolved

    def _refuse_private(self, address: str, name: str) -> str:
        if not is_public_address(address):
            refused_names[name] = address
            raise DNSLookupError(f"{name} resolves to {address}, which is no public address")
        return address


def proxy_hosts() -> frozenset[str]:
    """Return the hosts of the proxies that the environment names."""
    hosts = (urlsplit(proxy if "://" in proxy else f"http://{proxy}").hostname for proxy in getproxies().values())
    return frozenset(host for host in hosts if host)
