"""Requests that only look: is a source's endpoint alive, what does a site offer? Nothing is stored, no article is fetched.

They go through Scrapy's engine like any crawl, so that robots.txt, delays, limits and the guard against private addresses hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urljoin

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from crawler.discovery import slot_of
from crawler.failures import describe_failure
from crawler.validators import header_of
from pipelines.discover import Survey, endpoints_of, find_sitemaps
from pipelines.discover.check import EndpointCheck, judge_failure, judge_survey, read_answer
from pipelines.discover.home_page import HomePage, read_home_page
from pipelines.discover.proposal import FEED_PATHS, SITEMAP_PATHS
from pipelines.records import Channel, Source

if TYPE_CHECKING:
    from twisted.python.failure import Failure

MAX_CANDIDATES = 12
"""Of each kind: what a site declares beyond that is not looked at."""
PERMANENT_REDIRECTS = frozenset({301, 308})


class ProbeSpider(Spider):
    """Ask endpoints once and keep what each showed."""

    name = "probe"
    custom_settings: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {"crawler.extensions.RunReport": None, "crawler.extensions.LoopMonitor": None},
        "RETRY_TIMES": 1,
    }

    def __init__(self, **arguments: Any) -> None:
        super().__init__()
        self.checks: dict[str, list[EndpointCheck]] = {}
        """By the source's name, in the order in which they answered."""

    def probe(self, url: str, source: Source, channel: Channel, *, index: str | None = None) -> Request:
        """Return the request for an endpoint; index is the sitemap index that named it, for which it stands."""
        return Request(
            url,
            callback=self.parse_probe,
            errback=self.probe_failed,
            meta=slot_of(source),
            cb_kwargs={"source": source, "channel": channel, "asked": url, "index": index},
            dont_filter=True,
        )

    async def parse_probe(
        self, response: Response, source: Source, channel: Channel, asked: str, index: str | None
    ) -> AsyncIterator[Request]:
        """Judge an answer; of a sitemap index the newest child is asked as well."""
        survey = await asyncio.to_thread(
            partial(
                read_answer, response.body, response.url, channel=channel, source=source, content_type=header_of(response, "Content-Type"),
                encoding=response.encoding if isinstance(response, TextResponse) else None, now=datetime.now(UTC),
            )
        )  # fmt: skip
        if isinstance(survey, Survey) and survey.children and not survey.admitted and index is None:
            yield self.probe(survey.children[0].url, source, channel, index=asked)
            return
        seconds = response.meta.get("download_latency")
        self.keep(source, judge_survey(survey, index or asked, channel, seconds=seconds, moved_to=moved_to(response, asked)))

    def probe_failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]
        rejection = describe_failure(failure)
        url = request.cb_kwargs["index"] or request.cb_kwargs["asked"]
        self.keep(request.cb_kwargs["source"], judge_failure(url, request.cb_kwargs["channel"], rejection.reason, rejection.detail))

    def keep(self, source: Source, check: EndpointCheck) -> None:
        """Note what an endpoint showed."""
        self.checks.setdefault(source.name, []).append(check)


class CheckSpider(ProbeSpider):
    """Ask every endpoint of some sources."""

    name = "check"

    def __init__(self, sources: Sequence[Source], **arguments: Any) -> None:
        super().__init__(**arguments)
        self.sources = sources

    async def start(self) -> AsyncIterator[Request]:
        for source in self.sources:
            for channel, url in endpoints_of(source):
                yield self.probe(url, source, channel)


class DiscoverSpider(ProbeSpider):
    """Look at a home page and robots.txt, and ask what they name: feeds, sitemaps, sections."""

    name = "discover"

    def __init__(self, url: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.url = url
        self.home: HomePage | None = None
        """What the home page says; None until it has answered with one."""
        self.refusal = ""
        """Why it did not."""
        self.guesses: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self.url, callback=self.parse_home, errback=self.home_failed, dont_filter=True)

    async def parse_home(self, response: Response) -> AsyncIterator[Request]:
        """Read the home page, then ask robots.txt, which names sitemaps."""
        encoding = response.encoding if isinstance(response, TextResponse) else None
        self.home = await asyncio.to_thread(partial(read_home_page, response.body, response.url, encoding=encoding))
        yield Request(
            urljoin(response.url, "/robots.txt"),
            callback=self.parse_robots,
            errback=self.robots_failed,
            # The rules may be read whatever they say (RFC 9309, 2.3).
            meta={"dont_obey_robotstxt": True},
            dont_filter=True,
        )

    def parse_robots(self, response: Response) -> Iterator[Request]:
        """Ask what the home page and robots.txt name."""
        yield from self.candidates(find_sitemaps(response.body, response.url))

    def robots_failed(self, failure: Failure) -> Iterator[Request]:
        """Without robots.txt there are no sitemaps named in it."""
        yield from self.candidates(())

    def home_failed(self, failure: Failure) -> None:
        rejection = describe_failure(failure)
        self.refusal = f"{rejection.reason}: {rejection.detail}" if rejection.detail else rejection.reason

    def candidates(self, sitemaps: Sequence[str]) -> Iterator[Request]:
        """Yield the requests for all that may announce articles: what is declared, else the usual places; and the home page's sections."""
        assert self.home is not None
        url = self.home.url
        source = Source(name="proposed", kind="outlet", home=url)
        feeds = self.home.feeds or [urljoin(url, path) for path in FEED_PATHS]
        named = sorted(sitemaps, key=lambda sitemap: "news" not in sitemap.lower()) or [urljoin(url, path) for path in SITEMAP_PATHS]
        self.guesses = {*feeds, *named}.difference(self.home.feeds, sitemaps)
        asked: tuple[tuple[Channel, Sequence[str]], ...] = (
            ("feed", feeds),
            ("sitemap", named),
            ("section", (url, *self.home.sections)),
        )
        for channel, urls in asked:
            for candidate in urls[:MAX_CANDIDATES]:
                yield self.probe(candidate, source, channel)

    def is_guess(self, url: str) -> bool:
        """Say whether nothing but custom made us ask an address."""
        return url in self.guesses


def moved_to(response: Response, asked: str) -> str | None:
    """Return where an endpoint has moved for good, None if it was found in its place or only sent elsewhere for now."""
    reasons = response.meta.get("redirect_reasons", [])
    return response.url if response.url != asked and reasons and all(reason in PERMANENT_REDIRECTS for reason in reasons) else None
