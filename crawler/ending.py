"""A crawl that is asked to end does so within seconds, whatever its hosts do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scrapy import Spider, signals

from crawler.hosts import Hosts
from crawler.pacing import hand_back

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

LOOK_SECONDS = 0.25


class TimelyEnd:
    """After SIGTERM or Ctrl-C: send no more requests, give those on their way STOP_GRACE_SECONDS, then hand them back.

    Scrapy alone waits for every request that it has begun, be it for a delay of minutes or a server that never ends. What is handed back was
    not fetched: it counts as requested, is no failure, and the next run asks for it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.grace_seconds = crawler.settings.getfloat("STOP_GRACE_SECONDS")
        self.task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        self.task = asyncio.create_task(self._watch())

    def spider_closed(self, spider: Spider) -> None:
        if self.task:
            self.task.cancel()

    async def _watch(self) -> None:
        while self.crawler.crawling:
            await asyncio.sleep(LOOK_SECONDS)
        engine = self.crawler.engine
        assert engine is not None
        transfers = Hosts.of(self.crawler).transfers
        loop = asyncio.get_running_loop()
        end = loop.time() + self.grace_seconds
        while True:
            for slot in list(engine.downloader.slots.values()):
                hand_back(slot)
            if loop.time() >= end:
                for transfer in list(transfers):
                    transfer.cancel()
            await asyncio.sleep(LOOK_SECONDS)
