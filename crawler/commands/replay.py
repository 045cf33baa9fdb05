"""``scrapy replay``: the pages of WARC files through the stages, with a progress bar."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES

from crawler.checks import check_settings
from crawler.commands.crawl import exit_status, report_failure
from crawler.output import output_dir_of
from pipelines.errors import SettingsError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Command(ScrapyCommand):
    """Run the ``warc`` spider over files."""

    requires_project = True

    def syntax(self) -> str:
        return "[FILE ...]"

    def short_desc(self) -> str:
        return "Take the pages of WARC files through the stages into a corpus"

    def long_desc(self) -> str:
        return (
            "Take pages from WARC files, an archive of ours (ARCHIVE_WARC), CC-NEWS or any other, through the same stages as a crawl into "
            "OUTPUT_DIR; nothing is fetched, and fetched_at is the archive's date. FILE is a path or a pattern; without any, the archive below "
            "OUTPUT_DIR is taken. A replay that was stopped goes on where its articles are durable. Exit status: 0 good; 1 wrong "
            "configuration, or nothing that could be read; 2 wrong usage. "
            "Example: scrapy replay 'archive/*.warc.gz' --host a.example --since 2026-11-01 -s OUTPUT_DIR=/data/replayed"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--host", metavar="HOSTS", default="", help="only pages of these hosts and those below them, parted by commas")
        parser.add_argument("--since", metavar="DAY", default="", help="only what was fetched on or after this UTC day or time")
        parser.add_argument("--until", metavar="DAY", default="", help="only what was fetched before this UTC day or time")
        parser.add_argument("--again", action="store_true", help="also what an earlier replay into this OUTPUT_DIR has done")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if self.settings.getpriority("LOG_LEVEL") != SETTINGS_PRIORITIES["cmdline"]:
            self.settings.set("LOG_LEVEL", "ERROR", priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process
        settings = self.crawler_process.settings
        if unknown := next((argument for argument in args if argument.startswith("-")), None):
            raise UsageError(f"expected paths or patterns of WARC files, got the option {unknown!r}")
        try:
            check_settings(settings)
        except SettingsError as error:
            print(f"scrapy replay: {error}", file=sys.stderr)
            self.exitcode = 1
            return
        files = args or [str(output_dir_of(settings) / "archive" / "*.warc.gz")]
        console = Console(stderr=True)
        columns = (TextColumn("replay"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        crawler: Crawler = self.crawler_process.create_crawler("warc")
        with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
            task = progress.add_task("replay", total=None)
            crawling = self.crawler_process.crawl(
                crawler,
                files=files,
                host=opts.host,
                since=opts.since,
                until=opts.until,
                again=opts.again,
                advance=lambda done, size: progress.update(task, completed=done, total=size),
            )
            self.crawler_process.start()
        self.exitcode = report_failure(crawling, command="replay") or exit_status(crawler)
