"""Extensions: the run report, and how responsive the event loop was."""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals

from crawler.monitors import judge, tell
from crawler.run import Run
from pipelines.chain import STAGES
from pipelines.errors import CorpusError, PipelineError
from pipelines.pool import GC_THRESHOLD
from pipelines.report import (
    Outcome,
    add_up,
    make_funnel,
    print_failures,
    print_report,
    slowest_hosts,
    split_by_source,
    write_page,
    write_report,
)
from pipelines.report import RunReport as RunRecord
from pipelines.urls import host_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

# Our name for a figure -> Scrapy's stats key.
MEASURES = {
    "requests": "downloader/request_count",
    "responses": "downloader/response_count",
    "bytes_received": "downloader/response_bytes",
    "errors_logged": "log_count/ERROR",
    "loop_stall_max_ms": "loop/stall_max_ms",
    "stages_cpu_seconds": "record/stages_cpu_seconds",
}
# Hosts that the report names: the slowest ones.
MAX_HOSTS = 50


class RunReport:
    """Write ``report.json`` and ``report.html`` below ``runs/<run_id>/`` when the spider closes, and print the run as a table."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(Run.of(crawler))
        crawler.signals.connect(extension.response_received, signals.response_received)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def response_received(self, response: Response, request: Request) -> None:
        if (seconds := request.meta.get("download_latency")) is not None:
            self.run.host_times[host_of(response.url)].add(seconds)

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        run = self.run
        try:
            record = await self._make_record(spider.name, reason)
            run.monitors = await judge(run, record.as_dict())
            record = replace(record, monitors=run.monitors)
            path = run.output_dir / "runs" / run.run_id
            try:
                path = await asyncio.to_thread(write_report, record, run.output_dir)
                if run.settings.getbool("REPORT_PAGE"):
                    path = await asyncio.to_thread(
                        partial(write_page, run.output_dir, datasets=run.store.layout.datasets, run_id=run.run_id)
                    )
            except (OSError, CorpusError) as error:
                problem = f"the report could not be written: {error}"
                run.note_problem(problem)
                if run.monitors:
                    run.monitors.append(Outcome(name="report", problems=(problem,)))
            if run.settings.getbool("QUIET"):
                print_failures(run.run_id, run.monitors)
            else:
                print_report(record, path)
            await tell(run, record.as_dict(), path)
        except PipelineError as error:
            logger.error("no report of run %s: %s", run.run_id, error)
        finally:
            await asyncio.to_thread(run.store.close)

    async def _make_record(self, spider_name: str, reason: str) -> RunRecord:
        run = self.run
        counts = await asyncio.to_thread(run.store.counts)
        by_source = split_by_source(run.counts)
        funnel = make_funnel(add_up(by_source), STAGES)
        if not_reached := funnel[0].kept - funnel[1].seen:
            run.note_problem(f"the run ended ({reason}) before {not_reached} requested URLs were fetched; the next run asks for them")
        finished_at = datetime.now(UTC)
        return RunRecord(
            run_id=run.run_id,
            spider=spider_name,
            started_at=run.started_at,
            finished_at=finished_at,
            finish_reason=reason,
            endpoints=make_funnel(add_up(by_source), ["endpoint"])[0],
            funnel=funnel,
            by_source={name: make_funnel(outcomes, STAGES) for name, outcomes in by_source.items()},
            source_endpoints={name: make_funnel(outcomes, ["endpoint"])[0] for name, outcomes in by_source.items()},
            corpus=asdict(counts),
            corpus_before=asdict(run.counts_before),
            problems=run.problems,
            measures=self._measures(pages=funnel[1].kept, seconds=(finished_at - run.started_at).total_seconds()),
            dedup=run.dedup,
            hosts=slowest_hosts(run.host_times, limit=MAX_HOSTS),
            versions={name: version(name) for name in ("scrapy", "trafilatura", "datasketch", "pyarrow")},
        )

    def _measures(self, *, pages: int, seconds: float) -> dict[str, float]:
        """The figures of the crawl that a report shows."""
        stats: dict[str, Any] = self.run.crawler.stats.get_stats() if self.run.crawler.stats else {}
        cores = max(1, self.run.pool.workers)
        return {
            "pages_per_second": round(pages / seconds, 2) if seconds else 0.0,
            "extract_cpu_seconds": round(self.run.pool.cpu_seconds, 2),
            "extract_share": round(self.run.pool.cpu_seconds / (seconds * cores), 3) if seconds else 0.0,
            **{ours: stats[theirs] for ours, theirs in MEASURES.items() if theirs in stats},
        }


class LoopMonitor:
    """Keep the event loop free, and measure the longest time it was busy: long stalls delay downloads, so slow work belongs in workers."""

    interval_seconds = 0.05

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.task: asyncio.Task[None] | None = None
        self.stall_max = 0.0
        self.gc_threshold = gc.get_threshold()[0]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        # Modules and word lists live as long as the process: the cycle collector looked through all of them each time, for up to 280 ms.
        gc.freeze()
        # Articles come by the hundred and are no cycles: at Python's 700 the collector took an eighth of a replay's time in this process.
        gc.set_threshold(GC_THRESHOLD)
        # Scrapy has its logger at DEBUG and its handlers pass over what is below LOG_LEVEL: several records a page, made for nobody.
        logging.getLogger("scrapy").setLevel(self.crawler.settings["LOG_LEVEL"])
        self.task = asyncio.create_task(self._watch())

    def spider_closed(self) -> None:
        gc.unfreeze()
        gc.set_threshold(self.gc_threshold)
        if self.task:
            self.task.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(self.interval_seconds)
            stall = loop.time() - before - self.interval_seconds
            if stall > self.stall_max and self.crawler.stats:
                self.stall_max = stall
                self.crawler.stats.set_value("loop/stall_max_ms", round(stall * 1000))
