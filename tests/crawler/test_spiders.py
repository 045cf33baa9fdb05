"""The small decisions of spiders: what is asked first and how, what an answer is, why a request gave no page."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from crawler import settings as project_settings
from crawler.discovery import newest_first, slot_of, slots_with_delay
from crawler.failures import describe_failure
from crawler.middlewares import ForbiddenAddress
from crawler.refusals import RobotsRefusal
from crawler.resolver import refused_names
from crawler.run import Run
from crawler.spiders.base import declared_charset, freshness, looks_like_html
from crawler.spiders.news import NewsSpider
from crawler.validators import conditional_headers, new_endpoint
from pipelines.discover import endpoints_of
from pipelines.records import Discovered, Endpoint, Source

NOW = datetime(2024, 5, 6, 12, tzinfo=UTC)
FEED = "https://daily.example/rss"
URL = "https://daily.example/a"


def source(name: str = "daily", **fields: object) -> Source:
    return Source(name=name, kind="outlet", home="https://daily.example/", **fields)  # type: ignore[arg-type]


def endpoint(**fields: object) -> Endpoint:
    known = {"url": FEED, "etag": '"v1"', "last_modified": "Mon, 06 May 2024 10:00:00 GMT", "fetched_at": NOW - timedelta(hours=2)}
    return Endpoint(**(known | fields))  # type: ignore[arg-type]


def headers_for(known: Endpoint | None) -> dict[str, str]:
    return conditional_headers(known, max_unchanged=20, max_age=timedelta(hours=24), now=NOW)


def test_a_known_feed_is_asked_with_both_validators() -> None:
    """As the server sent them."""
    assert headers_for(endpoint(unchanged_count=19)) == {"If-None-Match": '"v1"', "If-Modified-Since": "Mon, 06 May 2024 10:00:00 GMT"}


def test_a_validator_that_the_server_did_not_send_is_left_out() -> None:
    """Only the ETag was sent."""
    assert headers_for(endpoint(last_modified=None)) == {"If-None-Match": '"v1"'}


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(None, id="a feed never asked before"),
        pytest.param(endpoint(unchanged_count=20), id="after twenty answers 304"),
        pytest.param(endpoint(fetched_at=NOW - timedelta(hours=24, seconds=1)), id="more than a day after the last whole answer"),
        pytest.param(endpoint(etag=None, last_modified=None), id="a server without validators"),
    ],
)
def test_a_whole_feed_is_asked_now_and_then(known: Endpoint | None) -> None:
    """Without validators a server cannot answer 304."""
    assert headers_for(known) == {}


def test_an_answer_s_validators_are_remembered() -> None:
    """What the next run sends is what this answer said."""
    answer = Response(FEED, headers={"ETag": '"v2"', "Last-Modified": "Tue, 07 May 2024 10:00:00 GMT"})
    known = new_endpoint(FEED, answer)
    assert (known.url, known.etag, known.last_modified, known.unchanged_count) == (FEED, '"v2"', "Tue, 07 May 2024 10:00:00 GMT", 0)
    assert new_endpoint(FEED, Response(FEED)).etag is None


def test_newer_articles_are_asked_for_first() -> None:
    """By hours since publication; one of unknown age comes last."""
    hours = (-1, 0, 3, 4, 12, 20, 24, 50, 72, 300, 336, 400, 100_000)
    assert [freshness(NOW - timedelta(hours=age), NOW) for age in hours] == [10, 10, 10, 8, 8, 6, 6, 4, 4, 2, 2, 1, 1]
    assert freshness(None, NOW) == 0


def test_what_an_answer_names_is_asked_newest_first() -> None:
    """Whatever the order of the feed; what has no date comes last, as named."""
    ages = {"a": 30, "b": None, "c": 1, "d": None, "e": 5}
    entries = [
        Discovered(url=name, found_in=FEED, channel="feed", published_at=None if age is None else NOW - timedelta(hours=age))
        for name, age in ages.items()
    ]
    assert [entry.url for entry in newest_first(entries)] == ["c", "e", "a", "b", "d"]


def test_a_source_with_a_delay_of_its_own_has_one_slot_for_all_its_hosts() -> None:
    """The others are paced by host, with the default delay."""
    slow, quick, at_once = source("slow", delay_seconds=10.0), source("quick"), source("at-once", delay_seconds=0.0)
    assert slots_with_delay([slow, quick, at_once]) == {"slow": {"delay": 10.0}, "at-once": {"delay": 0.0}}
    assert slot_of(slow) == {"download_slot": "slow"}
    assert slot_of(quick) == {}


def test_feeds_are_asked_before_sitemaps_and_sections() -> None:
    """Channel and address of each."""
    entry = source(feeds=("f",), sitemaps=("m",), sections=("s", "t"))
    assert list(endpoints_of(entry)) == [("feed", "f"), ("sitemap", "m"), ("section", "s"), ("section", "t")]


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ("text/html; charset=utf-8", "utf-8"),
        ('text/html; Charset="ISO-8859-1"', "iso-8859-1"),
        ("text/html; charset=windows-1251; boundary=x", "windows-1251"),
        ("text/html", None),
        ("text/html; charset=", None),
        (None, None),
    ],
)
def test_the_charset_is_the_header_s(header: str | None, charset: str | None) -> None:
    """None lets the page's own bytes decide."""
    assert declared_charset(Response(URL, headers={"Content-Type": header} if header else None)) == charset


