"""What is never requested, and answers that are never unpacked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.refusals import ForbiddenAddress, TooManyLayers
from crawler.resolver import proxy_hosts, refused_names
from pipelines.conduct import is_public_address, literal_address, refusal_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAX_LAYERS = 2
"""Content codings on top of each other. Seen in the wild: a .gz file that is sent with gzip."""


class PrivateAddressGuard:
    """Refuse requests whose URL is not http(s) or spells out a private address; works behind a proxy too, where no name is resolved here."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        self.proxies = frozenset(host.lower() for host in proxy_hosts())

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(allow_private=crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES"))

    def process_request(self, request: Request) -> None:
        if why := refusal_of(request.url, allow_private=self.allow_private):
            raise ForbiddenAddress(why)
        host = (urlsplit(request.url).hostname or "").rstrip(".")
        if self.allow_private:
            return
        if host in refused_names:
            raise ForbiddenAddress(f"{host} resolves to {refused_names[host]}, which is no public address")
        if host in self.proxies and not is_public_address(literal_address(host) or ""):
            # The resolver lets its name pass, because the way to every other host leads there.
            raise ForbiddenAddress(f"{host} is the proxy itself")


class FewLayers:
    """Refuse answers that are compressed again and again: each layer may be a bomb of its own."""

    def process_response(self, request: Request, response: Response) -> Response:
        codings = [coding for value in response.headers.getlist("Content-Encoding") for coding in value.split(b",") if coding.strip()]
        if len(codings) > MAX_LAYERS:
            raise TooManyLayers(f"{request.url} answers with {len(codings)} content codings on top of each other")
        return response
