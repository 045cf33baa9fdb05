"""``scrapy sources``: look at the catalogue."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.markup import escape
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from pipelines.discover import load_sources
from pipelines.errors import SourceError
from pipelines.report import make_console


class Command(ScrapyCommand):
    """List the catalogue's sources; a wrong entry is named and exits with 1."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "list"

    def short_desc(self) -> str:
        return "List the sources of the catalogue"

    def long_desc(self) -> str:
        return "Validate the catalogue (SOURCES) and list it. Example: scrapy sources list -s SOURCES=my_sources.toml"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args != ["list"]:
            raise UsageError("say: scrapy sources list")
        assert self.settings is not None
        try:
            sources = load_sources(Path(self.settings["SOURCES"]).expanduser())
        except SourceError as error:
            print(f"scrapy sources: {error}", file=sys.stderr)
            self.exitcode = 1
            return
        table = Table()
        for heading in ("name", "kind", "country", "language", "endpoints", "enabled", "note"):
            table.add_column(heading, justify="right" if heading == "endpoints" else "left")
        for source in sorted(sources, key=lambda source: (source.kind, source.country, source.name)):
            endpoints = len(source.feeds) + len(source.sitemaps) + len(source.sections)
            enabled = "yes" if source.enabled else "no"
            table.add_row(source.name, source.kind, source.country, source.language, str(endpoints), enabled, escape(source.note))
        console = make_console()
        console.print(table)
        console.print(f"{len(sources)} sources, {sum(source.enabled for source in sources)} enabled")