@pytest.mark.parametrize(
    ("body", "is_html"),
    [
        pytest.param(b"\n <!DOCTYPE HTML><p>", True, id="doctype in capitals"),
        pytest.param(b"<html lang=en>", True, id="no doctype"),
        pytest.param(b'<?xml version="1.0"?><rss>', False, id="a feed"),
        pytest.param(b"%PDF-1.7", False, id="a PDF"),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_an_html_page_of_another_type_is_known_by_its_start(body: bytes, is_html: bool) -> None:
    """Some servers send pages as text/plain."""
    assert looks_like_html(Response(URL, body=body)) is is_html


def failed(error: BaseException, **cb_kwargs: object) -> Failure:
    """A failure as Scrapy hands it to an errback."""
    failure = Failure(error)  # type: ignore[no-untyped-call]
    failure.request = Request(URL, cb_kwargs={"source": "daily", **cb_kwargs})  # type: ignore[attr-defined]
    return failure


def answered(status: int, url: str = URL) -> HttpError:
    return HttpError(Response(url, status=status), f"HTTP {status}")


@pytest.mark.parametrize(
    ("error", "reason", "is_final"),
    [
        pytest.param(answered(404), "http_404", True, id="gone"),
        pytest.param(answered(410), "http_410", True, id="gone for good"),
        pytest.param(answered(403), "http_403", False, id="blocked, perhaps for a while"),
        pytest.param(answered(503), "http_503", False, id="server in trouble"),
        pytest.param(answered(429), "http_429", False, id="too many requests"),
        pytest.param(DownloadTimeoutError("30 s"), "timeout", False, id="no answer in time"),
        pytest.param(CannotResolveHostError("no such name"), "dns", False, id="name not found"),
        pytest.param(ForbiddenAddress("127.0.0.1 is no public address"), "forbidden_address", True, id="private address"),
        pytest.param(UnsupportedURLSchemeError("ftp"), "forbidden_address", True, id="scheme that is never asked"),
        pytest.param(DownloadConnectionRefusedError("refused"), "connection", False, id="connection refused"),
        pytest.param(DownloadFailedError("reset"), "connection", False, id="connection lost"),
        pytest.param(DownloadCancelledError("Cancelling download: size larger than download max size"), "too_large", False, id="body too large"),
        pytest.param(IgnoreRequest("Forbidden by robots.txt"), "robots_txt", False, id="robots.txt, which may change"),
        pytest.param(RobotsRefusal("could not be had (size larger than download max size)"), "robots_txt", False, id="robots.txt too large"),
        pytest.param(IgnoreRequest("some middleware"), "ignored", False, id="dropped by a middleware"),
        pytest.param(ValueError("odd"), "download_error", False, id="anything else"),
    ],
)  # fmt: skip
def test_a_failure_has_a_reason_and_says_whether_to_ask_again(error: BaseException, reason: str, is_final: bool) -> None:
    """Final is what another request cannot change."""
    rejection = describe_failure(failed(error))
    assert (rejection.stage, rejection.reason, rejection.is_final) == ("fetch", reason, is_final)
    assert (rejection.url, rejection.source) == (URL, "daily")
    assert rejection.detail


def test_a_name_of_a_private_address_is_told_from_one_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look-ups failed; only the first is for good."""
    monkeypatch.setitem(refused_names, "daily.example", "10.0.0.1")
    rejection = describe_failure(failed(CannotResolveHostError("DNS lookup failed")))
    assert (rejection.reason, rejection.is_final) == ("forbidden_address", True)


def test_a_failure_after_a_redirect_names_both_addresses() -> None:
    """The one that answered, and the one that the feed named: the store settles both."""
    hint = Discovered(url=URL, found_in=FEED, channel="feed")
    rejection = describe_failure(failed(answered(404, "https://www.daily.example/gone"), hint=hint))
    assert (rejection.url, rejection.requested_url) == ("https://www.daily.example/gone", URL)
    assert describe_failure(failed(answered(404), hint=hint)).requested_url is None


def test_an_endpoint_s_failure_names_its_source() -> None:
    """Endpoint requests carry the whole catalogue entry."""
    assert describe_failure(failed(answered(503), source=source("weekly"))).source == "weekly"


def test_urls_beyond_the_limit_of_a_run_take_no_memory(tmp_path: Path) -> None:
    """A sitemap that names more than a run may ask for is not done with, and nothing waits for what is left to the next run."""
    daily = source()
    settings = {name: value for name, value in vars(project_settings).items() if name.isupper()}
    settings |= {"OUTPUT_DIR": str(tmp_path), "EXTRACT_WORKERS": 0, "DISCOVER_MAX_URLS_PER_SOURCE": 3}
    spider = NewsSpider(name="news")
    crawler = get_crawler(settings_dict=settings)
    spider.run, spider.settings, spider.crawler = Run.of(crawler), crawler.settings, crawler
    spider.run.start([daily])
    body = (
        "<urlset>"
        + "".join(f"<url><loc>https://daily.example/2024/05/story-{number}-of-today</loc></url>" for number in range(9))
        + "</urlset>"
    )

    async def answer() -> list[object]:
        response = Response(FEED, body=body.encode())
        parsed = spider.parse_endpoint(response, daily, "sitemap", FEED, known=None, lastmod=None, depth=0)
        return [request async for request in parsed]

    assert len(asyncio.run(answer())) == 3
    assert spider.run.counts["daily", "discover", "beyond_limit"] == 6
    assert spider.run.pending.complete() == []
    assert len(spider.run.pending) == 0
    spider.run.store.close()
