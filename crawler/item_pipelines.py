"""Item pipelines: pages become articles in the worker processes, articles become durable in batches."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import DropItem

from crawler.memory import trim_memory
from crawler.revisits import fingerprint
from crawler.run import Run
from pipelines.chain import process_page
from pipelines.discover import describe_age, is_too_old
from pipelines.errors import PipelineError, StoreBusy
from pipelines.pool import WorkerLost, WorkerTimeout
from pipelines.records import Article, FetchedPage, Rejection
from pipelines.urls import clean_url

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from pipelines.corpus import Batch

logger = logging.getLogger(__name__)

# Batches that may wait in memory for a disk that refuses them; then the crawl stops.
MAX_WAITING_BATCHES = 4
# A wait of 0 seconds never lets the event loop go.
SHORTEST_PERIOD_SECONDS = 0.05
STORE_ERRORS = (OSError, sqlite3.Error, PipelineError)

# What a broken server sends as HTML once may be the page itself the next time.
PASSING_DAMAGE = frozenset({"empty_page", "not_html", "undecodable"})

Item = Article | Rejection


class ProcessPages:
    """Run extract, scrub and attribute on each FetchedPage, off the event loop."""

    def __init__(self, run: Run) -> None:
        self.run = run
        settings = run.settings
        self.obeys_opt_outs = settings["TRAINING_OPT_OUT"] == "obey"
        self.counts_fetches = not hasattr(run.crawler.spider, "run")
        """A spider that is not ours (crawler.addon) starts no run and counts no fetches: a page counts there when it comes in."""
        self.process = partial(process_page, extractor=settings["EXTRACTOR"], min_words=settings.getint("SCRUB_MIN_WORDS"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        pipeline = cls(Run.of(crawler))
        if pipeline.counts_fetches:
            pipeline.run.start([])
        return pipeline

    async def process_item(self, item: Any) -> Any:
        if not isinstance(item, FetchedPage):
            return item
        if self.counts_fetches:
            self.run.count(item.source, "discover")
            self.run.count(item.source, "fetch")
        self.run.in_hand[item.fetched_at] += 1
        try:
            return await self.outcome_of(item)
        except BaseException:
            self.run.release(item.fetched_at)
            raise

    async def outcome_of(self, page: FetchedPage) -> Item:
        """Return what the stages make of a page, judged and counted."""
        outcome = self.judge(await self.run_stages(page))
        self.run.count_outcomes([outcome])
        return outcome

    def judge(self, outcome: Item) -> Item:
        """Judge what the stages made of a page by its source and by our settings."""
        return self._judge_age(self._judge(outcome))

    def _judge_age(self, outcome: Item) -> Item:
        """Reject an article that is too old by the date on its page; feeds and sitemaps often give none."""
        source = self.run.source_named(outcome.source)
        if isinstance(outcome, Rejection) or source is None or not is_too_old(outcome.published_at, source, now=outcome.fetched_at):
            return outcome
        assert outcome.published_at
        return Rejection(
            url=outcome.url, requested_url=requested_url(outcome), stage="extract", reason="too_old",
            detail=describe_age(outcome.published_at, source), source=outcome.source, fetched_at=outcome.fetched_at, run_id=outcome.run_id,
        )  # fmt: skip

    def _judge(self, outcome: Item) -> Item:
        """Let damage be asked again, and obey an opt-out when TRAINING_OPT_OUT says so."""
        if isinstance(outcome, Rejection):
            return replace(outcome, is_final=False) if outcome.reason in PASSING_DAMAGE else outcome
        if not (outcome.tdm_reserved and self.obeys_opt_outs):
            return outcome
        return Rejection(
            url=outcome.url, requested_url=requested_url(outcome), stage="attribute", reason="opted_out",
            detail="the page reserves text and data mining", source=outcome.source, fetched_at=outcome.fetched_at, run_id=outcome.run_id,
        )  # fmt: skip

    async def run_stages(self, page: FetchedPage) -> Item:
        """Return what the stages make of a page in a worker, neither judged nor counted; one that costs its worker is a rejection."""
        page = replace(page, run_id=self.run.run_id)
        try:
            return await self.run.pool.run(self.process, page, source_lines=await self.run.lines_of(page.source))
        except WorkerTimeout as error:
            reason, detail = "timeout", str(error)
        except WorkerLost as error:
            reason, detail = "worker_died", str(error)
        except Exception as error:  # whatever the pool met: the page must not vanish uncounted
            logger.exception("no outcome for %s", page.url)
            reason, detail = "stage_error", repr(error)[:300]
        logger.warning("extraction failed on %s: %s %s", page.url, reason, detail)
        return Rejection(
            url=page.url, requested_url=page.requested_url, stage="extract", reason=reason, detail=detail,
            source=page.source, fetched_at=page.fetched_at, run_id=page.run_id, is_final=False,
        )  # fmt: skip

    async def close_spider(self) -> None:
        await asyncio.to_thread(self.run.pool.close)


class StoreArticles:
    """Gather articles and rejections, commit them in batches, and fold the log into the corpus now and then and at the end."""

    def __init__(self, run: Run) -> None:
        self.run = run
        settings = run.settings
        self.batch_articles = settings.getint("STORE_BATCH_ARTICLES")
        self.batch_seconds = settings.getfloat("STORE_BATCH_SECONDS")
        self.fold_seconds = settings.getfloat("STORE_FOLD_SECONDS")
        self.items: list[Item] = []
        self.frozen: list[tuple[Batch, list[Item]]] = []
        self.committing = asyncio.Lock()
        self.closing = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.stopping: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(Run.of(crawler))

    def open_spider(self) -> None:
        work = ((self.batch_seconds, self._commit_and_watch), (self.fold_seconds, self._fold))
        self.tasks = [asyncio.create_task(self._repeat(seconds, job)) for seconds, job in work]

    async def process_item(self, item: Any) -> Any:
        if not isinstance(item, Item):
            return item
        self._watch_for_changes(item)
        self.items.append(item)
        if len(self.items) >= self.batch_articles:
            await self._commit_and_watch()
        if isinstance(item, Rejection):
            if self.run.tell_rejections:
                self.run.note_problem(f"no article at {item.url}: {item.stage}: {item.reason} {item.detail}".rstrip())
            raise DropItem(f"{item.stage}: {item.reason} {item.url}")
        return item

    def _watch_for_changes(self, item: Item) -> None:
        """Drop an article that was fetched again and has the text that we have: it is counted, and no row."""
        if not self.run.revisits.ages:
            return
        if (revisit := self.run.revisits.asked(url_keys(item))) is None:
            return
        is_same = isinstance(item, Article) and fingerprint(item) == revisit.text_sha256
        if is_same or isinstance(item, Rejection):
            self.run.revisits.settle(revisit, now=datetime.now(UTC))
        if is_same:
            self.run.release(item.fetched_at)
            self.run.count(item.source, "store", "unchanged")
            raise DropItem(f"store: unchanged {item.url}")

    async def close_spider(self) -> None:
        self.closing.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        try:
            await self._commit()
            self.run.count_dedup(await asyncio.to_thread(self.run.store.finish))
        except Exception as error:  # whatever it is: the run must not end as if all were stored
            if not isinstance(error, STORE_ERRORS):
                logger.exception("the store broke")
            self._report_failure(error, "the end of the run")

    async def _repeat(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do work every so many seconds until the spider closes; an error is reported and does not end it."""
        while True:
            try:
                await asyncio.wait_for(self.closing.wait(), timeout=max(seconds, SHORTEST_PERIOD_SECONDS))
                return
            except TimeoutError:
                pass
            try:
                await work()
            except Exception as error:
                logger.exception("a timed task failed")
                self._report_failure(error, "a timed task")

    async def _commit_and_watch(self) -> None:
        """Commit; a disk that refuses is tried again with the next batch, until too many wait."""
        try:
            await self._commit()
        except STORE_ERRORS as error:
            self._report_failure(error, "a commit")
            if len(self.frozen) >= MAX_WAITING_BATCHES and not self.closing.is_set() and self.run.crawler.engine:
                self.closing.set()
                # Not awaited, here or in close_spider: closing waits for the items in hand, and this may be one of them.
                self.stopping = asyncio.create_task(self.run.crawler.engine.close_spider_async(reason="store_failed"))

    async def _commit(self) -> None:
        """Make everything gathered so far durable. A batch keeps its part names until it is, so that a second try rewrites the same files."""
        async with self.committing:
            await self._freeze()
            sources: set[str] = set()
            while self.frozen:
                batch, items = self.frozen[0]
                keys = [(item, url_keys(item)) for item in items]
                stored = [(item, found) for item, found in keys if isinstance(item, Article)]
                plans = (self.run.revisits.plan(article, found, now=datetime.now(UTC)) for article, found in stored)
                for before in self.run.before_commit:
                    await before()
                await asyncio.to_thread(partial(self.run.store.commit, batch, revisits=[plan for plan in plans if plan]))
                self.frozen.pop(0)
                for after in self.run.after_commit:
                    await after(items)
                for _, found in stored:
                    self.run.revisits.stored(found)
                sources |= {item.source for item in items if isinstance(item, Article)} & self.run.source_lines.keys()
                self.run.pending.settle(key for _, found in keys for key in found)
                unstorable = {id(article) for article in batch.unstorable}
                for item in items:
                    self.run.release(item.fetched_at)
                ends = Counter((item.source, "unstorable" if id(item) in unstorable else "kept") for item, _ in stored)
                for (source, outcome), number in ends.items():
                    self.run.count(source, "store", outcome, number)
            endpoints, revisits = self.run.pending.complete(), self.run.revisits.settled()
            if endpoints or revisits:
                await asyncio.to_thread(partial(self.run.store.commit, self.run.store.freeze([]), endpoints=endpoints, revisits=revisits))
                self.run.pending.stored(endpoints)
                self.run.revisits.saved(revisits)
            if sources:
                await self.run.learn_lines(sources)
            self.run.store.set_watermark(self.run.committed_before())

    async def _freeze(self) -> None:
        """Turn what was gathered into a batch, in a thread: hundreds of articles take longer than the event loop may stand still."""
        if not self.items:
            return
        items, self.items = self.items, []
        articles = [item for item in items if isinstance(item, Article)]
        rejections = [self._stamped(item) for item in items if isinstance(item, Rejection)]
        try:
            batch = await asyncio.to_thread(self.run.store.freeze, articles, rejections)
        except BaseException:
            self.items = items + self.items
            raise
        self.frozen.append((batch, items))

    async def _fold(self) -> None:
        try:
            await asyncio.to_thread(partial(self.run.store.fold, wait=False))
            await asyncio.to_thread(self.run.store.publish)
            await asyncio.to_thread(trim_memory)
        except StoreBusy:
            logger.debug("another process folds")
        except STORE_ERRORS as error:
            self._report_failure(error, "a fold")

    def _report_failure(self, error: Exception, during: str) -> None:
        message = f"the store failed during {during}: {error}"
        self.run.note_problem(message)
        self.run.store_failed = True
        logger.error("%s; nothing that was committed is lost, the next run takes up from there", message)

    def _stamped(self, rejection: Rejection) -> Rejection:
        return replace(rejection, run_id=self.run.run_id, fetched_at=rejection.fetched_at or datetime.now(UTC))


def url_keys(item: Item) -> set[str]:
    """Return the keys of the URLs that an item settles: the one asked for and the one that answered."""
    asked = item.requested_url if isinstance(item, Rejection) else requested_url(item)
    return {key for url in (item.url, asked) if url and (key := clean_url(url))}


def requested_url(article: Article) -> str | None:
    """Return the URL that a redirect started from, if one did."""
    return json.loads(article.extra).get("requested_url") if article.extra else None
