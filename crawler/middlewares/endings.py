"""Answers that may have been cut short without anyone saying so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import ResponseDataLossError
from scrapy.http import TextResponse

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_END = re.compile(rb"</(?:html|rss|feed|urlset|sitemapindex|(?:\w{1,10}:)?RDF)\s*>", re.IGNORECASE)
TAIL_BYTES = 2_000


class CompleteEndings:
    """Ask once more for a page, feed or sitemap that ends with its connection and without its closing tag.

    An answer with neither Content-Length nor chunks ends where the connection does, be it the server's end or a fault: Scrapy flags it
    as ``partial`` and takes it. The same length twice is the page's own; one that stays different is ``truncated``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        if not looks_cut_off(response) or request.meta.get("cut_off_at") == len(response.body):
            return response
        assert self.crawler.spider is not None
        again = get_retry_request(request, spider=self.crawler.spider, reason="cut_off")
        if again is None:
            raise ResponseDataLossError(f"{len(response.body)} bytes without a length or a closing tag, another number each time")
        again.meta["cut_off_at"] = len(response.body)
        return again


def looks_cut_off(response: Response) -> bool:
    """Say whether an answer of text ended with its connection and has no closing tag of a page, feed or sitemap near its end."""
    is_open_ended = response.status == 200 and "partial" in response.flags and isinstance(response, TextResponse)
    return is_open_ended and bool(response.body) and _END.search(response.body[-TAIL_BYTES:]) is None
