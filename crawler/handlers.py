"""The download handler: how many headers an answer may have, and how each host fares."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientFactory, _LenientHTTP11ClientProtocol
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from twisted.web._newclient import BODY, DONE

from crawler.hosts import Hosts
from crawler.refusals import HostWaits
from pipelines.conduct import parse_retry_after

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

# What says something about the host, not about the page.
HOST_FAILURES = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
PAUSES = frozenset({429, 503})
"""Statuses whose Retry-After counts."""
MAX_HEADER_BYTES = 64 * 1024
"""Chrome takes 256 kB, curl 300 kB, most servers and proxies send and take far less than 64."""


class BoundedHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP handler with a limit on headers; tells ``Hosts`` how every exchange went.

    Robots.txt, redirects and retries pass here like everything else, so a pause that any of them earns counts for the host.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory
        self.hosts = Hosts.of(crawler)
        self.max_wait = crawler.settings.getfloat("RETRY_AFTER_MAX_HOURS") * 3600

    async def download_request(self, request: Request) -> Response:
        slot = request.meta["download_slot"]
        received = self.hosts.received
        received[request] = 0
        transfer = asyncio.ensure_future(super().download_request(request))
        self.hosts.transfers.add(transfer)
        try:
            response = await transfer
        except asyncio.CancelledError:
            raise HostWaits("the run ends") from None
        except HOST_FAILURES as error:
            self.hosts.failed(slot, type(error).__name__)
            raise
        finally:
            del received[request]
            self.hosts.transfers.discard(transfer)
        if response.status in PAUSES or response.status >= 500:
            self.hosts.failed(slot, f"HTTP {response.status}", retry_after=self._asked_pause(response))
        else:
            self.hosts.succeeded(slot)
        return response

    def _asked_pause(self, response: Response) -> float | None:
        if response.status not in PAUSES or (value := response.headers.get("Retry-After")) is None:
            return None
        return parse_retry_after(value.decode("latin-1"), now=datetime.now(UTC), max_seconds=self.max_wait)


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Ends a connection whose answer has more than MAX_HEADER_BYTES of headers: Twisted would gather them for as long as they come."""

    header_bytes = 0

    def dataReceived(self, bytes: bytes) -> None:  # noqa: N802 - Twisted's names
        super().dataReceived(bytes)  # type: ignore[no-untyped-call]
        if self._parser is None or self._parser.state in (BODY, DONE):
            self.header_bytes = 0
            return
        self.header_bytes += len(bytes)
        if self.header_bytes > MAX_HEADER_BYTES and self.transport:
            self.transport.abortConnection()


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _BoundedProtocol:  # noqa: N802 - Twisted's name
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
