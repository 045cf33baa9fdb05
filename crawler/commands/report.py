"""``scrapy report``: look at a run and the corpus in a browser."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, ClassVar

from rich.markup import escape
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands import OUTPUT_DIR
from crawler.output import datasets_of, output_dir_of
from pipelines.errors import PipelineError


class Command(ScrapyCommand):
    """Write the report page of a run; nothing in the corpus is changed."""

    requires_project = True
    requires_crawler_process = False
    # In a project of somebody else's, where only the add-on knows ours.
    default_settings: ClassVar[dict[str, Any]] = {"OUTPUT_DIR": OUTPUT_DIR}

    def short_desc(self) -> str:
        return "Write a web page about a run and the corpus"

    def long_desc(self) -> str:
        return (
            "Write one HTML page, with everything in it and no request to the network: what became of every URL, yield and duplicates "
            "by source and day, who copies whom, why pages and lines were not kept, and a searchable table of stories whose copies open "
            "side by side. Without --run it is about the newest run; it stands beside the run's report.json unless --output names another "
            "file. Exit status: 0 good; 1 no such run or corpus, or a file that cannot be written; 2 wrong usage. "
            "Example: scrapy report --output /tmp/report.html -s OUTPUT_DIR=/data/news"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--run", metavar="ID", help="the run to show, a folder of runs/ (default: the newest)")
        parser.add_argument("--output", metavar="FILE", type=Path, help="where to write the page")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError(f"expected options only, got {args[0]!r}")
        assert self.settings is not None
        # Imported here: every command of a project that has ours installed would wait for it.
        from pipelines.report import make_console, write_page

        try:
            target = opts.output.expanduser().resolve() if opts.output else None
            path = write_page(output_dir_of(self.settings), datasets=datasets_of(self.settings), run_id=opts.run, target=target)
        except PipelineError as error:
            print(f"scrapy report: {error}", file=sys.stderr)
            self.exitcode = 1
            return
        make_console().print(escape(str(path)), soft_wrap=True)
