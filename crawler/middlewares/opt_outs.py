"""What publishers reserve: text and data mining, by TDMRep file and header."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.hosts import Hosts
from crawler.refusals import HostDown, HostPaused, HostWaits, OptedOut
from pipelines.conduct import Answer, parse_reservation, read_tdmrep
from pipelines.conduct.tdmrep import TDMREP_PATH, Reservation, is_reserved

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAX_FILE_BYTES = 100_000
MAX_ORIGINS = 2000


class OptOuts:
    """Note in ``meta["tdm_reserved"]`` of each article's request what the site's tdmrep.json and the answer's header reserve.

    The header says more than the file, and the page's own ``<meta>``, which extraction reads, more than both. With
    TRAINING_OPT_OUT = "obey" what is reserved is refused: before it is asked for where the file says so.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.hosts = Hosts.of(crawler)
        self.asks_file = crawler.settings.getbool("TDMREP_ENABLED")
        self.obeys = crawler.settings["TRAINING_OPT_OUT"] == "obey"
        self.cache_seconds = crawler.settings.getfloat("ROBOTSTXT_CACHE_HOURS") * 3600
        self.rules: OrderedDict[str, tuple[Reservation, ...]] = OrderedDict()
        self.asking: dict[str, asyncio.Task[tuple[Reservation, ...]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if not self.asks_file or "hint" not in request.cb_kwargs:
            return
        reserved = is_reserved(request.url, await self.rules_for(request))
        request.meta["tdm_reserved"] = reserved
        if reserved and self.obeys:
            raise OptedOut(f"{TDMREP_PATH} of {urlsplit(request.url).netloc} reserves text and data mining")

    def process_response(self, request: Request, response: Response) -> Response:
        header = response.headers.get("tdm-reservation")
        if header is not None and (reserved := parse_reservation(header.decode("latin-1"))) is not None:
            request.meta["tdm_reserved"] = reserved
            if reserved and self.obeys and "hint" in request.cb_kwargs:
                raise OptedOut("its header tdm-reservation reserves text and data mining")
        return response

    async def rules_for(self, request: Request) -> tuple[Reservation, ...]:
        """Return the rules of an origin's tdmrep.json; none where it has no such file or cannot be had."""
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.rules:
            if origin not in self.asking:
                task = self.asking[origin] = asyncio.create_task(self._find(origin + TDMREP_PATH, request))
                task.add_done_callback(lambda _: self.asking.pop(origin, None))
            self.rules[origin] = await asyncio.shield(self.asking[origin])
            if len(self.rules) > MAX_ORIGINS:
                self.rules.popitem(last=False)
        return self.rules.get(origin, ())

    async def _find(self, url: str, request: Request) -> tuple[Reservation, ...]:
        known = await asyncio.to_thread(self.hosts.memory.answer, url)
        if known and time.time() - known.fetched_at < self.cache_seconds:
            return read_tdmrep(known.body)
        assert self.crawler.engine is not None
        meta: dict[str, Any] = {"read_bytes": MAX_FILE_BYTES, "is_for_conduct": True, "max_retry_times": 0}
        meta["download_slot"] = self.crawler.engine.downloader.get_slot_key(request)
        asked = Request(url, meta=meta, headers={"Accept-Encoding": "identity"}, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(asked)
        except (HostWaits, HostPaused, HostDown):
            raise
        except Exception:  # a file that cannot be had reserves nothing, and is asked for in the next run
            return ()
        body = response.body if response.status == 200 else b""
        if response.status < 500 and response.status != 429:
            await asyncio.to_thread(self.hosts.memory.keep_answer, url, Answer(fetched_at=time.time(), status=response.status, body=body))
        return read_tdmrep(body)
