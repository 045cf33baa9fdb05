"""``scrapy collect``: one scheduled run, to be started by a timer and forgotten."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES

from crawler.agenda import look_ahead, print_agenda
from crawler.checks import check_settings
from crawler.commands.crawl import exit_status, report_failure
from crawler.output import open_store_of, output_dir_of
from crawler.progress import choose_mode
from crawler.run import Run
from crawler.scheduling import due
from pipelines.corpus import hold_run_lock
from pipelines.discover import load_sources, select_sources
from pipelines.errors import PipelineError, RunLocked
from pipelines.records import Source, SourceKind
from pipelines.report import failure_message, post_json
from pipelines.urls import absolute_url

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

GOOD, COULD_NOT_RUN, MONITOR_FAILED, LOCKED = 0, 1, 2, 3
KINDS = get_args(SourceKind)


class Command(ScrapyCommand):
    """Crawl the sources that are due, fold, report, and judge the run."""

    requires_project = True

    def short_desc(self) -> str:
        return "Crawl what is due: the command for cron and systemd"

    def long_desc(self) -> str:
        return (
            "A scheduled run: take the lock of the output folder, take up what a killed run left, crawl the sources that are due, fold, write "
            "the report, judge the run. Exit status: 0 good, or nothing was due; 1 the run could not begin: wrong usage, a setting, a source or a "
            "store that cannot be used; 2 it ran and a monitor failed; 3 another run holds the lock. "
            "Example: scrapy collect --kind wire --quiet -s OUTPUT_DIR=/data/news"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--kind", metavar="KIND", action="append", help=f"only sources of this kind: {', '.join(KINDS)}; may be repeated"
        )
        parser.add_argument(
            "--source", metavar="NAME", action="append", help="only this source, or several parted by commas; may be repeated"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be asked and why; ask nothing, change nothing")
        parser.add_argument("--quiet", action="store_true", help="print nothing but errors and failed monitors")
        # 2 is a failed monitor here; whoever reads exit statuses must not take a wrong option for one.
        parser.error = partial(_refuse, parser)  # type: ignore[method-assign]

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError(f"expected options only, got {args[0]!r}")
        opts.kinds, opts.sources = split_names(opts.kind), split_names(opts.source)
        if unknown := [kind for kind in opts.kinds or () if kind not in KINDS]:
            raise UsageError(f"--kind: expected one of {', '.join(KINDS)}, got {unknown[0]!r}")
        if opts.quiet:
            self._set("QUIET", True)
        if opts.quiet or opts.dry_run:
            self._set("LOG_LEVEL", "ERROR")
        elif self.settings and choose_mode(self.settings, is_terminal=sys.stderr.isatty()) == "live":
            self._set("LOG_LEVEL", "WARNING")  # the display says the rest
        self._set("DISCOVER_ONLY_DUE", True)
        self._set("MONITORS_ENABLED", True)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process
        settings = self.crawler_process.settings
        try:
            check_settings(settings)
            sources = select_sources(load_sources(Path(settings["SOURCES"]).expanduser()), opts.sources, opts.kinds)
            output_dir = output_dir_of(settings)
            if opts.dry_run:
                print_agenda(look_ahead(output_dir, sources, with_revisits=bool(settings["ARTICLE_REVISITS"])))
                return
            with hold_run_lock(output_dir):
                self.exitcode = self.collect(output_dir, sources)
        except RunLocked as error:
            print(f"scrapy collect: {error}", file=sys.stderr)
            self.exitcode = LOCKED
        except PipelineError as error:
            print(f"scrapy collect: {error}", file=sys.stderr)
            tell_failure(settings, str(error))
            self.exitcode = COULD_NOT_RUN

    def collect(self, output_dir: Path, sources: list[Source]) -> int:
        """Crawl those sources that are due, and return the exit status. Raises CorpusError if the store cannot be used."""
        assert self.crawler_process
        settings = self.crawler_process.settings
        # What a killed run left is folded here, whether anything is due or not.
        with open_store_of(settings) as store:
            chosen = due(store, sources, now=datetime.now(UTC), with_revisits=bool(settings["ARTICLE_REVISITS"]))
        if not chosen:
            if not settings.getbool("QUIET"):
                print(f"scrapy collect: nothing is due of {len(sources)} sources; scrapy collect --dry-run says when")
            return GOOD
        crawler = self.crawler_process.create_crawler("news")
        crawling = self.crawler_process.crawl(crawler, source=",".join(source.name for source in chosen))
        self.crawler_process.start()
        if report_failure(crawling, command="collect"):
            tell_failure(settings, "see the log")
            return COULD_NOT_RUN
        return judge(crawler)

    def _set(self, name: str, value: object) -> None:
        """Set what a scheduled run wants, unless the command line says otherwise."""
        assert self.settings is not None
        if self.settings.getpriority(name) != SETTINGS_PRIORITIES["cmdline"]:
            self.settings.set(name, value, priority="cmdline")


def split_names(given: list[str] | None) -> list[str] | None:
    """Return the names of repeated options, each of which may be a list with commas; None if there are none. Raises UsageError for an empty one."""
    if given is None:
        return None
    names = [name.strip() for value in given for name in value.split(",")]
    if not all(names):
        raise UsageError("expected names parted by commas, found an empty one")
    return names


def judge(crawler: Crawler) -> int:
    """Return the exit status of a run that took place."""
    run = Run.of(crawler)
    if run.monitors:
        return MONITOR_FAILED if any(outcome.problems for outcome in run.monitors) else GOOD
    if run.settings.getbool("MONITORS_ENABLED"):  # not even the counts could be read
        tell_failure(run.settings, f"run {run.run_id} could not be judged: {'; '.join(run.problems) or 'see the log'}")
        return MONITOR_FAILED
    return MONITOR_FAILED if exit_status(crawler) else GOOD


def tell_failure(settings: BaseSettings, problem: str) -> None:
    """Tell the webhook, if there is one, that a run could not begin or not be judged."""
    url = settings["MONITOR_WEBHOOK"]
    if not url or not absolute_url(url):
        return
    seconds = settings.getfloat("MONITOR_WEBHOOK_TIMEOUT_SECONDS")
    if unheard := post_json(url, failure_message(problem), timeout_seconds=seconds):
        print(f"scrapy collect: {unheard}", file=sys.stderr)


def _refuse(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    parser.print_usage(sys.stderr)
    print(f"scrapy collect: {message}", file=sys.stderr)
    sys.exit(COULD_NOT_RUN)
