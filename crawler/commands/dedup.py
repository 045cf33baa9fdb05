"""``scrapy dedup``: which documents of a file tell one story."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import get_args

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from pipelines.chain import FileReport, deduplicate_file
from pipelines.errors import PipelineError
from pipelines.records import Relation
from pipelines.report import make_console


class Command(ScrapyCommand):
    """Dedup any Parquet or JSON lines, with the engine of the crawl."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "IN OUT"

    def short_desc(self) -> str:
        return "Find the documents of a Parquet or JSONL file that tell one story"

    def long_desc(self) -> str:
        return (
            "IN: a Parquet file, a folder of them, or JSON lines (.jsonl, .jsonl.gz, .jsonl.zst) with article_id (or id) and text, and if "
            "present source, title, url, published_at and the other columns of articles/. OUT: .parquet, .jsonl or .jsonl.gz with "
            "article_id, story_id, relation, jaccard, containment and is_canonical, one row a document in the order of IN; a file of "
            "that name is replaced. A row that cannot be used is counted and named. Exit status: 0 good; 1 IN cannot be read or OUT "
            "not be written; 2 wrong usage. Example: scrapy dedup news.jsonl stories.parquet"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 2:
            raise UsageError("name two files: scrapy dedup IN OUT")
        source, target = (Path(name).expanduser() for name in args)
        # Killed politely, it takes the index beside OUT along, as for Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            report = deduplicate_with_progress(source, target)
        except PipelineError as error:
            print(f"scrapy dedup: {error}", file=sys.stderr)
            self.exitcode = 1
        except KeyboardInterrupt:
            print(f"scrapy dedup: interrupted, {target} was not written", file=sys.stderr)
            self.exitcode = 1
        else:
            show_report(report, target)


def deduplicate_with_progress(source: Path, target: Path) -> FileReport:
    """Dedup a file with a bar on a terminal's standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = make_console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(escape(source.name), total=None)

        def advance(done: int, size: int) -> None:
            progress.update(task, completed=done, total=size)
            if done >= size:
                progress.update(task, description="settling and writing", total=None)

        return deduplicate_file(source, target, advance=advance)


def show_report(report: FileReport, target: Path) -> None:
    """Print how many stories there are, and what was rejected."""
    tally, relations = report.tally, report.relations
    table = Table(show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    table.add_column("first", overflow="fold")
    table.add_row("rows read", f"{tally.seen:,}")
    for reason, number in sorted(tally.rejected.items()):
        table.add_row(f"rejected: {reason}", f"{number:,}", escape(tally.examples[reason]))
    for name, number in sorted(tally.unread.items()):
        table.add_row(f"kept with {name} unreadable", f"{number:,}", escape(tally.examples[name]))
    if tally.other_signatures:
        table.add_row("kept with minhash of other parameters", f"{tally.other_signatures:,}", escape(tally.examples["minhash"]))
    table.add_row("stories", f"{relations['canonical']:,}")
    for relation in get_args(Relation):
        if relations[relation]:
            table.add_row(f"copies: {relation}", f"{relations[relation]:,}")
    for name, number in report.index.items():
        table.add_row(f"index: {name}", f"{number:,}")
    console = make_console()
    console.print(escape(str(target)), soft_wrap=True)
    console.print(table)
