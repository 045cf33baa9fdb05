"""``scrapy explain``: why an article is what it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands import OUTPUT_DIR
from crawler.output import datasets_of
from pipelines.errors import PipelineError


class Command(ScrapyCommand):
    """Say where an article came from, what was cut from it, and why its story's canonical copy is the one it is."""

    requires_project = True
    requires_crawler_process = False
    # In a project of somebody else's, where only the add-on knows ours.
    default_settings: ClassVar[dict[str, Any]] = {"OUTPUT_DIR": OUTPUT_DIR}

    def syntax(self) -> str:
        return "URL-or-id"

    def short_desc(self) -> str:
        return "Say why an article is what it is, or why a URL gave none"

    def long_desc(self) -> str:
        return (
            "Print where an article came from and when, who wrote it and by what evidence, what was cut from its page and why, its story "
            "with the rule that decided against each other copy, and how the copies differ; for a URL that was rejected, when and why. "
            "An id is that of an article or story, or its first digits. Exit status: 0 good; 1 nothing is known of it, or no corpus; "
            "2 wrong usage. Example: scrapy explain 4fcc436d --output /data/news"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--output", metavar="DIR", type=Path, help="the output folder to look in (default: OUTPUT_DIR)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one URL or id")
        assert self.settings is not None
        # Imported here: every command of a project that has ours installed would wait for it.
        from pipelines.corpus import check_log
        from pipelines.explain import explain, print_explanation
        from pipelines.report import make_console

        try:
            datasets = opts.output.expanduser().resolve() if opts.output else datasets_of(self.settings)
            check_log(datasets)
            print_explanation(explain(datasets, args[0]), make_console())
        except PipelineError as error:
            print(f"scrapy explain: {error}", file=sys.stderr)
            self.exitcode = 1
