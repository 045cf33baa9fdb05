"""The ``page`` spider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request

from crawler.spiders.base import SourceSpider
from pipelines.errors import SourceError
from pipelines.records import Discovered, Source
from pipelines.urls import absolute_url, is_same_site


class PageSpider(SourceSpider):
    """Crawl one article: ``-a url=…``, also when it was crawled before."""

    name = "page"

    follows_offsite = True

    def __init__(self, url: str = "", **unknown: Any) -> None:
        super().__init__(**unknown)
        self.url = absolute_url(url) or ""
        if not self.url:
            raise SourceError(f"-a url= must be an http(s) URL, got {url!r}")

    def choose_sources(self) -> list[Source]:
        self.run.tell_rejections = True
        source = self._source_at_home()
        if source and not source.enabled:
            raise SourceError(f"{self.url}: {source.name} is switched off in the catalogue: {source.note or 'no reason given'}")
        return []

    def _source_at_home(self) -> Source | None:
        """The catalogue's entry for the page's site."""
        return next((source for source in self.run.catalogue if is_same_site(source.home, self.url)), None)

    async def start(self) -> AsyncIterator[Request]:
        at_home = self._source_at_home()
        found = Discovered(url=self.url, found_in="command line", channel="request")
        for request in self.requests_for([found], _request_source(at_home, self.url)):
            yield request


def _request_source(at_home: Source | None, url: str) -> Source:
    """The catalogue's entry for the page's site, or one made up for it."""
    return at_home or Source(name="page", kind="outlet", home=url)
