"""Which request leaves the scheduler next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.pqueues import DownloaderAwarePriorityQueue

if TYPE_CHECKING:
    from scrapy import Request


class PatientPriorityQueue(DownloaderAwarePriorityQueue):
    """Scrapy's queue per host, which keeps a host's requests to itself while the downloader has enough of them.

    Scrapy hands out requests until CONCURRENT_REQUESTS are on their way, be they all for one host, where they wait for its delay: a
    crawl that is to end must then work them off one by one, and new hosts find no room. Here a host has as many requests on their
    way as may run side by side, and one more that waits its turn.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_per_host = self.crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") + 1

    def pop(self) -> Request | None:
        on_their_way = (active for active, _ in self._downloader_interface.stats(self.pqueues))
        if min(on_their_way, default=0) >= self.max_per_host:
            return None
        return super().pop()
