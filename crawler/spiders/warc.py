"""The ``warc`` spider."""

from __future__ import annotations

import asyncio
import glob
import json
import pickle
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy import Spider

from crawler.item_pipelines import Item, ProcessPages
from crawler.run import Run, worker_count
from pipelines.errors import SettingsError, SourceError
from pipelines.pool import WorkerLost, WorkerTimeout
from pipelines.records import FetchedPage, Rejection, SourceLines
from pipelines.urls import host_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from pipelines.replay import ReplayPlan, SpanOutcome
    from pipelines.warc import Span
    from pipelines.warc.progress import DoneList, SpansInHand

# Spans in the workers' hands and in their queues: none waits for the event loop.
SPANS_PER_WORKER = 3
# About 12 pages of a news site or 64 small ones: half a second, far from the time limit of a task also on a busy machine. Less of small
# archives, so that the workers end together.
SPAN_BYTES = 1 << 18
SMALL_SPAN_BYTES = 1 << 15
SPANS_OF_A_WORKER = 8
# A span that no member begins in is one piece, however long: its pages go to the workers one by one.
MAX_SPAN_BYTES = 4_000_000
PAGES_AT_ONCE = 8
MISSING = "WARC files need fastwarc and warcio: pip install -c constraints.txt -e '.[warc]'"


