"""Feeds, sitemaps and section pages: asked first, with the validators of the last run; what they name becomes requests.

Reading an answer and judging what it names happens in the worker processes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from crawler.failures import describe_failure
from crawler.run import Run
from crawler.validators import conditional_headers, header_of, new_endpoint
from pipelines.discover import (
    Survey,
    choose_children,
    endpoints_of,
    is_due,
    may_read,
    plan_index_visit,
    plan_retry,
    plan_visit,
    survey_endpoint,
)
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

    async def revisit_requests(self, source: Source) -> list[Request]:
        """Return requests for stored articles of a source that are to be fetched again."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Request]:
        self.logger.info("run %s: %d sources, output in %s", self.run.run_id, len(self.run.sources), self.run.output_dir)
        for source in self.run.sources:
            for request in await self.endpoint_requests(source):
                yield request
            due = await asyncio.to_thread(partial(self.run.store.due_retries, source.name, now=datetime.now(UTC)))
            for request in self.requests_for([Discovered(url=url, found_in="", channel="request") for url in due], source):
                yield request
            for request in await self.revisit_requests(source):
                yield request

    async def endpoint_requests(self, source: Source) -> list[Request]:
        """Return the requests for a source's feeds, sitemaps and section pages; with DISCOVER_ONLY_DUE only those whose time has come."""
        listed = endpoints_of(source)
        known = await asyncio.to_thread(self.run.store.endpoints, [url for _, url in listed])
        now = datetime.now(UTC)
        waiting = {url for _, url in listed if not is_due(known.get(url), now=now)}
        if waiting and self.settings.getbool("DISCOVER_ONLY_DUE"):
            self.run.count(source.name, "endpoint", "not_due", len(waiting))
            listed = [(channel, url) for channel, url in listed if url not in waiting]
        elif waiting:
            told = ", ".join(f"{url} ({known[url].due_at:%Y-%m-%d %H:%M} UTC)" for url in sorted(waiting))
            self.logger.info("%s: not due yet, asked all the same: %s", source.name, told)
        requests = (self.endpoint_request(url, source, channel, known=known.get(url)) for channel, url in listed)
        return [request for request in requests if request]

    def endpoint_request(
        self, url: str, source: Source, channel: Channel, *, known: Endpoint | None, lastmod: datetime | None = None, depth: int = 0
    ) -> Request | None:
        """Return the request for one endpoint, conditional on what we have of it; None if this run has asked for it already."""
        if url in self.run.endpoints_asked:
            return None
        if depth and self.run.asked_of[source.name, "child sitemaps"] >= self.settings.getint("DISCOVER_MAX_SITEMAPS_PER_SOURCE"):
            self.run.count(source.name, "endpoint", "beyond_limit")
            return None
        self.run.asked_of[source.name, "child sitemaps"] += bool(depth)
        self.run.endpoints_asked.add(url)
        return Request(
            url,
            callback=self.parse_endpoint,
            errback=self.endpoint_failed,
            headers=conditional_headers(
                known,
                max_unchanged=self.settings.getint("DISCOVER_FULL_FETCH_AFTER_UNCHANGED"),
                max_age=self.full_fetch_after,
                now=datetime.now(UTC),
            ),
            meta={"handle_httpstatus_list": [304]} | slot_of(source),
            cb_kwargs={"source": source, "channel": channel, "asked": url, "known": known, "lastmod": lastmod, "depth": depth},
            priority=ENDPOINT_PRIORITY,
            dont_filter=True,
        )

    @property
    def full_fetch_after(self) -> timedelta:
        """How old our last whole answer may be before an endpoint is asked without validators."""
        return timedelta(hours=self.settings.getfloat("DISCOVER_FULL_FETCH_AFTER_HOURS"))

    async def parse_endpoint(
        self, response: Response, source: Source, channel: Channel, asked: str, known: Endpoint | None, lastmod: datetime | None, depth: int
    ) -> AsyncIterator[Request | Rejection]:
        """Turn what a feed, sitemap or section page names into requests."""
        if response.status == 304 and known:
            self.run.count(source.name, "endpoint", "unchanged")
            answered = replace(known, unchanged_count=known.unchanged_count + 1, lastmod=lastmod)
            self.run.pending.add(plan_visit(known, answered, new=0, named=0, now=datetime.now(UTC)), ())
            return
        try:
            survey = await self.read_endpoint(response, source, channel)
        except Exception as error:  # a reader that breaks must not take the endpoint with it uncounted
            if not isinstance(error, PipelineError):
                logger.exception("reading %s broke", asked)
            # A lost reader says nothing about the endpoint; anything else is its own fault.
            reason = "worker_died" if isinstance(error, WorkerLost) else "timeout" if isinstance(error, WorkerTimeout) else "unreadable"
            for rejection in await self.endpoint_rejected(asked, source, known, reason, str(error) or repr(error)):
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
        for number, request in enumerate(self.requests_for(newest_first(fresh.values()), source), start=1):
            yield request
            if number % REQUESTS_AT_ONCE == 0:
                await asyncio.sleep(0)
        if survey.children:
            for request in await self.child_requests(survey.children, source, asked, depth):
                yield request
        else:
            answered = new_endpoint(asked, response, lastmod=lastmod)
            plan = plan_visit(known, answered, new=len(fresh) - asked_before, named=len(survey.admitted), now=datetime.now(UTC))
            # With URLs beyond the limit it cannot be complete in this run: 200 sitemaps of 50,000 would wait for 5 GB of them.
            if fresh.keys() <= self.run.requested:
                self.run.pending.add(plan, fresh)

    async def child_requests(self, children: Sequence[Discovered], source: Source, asked: str, depth: int) -> list[Request]:
        """Return the requests for those children of a sitemap index that are worth asking, and plan the index by what they yield.

        An index is asked whole each time: its own 304 would hide children that changed.
        """
        inside = [child for child in children if may_read(child.url, source, named_by=asked)]
        self.run.count(source.name, "endpoint", "offsite", len(children) - len(inside))
        known = await asyncio.to_thread(self.run.store.endpoints, [child.url for child in inside])
        now = datetime.now(UTC)
        choice = choose_children(
            inside,
            known,
            max_age_days=source.max_age_days,
            reread_after=self.full_fetch_after,
            only_due=self.settings.getbool("DISCOVER_ONLY_DUE"),
            limit=self.settings.getint("DISCOVER_MAX_CHILD_SITEMAPS") if depth < MAX_SITEMAP_DEPTH else 0,
            now=now,
        )
        for reason, number in choice.skipped.items():
            self.run.count(source.name, "endpoint", reason, number)
        if choice.beyond_limit:
            self.run.note_problem(f"{asked}: {choice.beyond_limit} of {len(inside)} child sitemaps were not asked, the oldest ones")
        self.run.pending.add(plan_index_visit(asked, known.values(), now=now), ())
        requests = (
            self.endpoint_request(child.url, source, "sitemap", known=known.get(child.url), lastmod=child.modified_at, depth=depth + 1)
            for child in choice.wanted
        )
        return [request for request in requests if request]

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

    async def endpoint_failed(self, failure: Failure) -> AsyncIterator[Rejection]:
        request: Request = failure.request  # type: ignore[attr-defined]
        rejection = describe_failure(failure)
        asked, source, known = (request.cb_kwargs[name] for name in ("asked", "source", "known"))
        for row in await self.endpoint_rejected(asked, source, known, rejection.reason, rejection.detail):
            yield row

    async def endpoint_rejected(self, url: str, source: Source, known: Endpoint | None, reason: str, detail: str) -> list[Rejection]:
        """Count and describe an endpoint that gave nothing, and plan its next try; a person should look at it.

        Every run reports it; it is a row of ``rejected/`` the first time only.
        """
        self.run.count(source.name, "endpoint", reason)
        self.run.note_problem(f"{source.name}: {detail}" if url in detail else f"{source.name}: {url}: {detail or reason}")
        logger.warning("%s: %s %s (%s)", source.name, reason, url, detail)
        self.run.pending.add(plan_retry(known, url, now=datetime.now(UTC)), ())
        if await self.run.known_urls([url]):
            return []
        return [Rejection(url=url, source=source.name, stage="discover", reason=f"endpoint_{reason}", detail=detail)]


def newest_first(entries: Iterable[Discovered]) -> list[Discovered]:
    """Return what an answer named, the newest first; what has no date comes last, in the order named."""
    return sorted(entries, key=lambda entry: -moment.timestamp() if (moment := entry.published_at or entry.modified_at) else 0.0)


def slot_of(source: Source) -> dict[str, str]:
    """Return the request meta that gives a source with a delay of its own one slot for all its hosts."""
    return {"download_slot": source.name} if source.delay_seconds is not None else {}


def slots_with_delay(sources: Iterable[Source]) -> dict[str, dict[str, float]]:
    """Return Scrapy's DOWNLOAD_SLOTS for the sources whose entry asks for a delay of its own."""
    return {source.name: {"delay": source.delay_seconds} for source in sources if source.delay_seconds is not None}
