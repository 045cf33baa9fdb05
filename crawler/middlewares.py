"""Downloader middlewares: what may be requested, and what robots.txt says of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.robotstxt import RobotParser
from twisted.internet.defer import Deferred

from crawler.resolver import is_public_address, literal_address, refused_names

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class ForbiddenAddress(IgnoreRequest):
    """The request's scheme or literal address is not one that we ask."""


class PrivateAddressGuard:
    """Refuse requests whose URL is not http(s) or spells out a private address; works behind a proxy too, where no name is resolved here."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(allow_private=crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES"))

    def process_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            raise ForbiddenAddress(f"scheme {parts.scheme!r} is never requested")
        host = (parts.hostname or "").rstrip(".")
        if self.allow_private:
            return
        if host in refused_names:
            raise ForbiddenAddress(f"{host} resolves to {refused_names[host]}, which is no public address")
        address = literal_address(host)
        if host == "localhost" or host.endswith(".localhost") or (address and not is_public_address(address)):
            raise ForbiddenAddress(f"{host} is no public address")


class NothingAllowed(RobotParser):
    """Stands for a robots.txt that could not be had."""

    def __init__(self, why: str) -> None:
        self.why = why

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> Self:
        return cls("not asked")

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        return False


class StrictRobotsTxt(RobotsTxtMiddleware):
    """robots.txt as RFC 9309 reads it: a server error or no answer means "not now", 4xx means there are no rules.

    Scrapy takes both for permission. What is refused so is a rejection ``robots_txt`` that is asked again after a while.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Each failure would be a traceback; it is a counted rejection here.
        logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if isinstance(rp, NothingAllowed):
            raise IgnoreRequest(f"robots.txt of {urlsplit(request.url).netloc} could not be had ({rp.why}): nothing is asked for now")
        super().process_request_2(rp, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            self._settle(netloc, NothingAllowed(f"it answered HTTP {response.status}"))
        elif response.status >= 400:
            await super()._parse_robots(response.replace(body=b""), netloc, request)
        else:
            await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        # A robots.txt that we refuse to ask for is the page's own refusal: that will come with its own reason.
        self._settle(netloc, None if isinstance(exc, IgnoreRequest) else NothingAllowed(str(exc) or type(exc).__name__))

    def _settle(self, netloc: str, parser: RobotParser | None) -> None:
        """Give the waiting requests their answer; Scrapy keeps a Deferred in the parser's place until there is one."""
        waiting = self._parsers[netloc]
        self._parsers[netloc] = parser
        if isinstance(waiting, Deferred):
            waiting.callback(parser)