class WarcSpider(Spider):
    """Take pages from WARC files instead of the network: ``-a files='archive/*.warc.gz'``.

    ``-a host=a.example,b.example`` and ``-a since=2026-11-01 -a until=2026-12-01`` (UTC days or times of the fetch) narrow them;
    ``-a again=1`` takes also what the done-list has.
    """

    name = "warc"
    # Else each worker imports it anew.
    preload = ("pipelines.replay",)
    # Nothing is fetched, whatever a page asks for. Pages come a hundred times as fast as from the network, and what a kill undoes is only read
    # again: few large parts of the log, and of corpus and copies, cost half as much as many small ones.
    custom_settings: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "DOWNLOAD_HANDLERS": {"http": None, "https": None},
        "RETRY_ENABLED": False,
        "STORE_BATCH_ARTICLES": 1_000,
    }

    run: Run
    plan: ReplayPlan
    packed_plan: bytes
    lines: dict[str, SourceLines]
    """What is known as boilerplate, as the workers have it; ``packed_lines`` is the pickle of what is worth sending."""
    packed_lines: bytes
    pages: ProcessPages
    done_list: DoneList
    in_hand: SpansInHand
    waiting: dict[int, tuple[Item, Span]]
    """Outcomes on their way to the store, by identity."""
    stages_seconds = 0.0
    """CPU of the stages in the workers."""

    def __init__(
        self,
        files: str | list[str] = "",
        host: str = "",
        since: str = "",
        until: str = "",
        again: str | bool = "",
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__(name)
        self.advance: Callable[[int, int], None] = unknown.pop("advance", lambda done, size: None)
        """Told how many bytes of how many are read."""
        if unknown:
            raise SourceError(f"-a {next(iter(unknown))}=: the spider {self.name!r} knows files, host, since, until and again")
        self.paths = find_files(files)
        self.hosts = read_hosts(host)
        self.since, self.until = read_moment("since", since), read_moment("until", until)
        if self.since and self.until and self.since >= self.until:
            raise SourceError(f"-a since=, -a until=: expected a time and a later one, got {since!r} and {until!r}")
        self.again = read_flag("again", again)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        try:
            from pipelines.replay import make_plan
            from pipelines.warc.progress import DoneList, SpansInHand
        except ImportError as error:
            raise SettingsError(f"{MISSING} ({error})") from error
        spider.run = run = Run.of(crawler)
        run.start(run.catalogue)
        moments = [moment.isoformat() if moment else None for moment in (spider.since, spider.until)]
        only_what = json.dumps([sorted(spider.hosts), *moments]) if spider.hosts or any(moments) else ""
        spider.done_list, spider.in_hand = DoneList(run.output_dir / "state" / "replay.sqlite", only_what=only_what), SpansInHand()
        spider.plan = make_plan(
            run.catalogue, hosts=spider.hosts, since=spider.since, until=spider.until, run_id=run.run_id,
            extractor=run.settings["EXTRACTOR"], min_words=run.settings.getint("SCRUB_MIN_WORDS"),
        )  # fmt: skip
        spider.packed_plan = pickle.dumps(spider.plan)
        spider.lines, spider.packed_lines = {}, pickle.dumps({})
        spider.pages = ProcessPages(run)
        spider.waiting = {}
        run.after_commit.append(spider.settle)
        return spider

    async def start(self) -> AsyncIterator[Item]:
        self.logger.info("run %s: %d files, output in %s", self.run.run_id, len(self.paths), self.run.output_dir)
        if self.run.settings.getbool("SCRUB_SOURCE_MEMORY"):
            await self.run.learn_lines([source.name for source in self.run.catalogue])
        spans = self.spans()
        limit = SPANS_PER_WORKER * max(1, worker_count(self.run.settings))
        tasks: set[asyncio.Task[list[Item]]] = set()
        try:
            while True:
                while len(tasks) < limit and (span := await asyncio.to_thread(next, spans, None)):
                    self.in_hand.begin(span)
                    tasks.add(asyncio.create_task(self.process(span)))
                if not tasks:
                    break
                finished, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in finished:
                    if items := task.result():
                        await self.hand_on(items[:-1])
                        yield items[-1]
        finally:
            for task in tasks:
                task.cancel()
        # Files without a single article are done too.
        await self.save()
        assert self.crawler.stats is not None
        if (filtered := self.crawler.stats.get_value("record/rejected/filtered")) and not self.crawler.stats.get_value("record/kept"):
            self.problem(f"none of {filtered} pages is of the hosts and times that were asked for")

    async def hand_on(self, items: Iterable[Item]) -> None:
        """Give items to the item pipelines as the engine does with what ``start`` yields, without the turn of its loop that each takes there."""
        engine = self.crawler.engine
        assert engine is not None
        for item in items:
            await engine.scraper.start_itemproc_async(item, response=None)

    def spans(self) -> Iterator[Span]:
        """Yield what is to be read of each file; a file that cannot be is a problem, and the others go on."""
        from pipelines.warc import split_file

        sizes = {path: path.stat().st_size for path in self.paths}
        total, before = sum(sizes.values()), 0
        share = total // (SPANS_OF_A_WORKER * max(1, worker_count(self.run.settings)))
        target = min(max(share, SMALL_SPAN_BYTES), SPAN_BYTES)
        for path, size in sizes.items():
            try:
                start = 0 if self.again else min(self.done_list.done(path), size)
                if start:
                    self.count("known")
                    self.logger.info("%s: %d of %d bytes are done", path, start, size)
                if not size:
                    self.problem(f"{path}: byte 0: expected WARC records, found an empty file")
                for span in split_file(path, start=start, target_bytes=target):
                    self.advance(before + span.start, total)
                    yield span
            except OSError as error:
                self.problem(f"{path}: cannot be read: {error.strerror or error}")
            before += size
        self.advance(before, total)

    async def process(self, span: Span) -> list[Item]:
        """Return the outcomes of a span, judged, and count them; one that costs its worker is taken page by page."""
        from pipelines.replay import SpanOutcome, process_packed

        items: list[Item] | None = None
        if span.end - span.start <= MAX_SPAN_BYTES:
            try:
                result = await self.run.pool.run(process_packed, span, self.packed_plan, self.pack_lines())
            except (WorkerLost, WorkerTimeout, MemoryError) as error:
                self.logger.warning("%s: bytes %d to %d, page by page now: %r", span.path, span.start, span.end, error)
            else:
                items = [self.pages.judge(outcome) for outcome in result.outcomes]
        if items is None:
            result = SpanOutcome()
            items = await self.process_singly(span, result)
        self.note(result)
        if items:
            self.count("kept", len(items))
        self.run.count_outcomes(items, since="discover")
        await self.learn_new(items)
        for item in items:
            self.waiting[id(item)] = (item, span)
        self.in_hand.finish(span, len(items), stop=min((d.offset for d in result.damages if d.resumed_at is None), default=span.end))
        return items

    def pack_lines(self) -> bytes:
        """Return what is known as boilerplate for ``process_packed``; the same bytes until a commit has brought something new."""
        if self.run.source_lines is not self.lines:
            self.lines = self.run.source_lines
            known = {source: lines for source, lines in self.lines.items() if lines.edge or lines.anywhere}
            self.packed_lines = pickle.dumps(known)
        return self.packed_lines

    async def process_singly(self, span: Span, result: SpanOutcome) -> list[Item]:
        """Return the outcomes of a span's pages, each of them a task of its own: one that kills its worker costs itself."""
        from pipelines.replay import read_span

        pages = read_span(span, self.plan, result)
        items: list[Item] = []
        tasks: set[asyncio.Task[Item]] = set()
        while (found := await asyncio.to_thread(next, pages, None)) is not None or tasks:
            if isinstance(found, Rejection):
                items.append(found)
            elif found is not None:
                tasks.add(asyncio.create_task(self.process_page(found)))
            if tasks and (found is None or len(tasks) >= PAGES_AT_ONCE):
                finished, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                items += [task.result() for task in finished]
        return items

    async def process_page(self, page: FetchedPage) -> Item:
        """Return the outcome of one page, judged.

        No later run asks for it again, as after a crawl: a page whose worker died is tried once more, and one that is given up is told.
        """
        outcome = await self.pages.run_stages(page)
        if isinstance(outcome, Rejection) and outcome.reason == "worker_died":
            outcome = await self.pages.run_stages(page)
        if isinstance(outcome, Rejection) and outcome.reason in ("worker_died", "timeout"):
            self.problem(f"{page.url}: rejected as {outcome.reason}: {outcome.detail}")
        return self.pages.judge(outcome)

    async def learn_new(self, items: list[Item]) -> None:
        """Look up what is known of sources that have just been met; those of the catalogue were at the start."""
        if self.run.settings.getbool("SCRUB_SOURCE_MEMORY"):
            fresh = {item.source for item in items}.difference(self.run.source_lines)
            if fresh:
                await self.run.learn_lines(fresh)

    def note(self, result: SpanOutcome) -> None:
        """Count what a span holds beside its pages, and tell its damage."""
        assert self.crawler.stats is not None
        self.stages_seconds += result.stages_seconds
        self.crawler.stats.set_value("record/stages_cpu_seconds", round(self.stages_seconds, 3))
        for reason, number in result.skipped.items():
            self.count(reason, number)
        for damage in result.damages:
            self.count("damaged")
            self.problem(str(damage))

    def count(self, outcome: str, number: int = 1) -> None:
        """Count answers of archives, as the stats ``record/kept`` and ``record/rejected/<reason>``."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("record/kept" if outcome == "kept" else f"record/rejected/{outcome}", number)

    def problem(self, message: str) -> None:
        self.logger.warning("%s", message)
        self.run.note_problem(message)

    async def settle(self, items: Iterable[Item]) -> None:
        """Note items that are durable, and how far that brings their files."""
        for item in items:
            if (held := self.waiting.pop(id(item), None)) is not None:
                self.in_hand.settle(held[1])
        await self.save()

    async def save(self) -> None:
        """Keep how far the files are done."""
        if done := self.in_hand.take():
            await asyncio.to_thread(self.done_list.save, done)


def find_files(patterns: str | list[str]) -> list[Path]:
    """Return the files that patterns name, each once; in one text they are parted by commas. Raises SourceError for one that names none."""
    paths: dict[Path, None] = {}
    for pattern in [part.strip() for part in patterns.split(",") if part.strip()] if isinstance(patterns, str) else patterns:
        names = sorted(glob.glob(str(Path(pattern).expanduser()), recursive=True))  # noqa: PTH207  (Path.glob takes no absolute pattern)
        # A name may hold what means something in a pattern.
        names = [pattern] if Path(pattern).is_file() else names
        found = [Path(name).resolve() for name in names if Path(name).is_file()]
        if not found:
            raise SourceError(f"-a files=: expected WARC files, found none at {pattern!r}")
        paths |= dict.fromkeys(found)
    if not paths:
        raise SourceError("-a files=: expected paths or patterns of WARC files, such as 'archive/*.warc.gz'")
    return list(paths)


def read_hosts(text: str) -> frozenset[str]:
    """Return host names parted by commas, without ``www.``; none for nothing. Raises SourceError for what is no host name."""
    hosts = {part.strip().lower().removeprefix("www.") for part in text.split(",") if part.strip()}
    for host in sorted(hosts):
        if host_of(f"https://{host}/") != host:
            raise SourceError(f"-a host=: expected host names such as apnews.com,dw.com, got {host!r}")
    if text.strip() and not hosts:
        raise SourceError(f"-a host=: expected host names such as apnews.com,dw.com, got {text!r}")
    return frozenset(hosts)


def read_flag(name: str, value: str | bool) -> bool:
    """Return whether a flag is set; not for nothing. Raises SourceError."""
    text = str(value).lower()
    if text not in ("1", "true", "yes", "", "0", "false", "no"):
        raise SourceError(f"-a {name}=: expected 1 or 0, got {value!r}")
    return text in ("1", "true", "yes")


def read_moment(name: str, text: str) -> datetime | None:
    """Return a day or time of ISO 8601, in UTC unless it says otherwise; None for nothing. Raises SourceError."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SourceError(f"-a {name}=: expected a day or time such as 2026-11-01 or 2026-11-01T12:00, got {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
