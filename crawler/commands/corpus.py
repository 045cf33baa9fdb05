"""``scrapy corpus``: look after what was stored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from rich.markup import escape
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.checks import check_settings
from crawler.output import datasets_of, open_store_of, output_dir_of
from pipelines.corpus import FORMATS, SHARD_ROWS, Choice, Store, check_log, export_corpus, summarize_corpus
from pipelines.errors import PipelineError
from pipelines.report import make_console, print_corpus

Opened = Callable[..., Store]
ACTIONS = ("stats", "verify", "rebuild", "compact", "forget", "export")
ARGUMENTS = {"forget": "URL", "export": "OUT"}


class Command(ScrapyCommand):
    """Count, check, rebuild, compact or export the corpus below OUTPUT_DIR."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "stats|verify|rebuild|compact | forget URL | export OUT"

    def short_desc(self) -> str:
        return "Count, check, rebuild, compact or export the corpus"

    def long_desc(self) -> str:
        return (
            "stats: how many articles, stories and copies there are, by day, language, source and agency. verify: check every promise over the files; exits with 1 and says "
            "what is wrong. rebuild: make corpus, copies and index again from the log. compact: merge the small files of past days, also beside a "
            "running crawl. forget URL: have the next crawl fetch that page again; what is stored of it stays. export OUT: write the stories, all or some, to a new folder as "
            "Parquet, JSON lines or a Hugging Face dataset. Example: scrapy corpus stats -s OUTPUT_DIR=/data/news; "
            "scrapy corpus export /data/english --format huggingface --language en"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--min-age-days", type=int, default=1, metavar="N", help="compact: leave the last N days (UTC) alone; 1: today")
        group = parser.add_argument_group("export", "Lists are separated by commas; a story must meet every option that is given")
        group.add_argument("--format", choices=FORMATS, default="parquet", help="default: parquet; jsonl is packed with zstd")
        group.add_argument("--columns", type=_names, default=(), metavar="NAMES", help="only these, in this order")
        group.add_argument("--language", type=_names, default=(), metavar="TAGS", help="en also chooses en-GB")
        group.add_argument("--agency", type=_names, default=(), metavar="CODES", help="stories that bear one of them: AP,REUTERS")
        group.add_argument("--source", type=_names, default=(), metavar="NAMES", help="sources of the canonical copy")
        group.add_argument("--since", type=_day, metavar="DAY", help="YYYY-MM-DD (UTC): stories first seen on that day or later")
        group.add_argument("--until", type=_day, metavar="DAY", help="… or on that day or before")
        group.add_argument("--shard-rows", type=int, default=SHARD_ROWS, metavar="N", help=f"rows of a file, default {SHARD_ROWS}")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args or args[0] not in ACTIONS or len(args) != (2 if args[0] in ARGUMENTS else 1):
            raise UsageError(f"say one of: {', '.join(f'{name} {ARGUMENTS.get(name, str())}'.strip() for name in ACTIONS)}")
        assert self.settings is not None
        try:
            check_settings(self.settings)
            self.exitcode = self.look_after(args, opts)
        except PipelineError as error:
            print(f"scrapy corpus: {error}", file=sys.stderr)
            self.exitcode = 1

    def look_after(self, args: list[str], opts: argparse.Namespace) -> int:
        """Do what is asked and return the exit status. Raises CorpusError where the corpus cannot be used."""
        assert self.settings is not None
        check_log(datasets_of(self.settings))
        output_dir, opened = output_dir_of(self.settings), partial(open_store_of, self.settings)
        if args[0] == "compact":
            return compact(output_dir, opened, opts.min_age_days)
        if args[0] == "export":
            return export(opened, Path(args[1]).expanduser(), opts)
        if args[0] == "forget":
            return forget(opened, args[1])
        return act(args[0], output_dir, opened)


def act(action: str, output_dir: Path, opened: Opened) -> int:
    """Do one action and return the exit status."""
    # Verify changes nothing, and rebuild is for a store that cannot recover: a part of its log may be gone.
    store = opened(recover=action == "stats")
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
        console = make_console()
        console.print(escape(str(output_dir)), soft_wrap=True)
        print_corpus(asdict(store.counts()), summarize_corpus(store.layout), console)
        return 0
    finally:
        store.close()


def compact(output_dir: Path, opened: Opened, min_age_days: int) -> int:
    """Merge the small files of past days, say what was done, and return the exit status."""
    if min_age_days < 0:
        raise UsageError(f"--min-age-days: expected a number from 0, got {min_age_days}")
    with closing(opened()) as store:
        done = store.compact(before=datetime.now(UTC).date() - timedelta(days=min_age_days - 1))
    if not done.days:
        print(f"{output_dir}: nothing to compact")
    else:
        print(
            f"{output_dir}: compacted {done.days} days, {done.files_before:,} files to {done.files_after:,}, "
            f"{done.bytes_before:,} bytes to {done.bytes_after:,}"
        )
    return 0


def forget(opened: Opened, url: str) -> int:
    """Make a URL unknown, say so, and return the exit status: 1 if it was not known."""
    with closing(opened()) as store:
        if not store.forget_url(url):
            print(f"{url}: not known, nothing to forget")
            return 1
    print(f"{url}: forgotten; the next crawl of its source asks for it again. What is stored of it stays in articles, corpus and copies")
    return 0


def export(opened: Opened, target: Path, opts: argparse.Namespace) -> int:
    """Write the stories that the options choose to a new folder, say what it holds, and return the exit status."""
    choice = Choice(
        columns=opts.columns,
        languages=frozenset(opts.language),
        agencies=frozenset(opts.agency),
        sources=frozenset(opts.source),
        since=opts.since,
        until=opts.until,
    )
    with closing(opened()) as store, store.undisturbed():
        done = export_corpus(store.layout, target, format=opts.format, choice=choice, shard_rows=opts.shard_rows)
    print(f"{target}: {done.rows:,} stories in {done.files:,} files, {done.size:,} bytes")
    return 0


def _names(value: str) -> tuple[str, ...]:
    return tuple(name for item in value.split(",") if (name := item.strip()))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a day as YYYY-MM-DD, got {value!r}") from error
