"""``scrapy demo``: crawl the newsroom that ships with the project, and show what came of it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.settings import SETTINGS_PRIORITIES

from crawler.commands.crawl import exit_status, report_failure
from crawler.output import datasets_of, output_dir_of
from crawler.run import Run
from newsroom import SOURCES_FILE, Newsroom
from pipelines.corpus import Place, read_stories
from pipelines.report import make_console

READ_IT = """import pandas as pd
corpus = pd.read_parquet({path!r})
print(corpus[["title", "agencies", "syndicated_from", "word_count"]])"""


class Command(ScrapyCommand):
    """Crawl a small newsroom served on loopback: real spiders, real Parquet, no network."""

    requires_project = True

    def short_desc(self) -> str:
        return "Crawl the small newsroom that ships with the project"

    def long_desc(self) -> str:
        return (
            "Serve the project's own newsroom (a wire agency, outlets, republishers) on loopback, crawl it with the news spider into "
            "OUTPUT_DIR and print the stories and their copies. A second run adds nothing. Example: scrapy demo -s OUTPUT_DIR=/tmp/demo"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        self.settings.set("SOURCES", str(SOURCES_FILE), priority="cmdline")
        if self.settings.getpriority("LOG_LEVEL") != SETTINGS_PRIORITIES["cmdline"]:
            self.settings.set("LOG_LEVEL", "ERROR", priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process
        with Newsroom.serve() as newsroom:
            # The newsroom answers as a forward proxy, so that its hosts keep their names without any DNS.
            os.environ["http_proxy"] = newsroom.proxy_url
            os.environ["no_proxy"] = ""
            crawler = self.crawler_process.create_crawler("news")
            crawling = self.crawler_process.crawl(crawler)
            self.crawler_process.start()
        self.exitcode = report_failure(crawling) or exit_status(crawler)
        if self.exitcode == 0:
            console = make_console()
            settings = self.crawler_process.settings
            show_stories(datasets_of(settings), settings.get("DATASETS_URI"), console)
            page = output_dir_of(settings) / "runs" / Run.of(crawler).run_id / "report.html"
            if page.exists():
                console.print(f"\nOpen the report in a browser:\n{escape(str(page))}", soft_wrap=True)


def show_stories(datasets: Place, uri: str | None, console: Console) -> None:
    """Print each story with its copies, and how to read the corpus; uri: DATASETS_URI."""
    table = Table(title="Stories that ran more than once", title_justify="left")
    table.add_column("story (title of its canonical copy)", no_wrap=True, max_width=56)
    table.add_column("from", no_wrap=True)
    table.add_column("agency", no_wrap=True)
    table.add_column("also in", overflow="fold")
    stories = read_stories(datasets)
    for story in stories:
        if story.copies:
            also = ", ".join(f"{copy['source']} ({copy['relation']})" for copy in story.copies)
            row = story.canonical
            table.add_row(escape(row["title"] or ""), row["source"], ", ".join(row["agencies"] or []), also)
    console.print(table)
    copies = sum(len(story.copies) for story in stories)
    console.print(f"[bold]{len(stories)}[/] stories, [bold]{copies}[/] copies of them.")
    for name, what in (
        ("corpus", "each story once"),
        ("copies", "every copy and its story"),
        ("articles", "the log of all articles"),
        ("rejected", "what was no article, and why"),
    ):
        console.print(f"  {escape(str(datasets / name))}/  {what}", soft_wrap=True)
    path = str(datasets / "corpus")
    if uri and not isinstance(datasets, Path):
        # With what stands behind "?", such as the region: pandas hands it on to Arrow.
        path += uri[len(uri.partition("?")[0]) :]
    console.print("\nRead it:\n" + escape(READ_IT.format(path=path)), soft_wrap=True)
