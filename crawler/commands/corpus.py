"""``scrapy corpus``: look after what was stored."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from pipelines.chain import open_store
from pipelines.errors import CorpusError
from pipelines.report import make_console

ACTIONS = ("stats", "verify", "rebuild")


class Command(ScrapyCommand):
    """Count, check or rebuild the corpus below OUTPUT_DIR."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "stats|verify|rebuild"

    def short_desc(self) -> str:
        return "Count, check or rebuild the corpus"

    def long_desc(self) -> str:
        return (
            "stats: how many articles, stories and copies there are. verify: check every promise over the files; exits with 1 and says "
            "what is wrong. rebuild: make corpus, copies and index again from the log. Example: scrapy corpus stats -s OUTPUT_DIR=/data/news"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or args[0] not in ACTIONS:
            raise UsageError(f"say one of: {', '.join(ACTIONS)}")
        assert self.settings is not None
        output_dir = Path(self.settings["OUTPUT_DIR"]).expanduser().resolve()
        try:
            if not (output_dir / "articles").is_dir():
                raise CorpusError(f"{output_dir}: expected a corpus, found no articles/ folder")
            self.exitcode = act(args[0], output_dir)
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
