"""What is asked when: which sources a scheduled run takes, and which request leaves the scheduler next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scrapy.pqueues import DownloaderAwarePriorityQueue

from pipelines.discover import due_sources, endpoints_of
from pipelines.records import Source

if TYPE_CHECKING:
    from scrapy import Request

    from pipelines.corpus import Store


def due(store: Store, sources: Sequence[Source], *, now: datetime, with_revisits: bool = False) -> list[Source]:
    """Return the sources that have something to do: an endpoint due, the longest first, then those with pages to ask again only.

    For a scheduled run, together with the setting DISCOVER_ONLY_DUE, which leaves out the endpoints of a due source that are not due
    themselves; with_revisits says whether ARTICLE_REVISITS is on. now is aware.
    """
    known = store.endpoints([url for source in sources for _, url in endpoints_of(source)])
    chosen = due_sources(sources, known, now=now)
    names = {source.name for source in chosen}
    others = (source for source in sources if source.name not in names)
    with_pages = [source for source in others if _has_pages(store, source, now, with_revisits)]
    return [*chosen, *with_pages]


def _has_pages(store: Store, source: Source, now: datetime, with_revisits: bool) -> bool:
    is_waiting = bool(store.due_retries(source.name, now=now, limit=1))
    return is_waiting or (with_revisits and bool(store.due_revisits(source.name, now=now, limit=1)))


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
        is_room = any(active < self.max_per_host for active, _ in self._downloader_interface.stats(self.pqueues))
        return super().pop() if is_room else None
