"""What the parts of one crawl share: its id, sources, store, workers and counts."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from crawler.checks import check_settings
from crawler.output import open_store_of, output_dir_of
from crawler.revisits import Revisits, read_ages
from pipelines.chain import STAGES, learned_lines
from pipelines.discover import load_sources
from pipelines.errors import CorpusError
from pipelines.pending import PendingEndpoints
from pipelines.pool import WorkerPool
from pipelines.records import Article, Rejection, Source, SourceLines
from pipelines.report import HostTimes, Outcome

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from pipelines.corpus import Counts, Store

logger = logging.getLogger(__name__)

ON_THE_WAY = timedelta(seconds=2)
"""A page from its answer to the item pipelines, with a stall of the event loop in between."""

_runs: WeakKeyDictionary[Crawler, Run] = WeakKeyDictionary()


class Run:
    """One crawl. ``Run.of(crawler)`` gives the same object to spider, item pipelines and extensions."""

    store: Store
    counts_before: Counts

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.settings = settings
        self.started_at = datetime.now(UTC)
        self.run_id = f"{self.started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self.output_dir = output_dir_of(settings)
        check_settings(settings)
        self.catalogue: list[Source] = load_sources(Path(settings["SOURCES"]).expanduser())
        self.sources: list[Source] = []
        """Those that this run crawls, chosen by its spider."""
        self._by_name: dict[str, Source] = {}
        self.pool = WorkerPool(
            worker_count(settings),
            timeout_seconds=settings.getfloat("EXTRACT_TIMEOUT_SECONDS"),
            tasks_per_worker=settings.getint("EXTRACT_PAGES_PER_WORKER"),
            memory_mb=settings.getint("EXTRACT_MEMORY_MB"),
            preload=getattr(crawler.spidercls, "preload", ()),
        )
        self.pending = PendingEndpoints()
        self.revisits = Revisits(read_ages(settings["ARTICLE_REVISITS"]))
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """(source, stage, "kept" or a rejection's reason) -> number."""
        self.host_times: defaultdict[str, HostTimes] = defaultdict(HostTimes)
        """How long the servers of each host took to answer."""
        self.dedup: dict[str, float] = {}
        """What the story index counted, known at the end."""
        self.problems: list[str] = []
        """What a person may want to look at: a feed that is none, a store that cannot be written."""
        self.store_failed = False
        self.monitors: list[Outcome] = []
        """What the monitors said at the end of the run; [] before, and when they are off."""
        self.recovered = False
        """A monitor failed in the run before this one."""
        self.tell_rejections = False
        """Name each rejected page on the terminal: for runs that ask for single pages."""
        self.before_commit: list[Callable[[], Awaitable[None]]] = []
        """What must be durable before a batch of articles is; an OSError puts the batch off."""
        self.after_commit: list[Callable[[Sequence[Article | Rejection]], Awaitable[None]]] = []
        """Told which items have become durable."""
        self.endpoints_asked: set[str] = set()
        self.requested: set[str] = set()
        """URL keys asked for in this run."""
        self.asked_of: Counter[tuple[str, str]] = Counter()
        """(source, "pages" or "child sitemaps") -> requests of this run: a site that names pages without end gets so many and no more."""
        self.in_hand: Counter[datetime] = Counter()
        """When the pages were fetched that are not committed yet."""
        self.source_lines: dict[str, SourceLines] = {}
        """What is known as boilerplate of the sources met so far; another object when something was learned."""

    @classmethod
    def of(cls, crawler: Crawler) -> Run:
        """Return the run of a crawler; the first caller starts it.

        Raises SettingsError or SourceError when a setting or the catalogue cannot be used.
        """
        if crawler not in _runs:
            _runs[crawler] = cls(crawler)
        return _runs[crawler]

    def start(self, sources: list[Source]) -> None:
        """Open the store for a crawl of these sources: a run that is refused before leaves no folder behind.

        Raises CorpusError when the output folder cannot be used.
        """
        self.sources = sources
        self._by_name = {source.name: source for source in sources}
        self.store = open_store_of(self.settings)
        self.counts_before = self.store.counts()
        self.store.start_crawl(self.run_id, moment=self.started_at)

    def count(self, source: str, stage: str, outcome: str = "kept", number: int = 1) -> None:
        """Count what became of pages at one stage, for the run report and as Scrapy stats ``<stage>/kept``, ``<stage>/rejected/<reason>``."""
        if not number:
            return
        self.counts[source, stage, outcome] += number
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(f"{stage}/{outcome}" if outcome == "kept" else f"{stage}/rejected/{outcome}", number)

    def committed_before(self) -> datetime:
        """Return a moment before which everything fetched is committed or dropped: the watermark of this crawl."""
        return min([datetime.now(UTC) - ON_THE_WAY, *self.in_hand])

    def release(self, fetched_at: datetime | None) -> None:
        """Take a page out of hand: it is committed, or will not be."""
        if fetched_at and fetched_at in self.in_hand:
            self.in_hand[fetched_at] -= 1
            if not self.in_hand[fetched_at]:
                del self.in_hand[fetched_at]

    def count_dedup(self, statistics: Mapping[str, float]) -> None:
        """Keep what the story index counted, for the run report and as Scrapy stats ``dedup/<name>``."""
        self.dedup = dict(statistics)
        if edges := statistics.get("new_edges"):
            self.dedup["candidates_per_edge"] = round(statistics["candidates"] / edges, 2)
        assert self.crawler.stats is not None
        for name, number in self.dedup.items():
            self.crawler.stats.set_value(f"dedup/{name}", number)

    def count_outcomes(self, outcomes: Iterable[Article | Rejection], *, since: str = "extract") -> None:
        """Count pages at every stage that they reached, from the stage ``since`` on."""
        ways = Counter(
            (item.source, *((item.stage, item.reason) if isinstance(item, Rejection) else ("attribute", "kept"))) for item in outcomes
        )
        for (source, last, outcome), number in ways.items():
            for stage in STAGES[STAGES.index(since) : STAGES.index(last)]:
                self.count(source, stage, number=number)
            self.count(source, last, outcome, number)

    def source_named(self, name: str) -> Source | None:
        """Return a source of this run by its name."""
        return self._by_name.get(name)

    def note_problem(self, message: str) -> None:
        """Keep a message for the end of the run; each once."""
        if message not in self.problems:
            self.problems.append(message)

    async def known_urls(self, urls: Iterable[str]) -> set[str]:
        """Return those URL keys that need no fetch now."""
        return await asyncio.to_thread(self.store.known_urls, list(urls), now=datetime.now(UTC))

    async def lines_of(self, source: str) -> SourceLines | None:
        """Return what is known as boilerplate of a source; None when SCRUB_SOURCE_MEMORY is off."""
        if not self.settings.getbool("SCRUB_SOURCE_MEMORY"):
            return None
        if source not in self.source_lines:
            await self.learn_lines([source])
        return self.source_lines.get(source)

    async def learn_lines(self, sources: Iterable[str]) -> None:
        """Learn anew, from what is stored, what the boilerplate of these sources is. State that cannot be read costs no page."""
        try:
            learned = await asyncio.to_thread(learned_lines, self.store, list(sources))
        except CorpusError as error:
            self.note_problem(f"what sources repeat could not be read: {error}")
            return
        new = {source: lines for source, lines in learned.items() if lines != self.source_lines.get(source)}
        for source, lines in new.items():
            if number := len(lines.edge | lines.anywhere):
                logger.info("%s: %d short lines are known to repeat", source, number)
        if new:
            self.source_lines = self.source_lines | new


def worker_count(settings: BaseSettings) -> int:
    """Return how many extraction workers the settings ask for; -1 stands for one per usable core."""
    workers = settings.getint("EXTRACT_WORKERS")
    return len(os.sched_getaffinity(0)) if workers < 0 else workers
