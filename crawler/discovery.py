"""Feeds, sitemaps and section pages: asked first, with the validators of the last run; what they name becomes requests.

Reading an answer and judging what it names happens in the worker processes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from crawler.failures import describe_failure
from crawler.run import Run
from pipelines.discover import Survey, survey_endpoint
from pipelines.errors import PipelineError
from pipelines.pool import WorkerLost, WorkerTimeout
from pipelines.records import Channel, Discovered, Endpoint, Rejection, Source

if TYPE_CHECKING:
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)

ENDPOINT_PRIORITY = 100
MAX_SITEMAP_DEPTH = 3
# Requests made from one answer before the event loop gets its turn: a sitemap may name 50,000 URLs.
REQUESTS_AT_ONCE = 200


class EndpointSpider(Spider):
    """Ask the endpoints of some sources; a subclass turns what they name into requests."""

    run: Run

    def requests_for(self, entries: Iterable[Discovered], source: Source) -> Iterator[Request]:
        """Yield a request for each entry that this run has not asked for yet."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Request]:
        self.logger.info("run %s: %d sources, output in %s", self.run.run_id, len(self.run.sources), self.run.output_dir)
        for source in self.run.sources:
            for channel, url in endpoints_of(source):
                async for request in self.endpoint_requests([url], source, channel):
                    yield request
            due = await asyncio.to_thread(partial(self.run.store.due_retries, source.name, now=datetime.now(UTC)))
            for request in self.requests_for([Discovered(url=url, found_in="", channel="request") for url in due], source):
                yield request

    async def endpoint_requests(self, urls: Iterable[str], source: Source, channel: Channel, depth: int = 0) -> AsyncIterator[Request]:
        """Yield the requests for feeds, sitemaps or section pages, conditional on what we have of them; each once a run."""
        for url in urls:
            if url in self.run.endpoints_asked:
                continue
            self.run.endpoints_asked.add(url)
            known = await asyncio.to_thread(self.run.store.endpoint, url)
            yield Request(
                url,
                callback=self.parse_endpoint,
                errback=self.endpoint_failed,
                headers=conditional_headers(
                    known,
                    max_unchanged=self.settings.getint("DISCOVER_FULL_FETCH_AFTER_UNCHANGED"),
                    max_age=timedelta(hours=self.settings.getfloat("DISCOVER_FULL_FETCH_AFTER_HOURS")),
                    now=datetime.now(UTC),
                ),
                meta={"handle_httpstatus_list": [304]} | slot_of(source),
                cb_kwargs={"source": source, "channel": channel, "asked": url, "known": known, "depth": depth},
                priority=ENDPOINT_PRIORITY,
                dont_filter=True,
            )

    async def parse_endpoint(
        self, response: Response, source: Source, channel: Channel, asked: str, known: Endpoint | None, depth: int
    ) -> AsyncIterator[Request | Rejection]:
        """Turn what a feed, sitemap or section page names into requests."""
        if response.status == 304 and known:
            self.run.count(source.name, "endpoint", "unchanged")
            self.run.pending.add(replace(known, unchanged_count=known.unchanged_count + 1), ())
            return
        try:
            survey = await self.read_endpoint(response, source, channel)
        except Exception as error:  # a reader that breaks must not take the endpoint with it uncounted
            if not isinstance(error, PipelineError):
                logger.exception("reading %s broke", asked)
            # A lost reader says nothing about the endpoint; anything else is its own fault.
            reason = "worker_died" if isinstance(error, WorkerLost) else "timeout" if isinstance(error, WorkerTimeout) else "unreadable"
            for rejection in await self.endpoint_rejected(asked, source, reason, str(error) or repr(error)):
                yield rejection
            return
        self.run.count(source.name, "endpoint")
        for reason, number in survey.rejected.items():
            self.run.count(source.name, "discover", reason, number)
        for problem in survey.problems:
            self.run.note_problem(f"{source.name}: {asked}: {problem}")
        known_keys = await self.run.known_urls(survey.admitted)
        self.run.count(source.name, "discover", "known", len(known_keys))
        fresh = {key: entry for key, entry in survey.admitted.items() if key not in known_keys}
        asked_before = sum(key in self.run.requested for key in fresh)
        self.run.count(source.name, "discover", "duplicate", asked_before)
        for number, request in enumerate(self.requests_for(fresh.values(), source), start=1):
            yield request
            if number % REQUESTS_AT_ONCE == 0:
                await asyncio.sleep(0)
        if survey.children:
            # An index is asked whole each time: its own 304 would hide children that changed.
            async for request in self.endpoint_requests(self.chosen_children(survey, asked, depth), source, "sitemap", depth + 1):
                yield request
        else:
            self.run.pending.add(new_endpoint(asked, response), fresh)

    async def read_endpoint(self, response: Response, source: Source, channel: Channel) -> Survey:
        """Return what an endpoint's answer names; read in a worker. Raises DiscoveryError, WorkerLost or WorkerTimeout."""
        survey = partial(
            survey_endpoint,
            channel=channel,
            source=source,
            content_type=header_of(response, "Content-Type"),
            encoding=response.encoding if isinstance(response, TextResponse) else None,
            now=datetime.now(UTC),
        )
        try:
            return await self.run.pool.run(survey, response.body, response.url)
        except WorkerLost:
            # A page costs itself; a feed would cost all it names. It is asked twice before it is called the culprit.
            return await self.run.pool.run(survey, response.body, response.url)

    def chosen_children(self, survey: Survey, asked: str, depth: int) -> list[str]:
        """Return the child sitemaps worth asking; what is left out is told."""
        limit = self.settings.getint("DISCOVER_MAX_CHILD_SITEMAPS") if depth < MAX_SITEMAP_DEPTH else 0
        if len(survey.children) > limit:
            left_out = len(survey.children) - limit
            self.run.note_problem(f"{asked}: {left_out} of {len(survey.children)} child sitemaps were not asked, the oldest ones")
        return [child.url for child in survey.children[:limit]]

    async def endpoint_failed(self, failure: Failure) -> AsyncIterator[Rejection]:
        request: Request = failure.request  # type: ignore[attr-defined]
        rejection = describe_failure(failure)
        asked, source = request.cb_kwargs["asked"], request.cb_kwargs["source"]
        for row in await self.endpoint_rejected(asked, source, rejection.reason, rejection.detail):
            yield row

    async def endpoint_rejected(self, url: str, source: Source, reason: str, detail: str) -> list[Rejection]:
        """Count and describe an endpoint that gave nothing; a person should look at it.

        Every run reports it; it is a row of ``rejected/`` the first time only.
        """
        self.run.count(source.name, "endpoint", reason)
        self.run.note_problem(f"{source.name}: {detail}" if url in detail else f"{source.name}: {url}: {detail or reason}")
        logger.warning("%s: %s %s (%s)", source.name, reason, url, detail)
        if await self.run.known_urls([url]):
            return []
        return [Rejection(url=url, source=source.name, stage="discover", reason=f"endpoint_{reason}", detail=detail)]


