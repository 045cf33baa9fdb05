"""``scrapy crawl``, with what Scrapy's own lacks: a wrong configuration is one clear line, and a failed crawl does not exit 0."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError

from crawler.checks import check_settings
from crawler.run import Run
from pipelines.errors import PipelineError, SettingsError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Command(CrawlCommand):
    """Run a spider of this project, by name."""

    def long_desc(self) -> str:
        return (
            "Crawl sources and store what is new. Spiders: wire (the agencies' own sites), syndicated (outlets and republishers), "
            "news (all), page (one article: -a url=...), warc (pages of WARC files: -a files=...). Exit status: 0 good; 1 wrong configuration, a store that could not be written, "
            "or nothing that could be read; 2 wrong usage. Example: scrapy crawl news -a source=npr,dw -s OUTPUT_DIR=/data/news"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one spider: wire, syndicated, news, page or warc")
        assert self.crawler_process
        try:
            check_settings(self.crawler_process.settings)
        except SettingsError as error:
            print(f"scrapy crawl: {error}", file=sys.stderr)
            self.exitcode = 1
            return
        try:
            crawler = self._create_crawler(args[0])
        except KeyError as error:
            raise UsageError(f"{error.args[0]}; there are: {', '.join(sorted(self.crawler_process.spider_loader.list()))}") from None
        crawling = self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        self.exitcode = report_failure(crawling) or exit_status(crawler)


def report_failure(crawling: object, *, command: str = "crawl") -> int:
    """Say in one line why a crawl could not start, and return 1; 0 if it could. What is no error of ours keeps its traceback."""
    if not isinstance(crawling, asyncio.Task) or not crawling.done() or crawling.cancelled():
        return 0
    error = crawling.exception()
    if error is None:
        return 0
    if not isinstance(error, PipelineError):
        raise error
    print(f"scrapy {command}: {error}", file=sys.stderr)
    return 1


def exit_status(crawler: Crawler) -> int:
    """Return 1 for a run that failed: it was cut short, its store could not be written, or nothing it asked could be read."""
    run = Run.of(crawler)
    reason = crawler.stats.get_value("finish_reason", "failed")
    if run.store_failed or not (reason in ("finished", "shutdown") or reason.startswith("closespider_")):
        return 1
    if crawler.spidercls.name == "page":
        return 0 if any(stage == "store" for _, stage, _ in run.counts) else 1
    if crawler.spidercls.name == "warc":
        return 0 if any(crawler.stats.get_value(name) for name in ("record/kept", "record/rejected/known")) else 1
    gave_something = any(outcome in ("kept", "unchanged", "not_due") for _, stage, outcome in run.counts if stage in ("endpoint", "fetch"))
    return 0 if gave_something else 1
