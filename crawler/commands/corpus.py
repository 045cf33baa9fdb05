"""``scrapy corpus``: look after what was stored."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.markup import escape
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from pipelines.chain import open_store
from pipelines.errors import CorpusError
from pipelines.report import make_console

ACTIONS = ("stats", "verify", "rebuild", "compact", "forget")


class Command(ScrapyCommand):
    """Count, check, rebuild or compact the corpus below OUTPUT_DIR."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "stats|verify|rebuild|compact | forget URL"

    def short_desc(self) -> str:
        return "Count, check, rebuild or compact the corpus"

    def long_desc(self) -> str:
        return (
            "stats: how many articles, stories and copies there are. verify: check every promise over the files; exits with 1 and says "
            "what is wrong. rebuild: make corpus, copies and index again from the log. compact: merge the small files of past days, also beside a "
            "running crawl. forget URL: have the next crawl fetch that page again; what is stored of it stays. Example: scrapy corpus stats -s OUTPUT_DIR=/data/news"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--min-age-days", type=int, default=1, metavar="N", help="compact: leave the last N days (UTC) alone; 1: today")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args or args[0] not in ACTIONS or len(args) != (2 if args[0] == "forget" else 1):
            raise UsageError(f"say one of: {', '.join(ACTIONS)} URL")
        assert self.settings is not None
        output_dir = Path(self.settings["OUTPUT_DIR"]).expanduser().resolve()
        try:
            if not (output_dir / "articles").is_dir():
                raise CorpusError(f"{output_dir}: expected a corpus, found no articles/ folder")
            if args[0] == "forget":
                self.exitcode = forget(output_dir, args[1])
                return
            self.exitcode = compact(output_dir, opts.min_age_days) if args[0] == "compact" else act(args[0], output_dir)
        except CorpusError as error:
            print(f"scrapy corpus: {error}", file=sys.stderr)
            self.exitcode = 1


def act(action: str, output_dir: Path) -> int:
    """Do one action and return the exit status."""
    # Verify changes nothing, and rebuild is for a store that cannot recover: a part of its log may be gone.
    store = open_store(output_dir, recover=action == "stats")
    try:
        if action == "verify":
            problems = store.verify()
            for problem in problems:
                print(problem)
            # A damaged state file is among the problems, and left as it is.
            if not problems and (unfinished := store.unfinished()):
                print(unfinished)
            print(f"{output_dir}: {'sound' if not problems else f'{len(problems)} problems'}")
            return 1 if problems else 0
        if action == "rebuild":
            store.rebuild()
        table = Table(show_header=False)
        for name, number in asdict(store.counts()).items():
            table.add_row(name, f"{number:,}")
        console = make_console()
        console.print(escape(str(output_dir)), soft_wrap=True)
        console.print(table)
        return 0
    finally:
        store.close()


def compact(output_dir: Path, min_age_days: int) -> int:
    """Merge the small files of past days, say what was done, and return the exit status."""
    if min_age_days < 0:
        raise UsageError(f"--min-age-days: expected a number from 0, got {min_age_days}")
    with closing(open_store(output_dir)) as store:
        done = store.compact(before=datetime.now(UTC).date() - timedelta(days=min_age_days - 1))
    if not done.days:
        print(f"{output_dir}: nothing to compact")
    else:
        print(
            f"{output_dir}: compacted {done.days} days, {done.files_before:,} files to {done.files_after:,}, "
            f"{done.bytes_before:,} bytes to {done.bytes_after:,}"
        )
    return 0


def forget(output_dir: Path, url: str) -> int:
    """Make a URL unknown, say so, and return the exit status: 1 if it was not known."""
    with closing(open_store(output_dir)) as store:
        if not store.forget_url(url):
            print(f"{url}: not known, nothing to forget")
            return 1
    print(f"{url}: forgotten; the next crawl of its source asks for it again. What is stored of it stays in articles, corpus and copies")
    return 0
