"""Show how a crawl is getting on: a live display on a terminal, else a log line now and then."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from rich.file_proxy import FileProxy
from rich.live import Live
from scrapy import Spider, signals
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.log import get_scrapy_root_handler

from crawler.run import Run
from pipelines.chain import STAGES
from pipelines.errors import PipelineError
from pipelines.report import make_console
from pipelines.report.progress import Rate, Snapshot, count_stages, describe_progress, render_progress

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

LIVE_SECONDS = 0.5
# Counting stories takes longer the more there are: at most this share of the time is spent on it.
COUNTING_SHARE = 0.01
SHORTEST_COUNT_SECONDS = 5.0


class Progress:
    """Show per stage counts, pages per second, the hosts at work, stories and copies."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = Run.of(crawler)
        self.mode = choose_mode(crawler.settings, is_terminal=sys.stderr.isatty())
        self.log_seconds = crawler.settings.getfloat("PROGRESS_LOG_SECONDS")
        self.rate = Rate()
        self.started = time.monotonic()
        self.stored: tuple[int, int] | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.live: Live | None = None
        self.stream: object = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        if extension.mode != "off":
            crawler.signals.connect(extension.spider_opened, signals.spider_opened)
            crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        self.tasks = [asyncio.create_task(self._count()), asyncio.create_task(self._show())]
        if self.mode == "live":
            self._start_display()

    def spider_closed(self, spider: Spider) -> None:
        for task in self.tasks:
            task.cancel()
        self._stop_display()

    def snapshot(self) -> Snapshot:
        """Return the figures of this moment."""
        stats = self.crawler.stats.get_stats() if self.crawler.stats else {}
        funnel = count_stages(stats, ("endpoint", *STAGES))
        seconds = time.monotonic() - self.started
        pages = next(counts.seen for counts in funnel if counts.stage == "fetch")
        slots = self.crawler.engine.downloader.slots if self.crawler.engine else {}
        stories, copies = self.stored or (None, None)
        return Snapshot(
            title=f"{self.crawler.spidercls.name}: {len(self.run.sources)} sources",
            seconds=seconds,
            funnel=funnel,
            pages_per_second=self.rate.add(seconds, pages),
            hosts=[name for name, slot in slots.items() if slot.transferring],
            stories=stories,
            copies=copies,
        )

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(LIVE_SECONDS if self.live else self.log_seconds)
            if self.live:
                self.live.update(render_progress(self.snapshot()), refresh=True)
            else:
                logger.info(describe_progress(self.snapshot()))

    async def _count(self) -> None:
        """Count stories and copies now and then, off the event loop."""
        while True:
            before = time.monotonic()
            with suppress(PipelineError):  # whoever writes to the store tells of it
                counts = await asyncio.to_thread(self.run.store.counts)
                self.stored = counts.stories, counts.copies
            await asyncio.sleep(max(SHORTEST_COUNT_SECONDS, (time.monotonic() - before) / COUNTING_SHARE))

    def _start_display(self) -> None:
        console = make_console(stderr=True)
        self.live = Live(
            render_progress(self.snapshot()),
            console=console,
            auto_refresh=False,
            redirect_stdout=False,
            transient=True,
            vertical_overflow="crop",
        )
        self.live.start()
        # Log lines go above the display; without -s LOG_LEVEL only those that a person may want to look at.
        if isinstance(handler := get_scrapy_root_handler(), logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            self.stream = handler.setStream(FileProxy(console, sys.__stderr__ or sys.stderr))
            if self.crawler.settings.getpriority("LOG_LEVEL") != SETTINGS_PRIORITIES["cmdline"]:
                handler.setLevel(logging.WARNING)

    def _stop_display(self) -> None:
        if self.live is None:
            return
        self.live.stop()
        self.live = None
        handler = get_scrapy_root_handler()
        if self.stream is not None and isinstance(handler, logging.StreamHandler):
            handler.setStream(self.stream)


def choose_mode(settings: BaseSettings, *, is_terminal: bool) -> str:
    """Return live, log or off, as PROGRESS says; auto is live on a terminal. A log that nobody sees is off."""
    mode = str(settings["PROGRESS"])
    if mode == "auto":
        return "off" if settings.getbool("QUIET") else "live" if is_terminal else "log"
    return mode
