"""Requests that are never sent, and pages that lead on to others."""

from __future__ import annotations

import pytest
from scrapy import Request
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.http import HtmlResponse
from scrapy.spidermiddlewares.urllength import UrlLengthMiddleware
from scrapy.utils.test import get_crawler

from crawler import settings as crawler_settings
from crawler.middlewares import ForbiddenAddress, PrivateAddressGuard, QuickMetaRefresh
from pipelines.discover.filter import MAX_URL_CHARS


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://paper.example/a",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://localhost:8080/",
        "http://a.localhost/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_private_literals_and_other_schemes_are_refused(url: str) -> None:
    """Whatever the spelling."""
    with pytest.raises(ForbiddenAddress):
        PrivateAddressGuard(allow_private=False).process_request(Request(url))


def test_names_are_left_to_the_resolver() -> None:
    """A name passes here; its address is checked when it is looked up."""
    PrivateAddressGuard(allow_private=False).process_request(Request("https://paper.example/story"))


def test_tests_may_reach_loopback() -> None:
    """ALLOW_PRIVATE_ADDRESSES opens addresses, not schemes."""
    guard = PrivateAddressGuard(allow_private=True)
    guard.process_request(Request("http://127.0.0.1/"))
    with pytest.raises(ForbiddenAddress):
        guard.process_request(Request("file:///etc/passwd"))


@pytest.mark.parametrize("sign", ["a", "ж", "\U0001f600"], ids=["plain", "escaped to six", "escaped to twelve"])
def test_every_address_that_discovery_takes_is_asked_for(sign: str) -> None:
    """Scrapy drops those over its own limit, and no stage would count them; it measures them escaped, discovery as the site writes them."""
    crawler = get_crawler(settings_dict={"URLLENGTH_LIMIT": crawler_settings.URLLENGTH_LIMIT})
    url = ("https://paper.example/story?" + sign * MAX_URL_CHARS)[:MAX_URL_CHARS]
    middleware = UrlLengthMiddleware.from_crawler(crawler)
    assert middleware.get_processed_request(Request(url), None) is not None
    assert middleware.get_processed_request(Request(url * 13), None) is None


REFRESH = '<html><head><meta http-equiv="Refresh" content="0; url=https://paper.example/new"></head><body>Moved</body></html>'


@pytest.mark.parametrize(
    ("body", "leads_on"),
    [
        pytest.param(REFRESH.encode(), True, id="a tag in the head"),
        pytest.param(REFRESH.encode("utf-16"), True, id="two bytes a letter"),
        pytest.param(f"<!--{'x' * 3_900}-->{REFRESH}".encode(), True, id="at the end of what Scrapy looks at"),
        pytest.param(("<!--" + "中" * 3_900 + "-->" + REFRESH).encode(), True, id="behind as many characters of three bytes"),
        pytest.param(b"<html><head><title>News</title></head><body><p>Moved on.</p></body></html>", False, id="a page without"),
        pytest.param(REFRESH.replace("new", "").replace("url=", "").encode(), False, id="a tag without an address"),
    ],
)
def test_pages_lead_on_as_scrapy_has_it(body: bytes, leads_on: bool) -> None:
    """The quick look changes nothing but what it takes: every page is taken or followed as by Scrapy's own middleware."""
    encoding = "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    request = Request("https://paper.example/old")
    for middleware in (QuickMetaRefresh, MetaRefreshMiddleware):
        response = HtmlResponse(request.url, body=body, encoding=encoding)
        outcome = middleware.from_crawler(get_crawler()).process_response(request, response)
        if leads_on:
            assert isinstance(outcome, Request)
            assert outcome.url.startswith("https://paper.example/new")
        else:
            assert outcome is response
