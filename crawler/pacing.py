"""When a request leaves: a floor under every delay, and pauses that hold up one host and no other."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader import Downloader, Slot
from scrapy.pqueues import DownloaderInterface
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure

from crawler.hosts import Host, Hosts
from crawler.refusals import HostWaits
from crawler.scheduling import PatientPriorityQueue

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred

# More than any host has on its way: a paused one is never the least busy.
_BUSY = 1_000_000
# Without any delay Scrapy starts all that wait in a slot before the first of them counts as being transferred, whatever its concurrency.
SHORTEST_DELAY_SECONDS = 0.001


class PacedSlot(Slot):
    """A slot that is never quicker than its delay and than what robots.txt asks for, and waits out its host's pauses.

    Scrapy's jitter goes both ways, and AutoThrottle sets the delay as it likes; here both only ever add to the floor.
    """

    __slots__ = ("host",)

    def __init__(self, slot: Slot, host: Host) -> None:
        super().__init__(slot.concurrency, slot.delay, slot.jitter)
        self.host = host

    def download_delay(self) -> float:
        delay = max(self.delay, self.host.floor, SHORTEST_DELAY_SECONDS) * (1 + random.uniform(0, self.jitter))
        return max(delay, self.host.wait.resume_at - self.lastseen)


class PacedDownloader(Downloader):
    """Scrapy's downloader with paced slots, and a count of each slot's requests that sees those whose robots.txt is being asked for too."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.hosts = Hosts.of(crawler)
        self.on_their_way: Counter[str] = Counter()

    def fetch(self, request: Request, spider: object = None) -> Deferred[Response | Request]:
        key = self.get_slot_key(request)
        self.on_their_way[key] += 1
        fetched: Deferred[Response | Request] = super().fetch(request)
        return fetched.addBoth(self._left, key)

    def _left(self, outcome: Any, key: str) -> Any:
        self.on_their_way[key] -= 1
        if not self.on_their_way[key]:
            del self.on_their_way[key]
        return outcome

    def get_slot_key(self, request: Request) -> str:
        """Return the source's slot if it has a delay of its own, else the host: a redirect to another host must not count for the first."""
        slot = request.meta.get(self.DOWNLOAD_SLOT)
        return slot if slot in self.per_slot_settings else urlparse_cached(request).hostname or ""

    def _get_slot(self, request: Request, spider: object = None) -> tuple[str, Slot]:
        key = self.get_slot_key(request)
        is_new = key not in self.slots
        key, slot = super()._get_slot(request)
        if is_new:
            host = self.hosts.host(key)
            slot = self.slots[key] = PacedSlot(slot, host)
            host.hand_back = [lambda: hand_back(self.slots.get(key))]
        return key, slot


def hand_back(slot: Slot | None) -> None:
    """Let the requests that wait in a slot fail as HostWaits: the middleware sends them back to the scheduler."""
    while slot and slot.queue:
        _, waiting = slot.queue.popleft()
        waiting.errback(Failure(HostWaits("its host is left alone for a while")))  # type: ignore[no-untyped-call]


class PacedPriorityQueue(PatientPriorityQueue):
    """A queue per host that keeps the requests of a host in a long pause, so that they take no other host's room."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._downloader_interface = PausesAreBusy(self.crawler)


class PausesAreBusy(DownloaderInterface):
    """How busy the hosts are, for the choice of the next request: one in a long pause is busier than any."""

    downloader: PacedDownloader

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.hosts = Hosts.of(crawler)

    def stats(self, possible_slots: Iterable[str]) -> list[tuple[int, str]]:
        """Return how busy each slot is. Asked for all hosts with requests, of which there may be thousands, each time a request is to leave."""
        pausing, on_their_way = self.hosts.may_pause, self.downloader.on_their_way
        return [
            (_BUSY if slot in pausing and self.hosts.host(slot).is_waiting_long() else on_their_way.get(slot, 0), slot)
            for slot in possible_slots
        ]
