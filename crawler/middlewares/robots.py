"""robots.txt as RFC 9309 reads it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK

from crawler.hosts import Hosts
from crawler.refusals import HostDown, HostPaused, HostWaits, OptedOut, RobotsRefusal
from crawler.resolver import refused_names
from pipelines.conduct import Answer, RobotsRules, load_training_agents, read_robots
from pipelines.conduct.robots import MAX_ROBOTS_BYTES

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

MAX_RULES_BYTES = 8 * 1024 * 1024
"""Of robots.txt files whose parsed rules are kept; parsed ones take about 30 times that. The others are read from the memory again."""
LARGE_BYTES = 20_000
"""Parsing so much takes 30 ms: done in a thread."""


@dataclass(slots=True)
class Verdict:
    """What is known of one origin's robots.txt."""

    rules: RobotsRules | None
    """None: it could not be had, nothing may be asked."""
    expires_at: float
    """On the monotonic clock."""
    why: str = ""
    size: int = 0


class StrictRobotsTxt:
    """Obey robots.txt (RFC 9309): 4xx means there are no rules; a server error or no answer means "not now", and it is asked again later.

    Scrapy takes all of them for permission, and never asks again. What was answered is remembered for ROBOTSTXT_CACHE_HOURS, also for the
    next runs, and stands in for ROBOTSTXT_STALE_DAYS when the server fails. Crawl-delay and Request-rate become the floor of the host's
    pace. What is refused is a rejection ``robots_txt`` that is asked again after a while.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if not settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.hosts = Hosts.of(crawler)
        self.agent: str = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        self.cache_seconds = settings.getfloat("ROBOTSTXT_CACHE_HOURS") * 3600
        self.stale_seconds = settings.getfloat("ROBOTSTXT_STALE_DAYS") * 86_400
        self.retry_seconds = settings.getfloat("ROBOTSTXT_RETRY_SECONDS")
        self.max_delay = settings.getfloat("ROBOTSTXT_MAX_CRAWL_DELAY")
        self.forbidden_statuses = {401, 403} if settings["ROBOTSTXT_FORBIDDEN"] == "disallow" else set()
        self.obeys_training = settings["TRAINING_OPT_OUT"] == "obey"
        self.verdicts: OrderedDict[str, Verdict] = OrderedDict()
        self.asking: dict[str, asyncio.Task[Verdict]] = {}
        self.told: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        verdict = await self.verdict_for(request)
        netloc = urlsplit(request.url).netloc
        if verdict.rules is None:
            self._count("refused_for_now")
            raise RobotsRefusal(f"robots.txt of {netloc} could not be had ({verdict.why}): nothing is asked for now")
        if not verdict.rules.allows(request.url, self.agent):
            self._count("forbidden")
            raise RobotsRefusal("Forbidden by robots.txt")
        self._pace(request, netloc, verdict.rules)
        refused = verdict.rules.refused(request.url, load_training_agents(), beside=self.agent)
        request.meta["training_refused"] = refused
        if refused and self.obeys_training:
            raise OptedOut(f"robots.txt of {netloc} refuses {', '.join(refused)}")

    async def verdict_for(self, request: Request) -> Verdict:
        """Return what an origin's robots.txt says; asked for once, however many requests wait for it."""
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        verdict = self.verdicts.get(origin)
        if verdict and verdict.expires_at > time.monotonic():
            self.verdicts.move_to_end(origin)
            return verdict
        if origin not in self.asking:
            task = self.asking[origin] = asyncio.create_task(self._find(f"{origin}/robots.txt", request))
            task.add_done_callback(lambda _: self.asking.pop(origin, None))
        verdict = await asyncio.shield(self.asking[origin])
        self._keep(origin, verdict)
        return verdict

    async def _find(self, url: str, request: Request) -> Verdict:
        known = await asyncio.to_thread(self.hosts.memory.answer, url)
        if known and known.status in self.forbidden_statuses:
            known = None  # from a run with ROBOTSTXT_FORBIDDEN = "allow"
        if known and time.time() - known.fetched_at < self.cache_seconds:
            return await self._read(known)
        status, body, why = await self._ask(url, request)
        if status:
            answer = Answer(fetched_at=time.time(), status=status, body=body)
            await asyncio.to_thread(self.hosts.memory.keep_answer, url, answer)
            return await self._read(answer)
        if known and time.time() - known.fetched_at < self.stale_seconds:
            self._count("stale")
            verdict = await self._read(known)
            verdict.expires_at = time.monotonic() + self.retry_seconds
            return verdict
        if why == "forbidden":
            # The page's own refusal is to come, with its own reason.
            return Verdict(rules=read_robots(b""), expires_at=time.monotonic() + self.retry_seconds)
        return Verdict(rules=None, expires_at=time.monotonic() + self.retry_seconds, why=why)

    async def _ask(self, url: str, request: Request) -> tuple[int, bytes, str]:
        """Return the status and body of an answer that settles the matter, or 0 and why there is none."""
        assert self.crawler.engine is not None
        meta: dict[str, Any] = {"dont_obey_robotstxt": True, "read_bytes": MAX_ROBOTS_BYTES + 1, "is_for_conduct": True}
        # In the slot of what is to be asked: it counts for the same delay and the same pauses.
        meta["download_slot"] = self.crawler.engine.downloader.get_slot_key(request)
        asked = Request(url, meta=meta, headers={"Accept-Encoding": "identity"}, callback=NO_CALLBACK)
        self._count("request_count")
        try:
            response = await self.crawler.engine.download_async(asked)
        except (HostWaits, HostPaused, HostDown):
            raise
        except IgnoreRequest as error:
            # RFC 9309, 2.3.1.2: more than five redirects may be taken for a file that does not exist.
            return (404, b"", "") if "redirections" in str(error) else (0, b"", str(error))
        except Exception as error:  # whatever the network met: it could not be had
            is_refused = (urlsplit(url).hostname or "") in refused_names
            return 0, b"", "forbidden" if is_refused else str(error) or type(error).__name__
        status = response.status
        self._count(f"response_status_count/{status}")
        if status >= 500 or status == 429:
            # 429 is a 4xx, which would mean "no rules"; what it says is "not now".
            return 0, b"", f"it answered HTTP {status}"
        if status in self.forbidden_statuses:
            return 0, b"", f"it answered HTTP {status}"
        return status, response.body if 200 <= status < 300 else b"", ""

    async def _read(self, answer: Answer) -> Verdict:
        read = asyncio.to_thread(read_robots, answer.body) if len(answer.body) > LARGE_BYTES else None
        rules = await read if read else read_robots(answer.body)
        left = self.cache_seconds - (time.time() - answer.fetched_at)
        return Verdict(rules=rules, expires_at=time.monotonic() + max(left, 0.0), size=len(answer.body))

    def _keep(self, origin: str, verdict: Verdict) -> None:
        self.verdicts[origin] = verdict
        self.verdicts.move_to_end(origin)
        while len(self.verdicts) > 1 and sum(one.size for one in self.verdicts.values()) > MAX_RULES_BYTES:
            self.verdicts.popitem(last=False)

    def _pace(self, request: Request, netloc: str, rules: RobotsRules) -> None:
        """Make what robots.txt asks for the floor of the host's pace, at most ROBOTSTXT_MAX_CRAWL_DELAY."""
        assert self.crawler.engine is not None
        asked = rules.delay(self.agent)
        if asked is None:
            return
        self.hosts.ask_floor(self.crawler.engine.downloader.get_slot_key(request), min(asked, self.max_delay))
        if netloc not in self.told:
            self.told.add(netloc)
            self._count("crawl_delay_hosts")
            if asked > self.max_delay:
                self._count("crawl_delay_capped")
                self.hosts.note(f"{netloc}: robots.txt asks for {asked:g} s between requests, {self.max_delay:g} s are kept")

    def _count(self, key: str) -> None:
        if self.crawler.stats:
            self.crawler.stats.inc_value(f"robotstxt/{key}")
