"""From what was discovered to fetched pages: the flow that all our spiders share.

What we do not know yet is requested newest first; an HTML answer leaves as a FetchedPage, everything else as a Rejection with its reason.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http import HtmlResponse, Response

from crawler.discovery import EndpointSpider, slot_of, slots_with_delay
from crawler.failures import describe_failure
from crawler.run import Run
from crawler.validators import header_of, validator_headers
from pipelines.discover import admit, select_sources
from pipelines.discover.shard import read_shard, select_shard
from pipelines.errors import SourceError
from pipelines.records import Discovered, FetchedPage, Rejection, Source, SourceKind
from pipelines.urls import clean_url

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

# White space, comments and an XML declaration may come before the page.
_OPENS_HTML = re.compile(rb"(?:\s+|<!--.{0,2000}?-->|<\?xml[^>]{0,200}>){0,20}<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


class SourceSpider(EndpointSpider):
    """Crawl the enabled sources of some kinds; ``-a source=name,name`` narrows them."""

    kinds: tuple[SourceKind, ...] = ("wire", "outlet", "syndicator")

    follows_offsite = False
    """Whether a redirect may leave the source's own sites."""

    def __init__(self, source: str | None = None, name: str | None = None, **unknown: str) -> None:
        super().__init__(name)
        # Scrapyd adds some of its own: _job, _version.
        if not_ours := [argument for argument in unknown if not argument.startswith("_")]:
            raise SourceError(f"-a {not_ours[0]}=: expected -a source=, found an argument that the spider {self.name!r} does not know")
        self.source_names = [part for part in source.replace(" ", "").split(",") if part] if source is not None else None
        if self.source_names == []:
            raise SourceError("-a source=: expected names parted by commas, found none; leave it out for all sources")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.run = Run.of(crawler)
        spider.run.start(spider.choose_sources())
        crawler.settings.set("DOWNLOAD_SLOTS", slots_with_delay(spider.run.sources), priority="spider")
        return spider

    def choose_sources(self) -> list[Source]:
        """Return the sources that this run crawls.

        Raises SourceError for a name that the catalogue does not have or has switched off.
        """
        chosen, shard = select_sources(self.run.catalogue, self.source_names, self.kinds), read_shard(self.settings["SHARD"])
        sources = select_shard(chosen, shard)
        if not sources:
            raise SourceError(f"SHARD: expected at least one of the {len(chosen)} chosen sources in shard {shard}, found none")
        return sources

    def requests_for(self, entries: Iterable[Discovered], source: Source) -> Iterator[Request]:
        """Yield one request per URL that this run has not asked for yet, with its hints; newer ones first."""
        now = datetime.now(UTC)
        for entry in entries:
            key = clean_url(entry.url)
            if key is None or key in self.run.requested:
                continue
            if self.run.asked_of[source.name, "pages"] >= self.settings.getint("DISCOVER_MAX_URLS_PER_SOURCE"):
                self.run.count(source.name, "discover", "beyond_limit")
                continue
            self.run.asked_of[source.name, "pages"] += 1
            self.run.requested.add(key)
            self.run.count(source.name, "discover")
            yield Request(
                entry.url,
                callback=self.parse_article,
                errback=self.article_failed,
                meta=slot_of(source),
                cb_kwargs={"source": source, "hint": entry},
                priority=freshness(entry.published_at or entry.modified_at, now),
                dont_filter=True,  # our own keys decide: they know tracking parameters and earlier runs
            )

    async def revisit_requests(self, source: Source) -> list[Request]:
        """Return the requests for stored articles whose time to be fetched again has come, conditional on what we have of them."""
        if not self.run.revisits.ages:
            return []
        due = await asyncio.to_thread(partial(self.run.store.due_revisits, source.name, now=datetime.now(UTC)))
        requests = []
        for revisit in due:
            hint = Discovered(url=revisit.url, found_in="", channel="request")
            for request in self.requests_for([hint], source):
                self.run.revisits.ask(clean_url(revisit.url) or revisit.url, revisit)
                requests.append(
                    request.replace(
                        headers=validator_headers(revisit.etag, revisit.last_modified),
                        meta=request.meta | {"handle_httpstatus_list": [304]},
                    )
                )
        return requests

    def parse_article(self, response: Response, source: Source, hint: Discovered) -> Iterator[FetchedPage | Rejection]:
        """Hand a page on; what is not HTML is rejected, and so is what discovery would not have asked for: a redirect led there."""
        requested_url = hint.url if hint.url != response.url else None
        key = clean_url(hint.url) or hint.url
        if response.status == 304 and (revisit := self.run.revisits.asked([key])):
            self.run.count(source.name, "fetch", "unchanged")
            self.run.revisits.settle(revisit, now=datetime.now(UTC))
            return
        if refusal := self.refuse(response, source, hint):
            reason, detail = refusal
            self.run.count(source.name, "fetch", reason)
            yield Rejection(
                url=response.url, requested_url=requested_url, source=source.name, stage="fetch", reason=reason, detail=detail
            )  # fmt: skip
            return
        self.run.count(source.name, "fetch")
        self.run.revisits.note_validators(key, header_of(response, "ETag") or None, header_of(response, "Last-Modified") or None)
        yield FetchedPage(
            url=response.url,
            body=response.body,
            encoding=declared_charset(response),
            fetched_at=response.meta.get("fetched_at") or datetime.now(UTC),  # the archive's, to the microsecond
            source=source.name,
            requested_url=requested_url,
            hint=hint,
            tdm_reserved=response.meta.get("tdm_reserved"),
            training_refused=tuple(response.meta.get("training_refused", ())),
        )

    def refuse(self, response: Response, source: Source, hint: Discovered) -> tuple[str, str] | None:
        """Return why an answer is no page to extract, as (reason, detail), or None."""
        if not isinstance(response, HtmlResponse) and not looks_like_html(response):
            return "not_html", f"Content-Type {header_of(response, 'Content-Type')!r}"
        if response.url != hint.url and not self.follows_offsite:
            rejection = admit(replace(hint, url=response.url), source, now=datetime.now(UTC))
            if rejection:
                return f"redirect_{rejection.reason}", f"{hint.url} redirects to {response.url}"
        return None

    def article_failed(self, failure: Failure) -> Iterator[Rejection]:
        rejection = describe_failure(failure)
        self.run.count(rejection.source, "fetch", rejection.reason)
        yield rejection


def freshness(published_at: datetime | None, now: datetime) -> int:
    """Return a request priority, 0 (unknown) and 1 (old) to 10 (within the last hours)."""
    if published_at is None:
        return 0
    hours = max(0.0, (now - published_at).total_seconds() / 3600)
    return next((priority for priority, limit in ((10, 3), (8, 12), (6, 24), (4, 72), (2, 24 * 14)) if hours <= limit), 1)


def looks_like_html(response: Response) -> bool:
    """Say whether an answer of another type starts like an HTML page all the same."""
    start = response.body[:4096].removeprefix(codecs.BOM_UTF8)
    return _OPENS_HTML.match(start) is not None


def declared_charset(response: Response) -> str | None:
    """Return the charset of the Content-Type header, or None: then the page's own bytes decide."""
    _, _, charset = header_of(response, "Content-Type").lower().partition("charset=")
    return charset.split(";")[0].strip("\"' ") or None
