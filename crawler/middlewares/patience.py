"""Hosts that are down or want to be left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.hosts import Hosts
from crawler.refusals import HostDown, HostPaused, HostWaits

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler


class PatienceWithHosts:
    """Refuse requests for a host that this run has given up; send those for one in a long pause back to the scheduler."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.hosts = Hosts.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        assert self.crawler.engine is not None
        slot = self.crawler.engine.downloader.get_slot_key(request)
        host = self.hosts.host(slot)
        if why := host.wait.given_up:
            raise (HostPaused if host.wait.asked_to_wait else HostDown)(f"{slot} is not asked in this run: {why}")
        if host.is_waiting_long():
            raise HostWaits(f"{slot} is left alone for a while")

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not isinstance(exception, HostWaits) or request.meta.get("is_for_conduct"):
            return None
        return request.replace(dont_filter=True)
