"""What a run knows of each host: how long it waits, what its robots.txt asks for, what it said in earlier runs.

``Hosts.of(crawler)`` gives the same object to downloader, download handler and middlewares. A host is a download slot of Scrapy's: the
host's name, or the source's for a source with a delay of its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from scrapy import signals
from scrapy.exceptions import StopDownload

from crawler.output import output_dir_of
from crawler.run import Run
from pipelines.conduct import HostMemory, HostWait, Rest, WaitLimits

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

# A shorter pause is sat out in the downloader; for a longer one the requests go back to the scheduler and leave the room to other hosts.
SHORT_PAUSE_SECONDS = 10.0

_hosts: WeakKeyDictionary[Crawler, Hosts] = WeakKeyDictionary()


@dataclass(slots=True)
class Host:
    """One download slot in this run."""

    wait: HostWait
    floor: float = 0.0
    """Seconds between requests that robots.txt asks for; no throttling goes below it."""
    hand_back: list[Callable[[], None]] = field(default_factory=list)
    """What the downloader does when a long pause begins."""

    def is_waiting_long(self) -> bool:
        """Whether requests are better kept in the scheduler for now."""
        return self.wait.given_up is None and self.wait.remaining(time.monotonic()) > SHORT_PAUSE_SECONDS


class Hosts:
    """The hosts of one run."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.limits = WaitLimits(
            first_backoff=settings.getfloat("HOST_BACKOFF_SECONDS"),
            max_backoff=settings.getfloat("HOST_BACKOFF_MAX_SECONDS"),
            failures_to_rest=settings.getint("HOST_FAILURES_TO_REST"),
            rest=settings.getfloat("HOST_REST_SECONDS"),
            budget=settings.getfloat("HOST_WAIT_BUDGET_SECONDS"),
        )
        self.memory = HostMemory(output_dir_of(settings) / "state" / "hosts.sqlite", now=time.time())
        self.earlier = self.memory.rests()
        self.may_pause = set(self.earlier)
        """Hosts that failed in this run, or that earlier ones were asked to leave alone: no other is in a pause."""
        self._hosts: dict[str, Host] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.room = settings.getint("DOWNLOAD_IN_FLIGHT_MB") * 1024 * 1024
        self.received: dict[Request, int] = {}
        """Bytes of the answers that are on their way."""
        self.transfers: set[asyncio.Future[Response]] = set()
        """The exchanges that are on their way; one that is cancelled sends its request back to the scheduler."""
        crawler.signals.connect(self.bytes_received, signals.bytes_received)
        crawler.signals.connect(self._closed, signals.spider_closed)

    @classmethod
    def of(cls, crawler: Crawler) -> Hosts:
        """Return the hosts of a crawler's run."""
        if crawler not in _hosts:
            _hosts[crawler] = cls(crawler)
        return _hosts[crawler]

    def host(self, slot: str) -> Host:
        """Return what is known of a download slot."""
        if slot not in self._hosts:
            host = self._hosts[slot] = Host(HostWait(self.limits, jitter=random.random))
            if (rest := self.earlier.get(slot)) and (seconds := rest.until - time.time()) > 0:
                host.wait.failed(time.monotonic(), rest.why, retry_after=seconds)
                self._tell(slot, host)
        return self._hosts[slot]

    def succeeded(self, slot: str) -> None:
        """Note an answer."""
        self.host(slot).wait.succeeded()

    def failed(self, slot: str, why: str, *, retry_after: float | None = None) -> None:
        """Note a failure of a host: it is paused, or given up for this run, and what it asked for is remembered for the next runs."""
        host = self.host(slot)
        if host.wait.given_up:
            return
        self.may_pause.add(slot)
        pause = host.wait.failed(time.monotonic(), why, retry_after=retry_after)
        if pause:
            logger.debug("%s: %s, paused for %.1f s", slot, why, pause)
            self._count("hosts/pauses", 1)
            self._count("hosts/pause_seconds", round(pause, 1))
        if retry_after is not None and (host.wait.given_up or pause > SHORT_PAUSE_SECONDS):
            self._later(self.memory.keep_rest, slot, Rest(until=time.time() + retry_after, why=why))
        if host.wait.given_up:
            self._tell(slot, host)
        if host.wait.given_up or pause > SHORT_PAUSE_SECONDS:
            for hand_back in host.hand_back:
                hand_back()

    def ask_floor(self, slot: str, seconds: float) -> None:
        """Leave at least so many seconds between requests to a host."""
        host = self.host(slot)
        host.floor = max(host.floor, seconds)

    def bytes_received(self, data: bytes, request: Request) -> None:
        """Count what is being downloaded, and end what takes too much of the memory.

        Raises StopDownload: with an answer cut at ``meta["read_bytes"]``, with an error where all answers together are too much.
        """
        if request not in self.received:
            return
        self.received[request] += len(data)
        if self.received[request] > request.meta.get("read_bytes", float("inf")):
            raise StopDownload(fail=False)
        if sum(self.received.values()) > self.room:
            self._count("hosts/no_room", 1)
            raise StopDownload(fail=True)

    def note(self, message: str) -> None:
        """Keep a message for the run's report."""
        Run.of(self.crawler).note_problem(message)

    def _tell(self, slot: str, host: Host) -> None:
        if host.wait.given_up:
            self._count("hosts/paused" if host.wait.asked_to_wait else "hosts/down", 1)
            self.note(f"{slot}: nothing more is asked in this run: {host.wait.given_up}")
            logger.warning("%s: nothing more is asked in this run: %s", slot, host.wait.given_up)

    def _count(self, key: str, number: float) -> None:
        if self.crawler.stats:
            self.crawler.stats.inc_value(key, number)  # type: ignore[arg-type]

    def _later(self, work: Callable[..., None], *args: object) -> None:
        """Do file work off the event loop."""
        task = asyncio.create_task(asyncio.to_thread(work, *args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _closed(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.memory.close)