def endpoints_of(source: Source) -> Iterator[tuple[Channel, str]]:
    """Yield what a source announces its articles by: feeds, then sitemaps, then section pages."""
    yield from (("feed", url) for url in source.feeds)
    yield from (("sitemap", url) for url in source.sitemaps)
    yield from (("section", url) for url in source.sections)


def conditional_headers(known: Endpoint | None, *, max_unchanged: int, max_age: timedelta, now: datetime) -> dict[str, str]:
    """Return the headers that let a server answer 304; none when it is time for a whole answer again."""
    if known is None or known.unchanged_count >= max_unchanged or (known.fetched_at and now - known.fetched_at > max_age):
        return {}
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in headers.items() if value}


def new_endpoint(url: str, response: Response) -> Endpoint:
    """Return what to remember of an endpoint's answer."""
    return Endpoint(
        url=url,
        etag=header_of(response, "ETag") or None,
        last_modified=header_of(response, "Last-Modified") or None,
        fetched_at=datetime.now(UTC),
    )


def header_of(response: Response, name: str) -> str:
    """Return a header of an answer as sent, "" if it has none."""
    return (response.headers.get(name) or b"").decode("latin-1")


def slot_of(source: Source) -> dict[str, str]:
    """Return the request meta that gives a source with a delay of its own one slot for all its hosts."""
    return {"download_slot": source.name} if source.delay_seconds is not None else {}


def slots_with_delay(sources: Iterable[Source]) -> dict[str, dict[str, float]]:
    """Return Scrapy's DOWNLOAD_SLOTS for the sources whose entry asks for a delay of its own."""
    return {source.name: {"delay": source.delay_seconds} for source in sources if source.delay_seconds is not None}
