"""``scrapy sources``: look at the catalogue, see whether its sources are alive, propose a new one."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table
from scrapy import Spider
from scrapy.commands import ScrapyCommand
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import UsageError

from crawler.checks import check_settings
from crawler.discovery import slots_with_delay
from crawler.probing import CheckSpider, DiscoverSpider
from pipelines.discover import load_sources, select_sources
from pipelines.discover.check import EndpointCheck, status_of
from pipelines.discover.proposal import describe_checks, propose_entry, render_entry
from pipelines.errors import PipelineError, SourceError
from pipelines.records import Source
from pipelines.report import make_console
from pipelines.urls import absolute_url, is_same_site

USAGE = "say: scrapy sources list [--summary], scrapy sources check [NAME ...] [--json], or scrapy sources discover URL"


class Command(ScrapyCommand):
    """List the catalogue's sources, check them, or propose a new one."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "list [--summary] | check [NAME ...] [--json] | discover URL"

    def short_desc(self) -> str:
        return "List and check the sources of the catalogue, or propose a new one from a site's address"

    def long_desc(self) -> str:
        return (
            "list validates the catalogue (SOURCES) and shows it. check asks every feed, sitemap and section page of the enabled or named "
            "sources once and says which are alive, empty, blocked, moved or slow; it exits with 1 when a source yields nothing. discover "
            "looks at a home page and prints a [[source]] entry for what it offers, as TOML. "
            "Example: scrapy sources discover https://www.gazette.example/ >> my_sources.toml"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--summary", action="store_true", help="list: count the enabled sources by kind, country and language")
        parser.add_argument("--json", action="store_true", help="check: print JSON")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        what, rest = (args[0], args[1:]) if args else ("", [])
        if what not in ("list", "check", "discover") or (what == "list" and rest) or (what == "discover" and len(rest) != 1):
            raise UsageError(USAGE)
        if (opts.summary and what != "list") or (opts.json and what != "check"):
            raise UsageError(USAGE)
        try:
            check_settings(self.settings)
            sources = load_sources(Path(self.settings["SOURCES"]).expanduser())
            if what == "list":
                (print_summary if opts.summary else print_list)(sources)
            elif what == "check":
                self.exitcode = self.check(select_sources(sources, rest), as_json=opts.json)
            else:
                print(self.discover(rest[0], sources), end="")
        except PipelineError as error:
            print(f"scrapy sources: {error}", file=sys.stderr)
            self.exitcode = 1

    def check(self, sources: list[Source], *, as_json: bool) -> int:
        """Ask the endpoints of sources and print what they showed; 1 if one of the sources yields nothing."""
        spider = self.crawl(CheckSpider, sources=sources)
        found = [(source, sorted(spider.checks.get(source.name, []), key=lambda check: check.url)) for source in sources]
        if as_json:
            told = [
                {"name": source.name, "status": status_of(checks), "endpoints": [check.as_dict() for check in checks]}
                for source, checks in found
            ]
            print(json.dumps({"sources": told}, indent=2, ensure_ascii=False))
        else:
            print_checks(found)
        return 0 if all(status_of(checks) == "alive" for _, checks in found) else 1

    def discover(self, address: str, sources: list[Source]) -> str:
        """Return an entry for a site, with what was tried as comments. Raises SourceError when the site offers nothing."""
        url = absolute_url(address if "://" in address else f"https://{address}")
        if url is None:
            raise SourceError(f"discover: expected the http(s) address of a site, got {address!r}")
        for source in sources:
            if is_same_site(source.home, url):
                print(f"scrapy sources: the catalogue has this site as {source.name!r} already. {source.note}".rstrip(), file=sys.stderr)
        spider = self.crawl(DiscoverSpider, url=url)
        if spider.home is None:
            raise SourceError(f"{url}: its home page could not be read: {spider.refusal or 'the run was stopped'}")
        now = datetime.now(UTC)
        checks = spider.checks.get("proposed", [])
        comments = describe_checks([check for check in checks if check.status != "broken" or not spider.is_guess(check.url)], now=now)
        try:
            entry = propose_entry(spider.home, checks, taken={source.name for source in sources}, now=now)
        except SourceError as error:
            raise SourceError("\n".join([str(error), *comments])) from error
        head = f"Proposed on {now:%Y-%m-%d} from {url}; kind, language and country are guesses. Read its terms. What was tried:"
        return render_entry(entry, [head, *comments])

    def crawl(self, spider: type[Spider], **arguments: Any) -> Any:
        """Run a spider to its end and return it."""
        assert self.settings is not None
        # Told by the command itself; what Scrapy says of each request would hide it.
        self.settings.set("LOG_LEVEL", "CRITICAL", priority="cmdline")
        self.settings.set("DOWNLOAD_SLOTS", slots_with_delay(arguments.get("sources", [])), priority="cmdline")
        process = AsyncCrawlerProcess(self.settings)
        crawler = process.create_crawler(spider)
        process.crawl(crawler, **arguments)
        process.start()
        if crawler.spider is None:
            raise SourceError("the requests could not be started")
        return crawler.spider


def print_list(sources: list[Source]) -> None:
    """Print every source of the catalogue, by kind, country and name."""
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


def print_summary(sources: list[Source]) -> None:
    """Print how many enabled sources there are of each kind, country and language."""
    enabled = [source for source in sources if source.enabled]
    console = make_console()
    for what, counts in (
        ("kinds", Counter(source.kind for source in enabled)),
        ("countries", Counter(source.country for source in enabled)),
        ("languages", Counter(source.language for source in enabled)),
    ):
        told = ", ".join(f"{name} {number}" for name, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        console.print(f"{len(counts)} {what}: {told}")
    console.print(f"{len(sources)} sources, {len(enabled)} enabled")


def print_checks(found: list[tuple[Source, list[EndpointCheck]]]) -> None:
    """Print what the endpoints of sources showed, one line each, and how many sources are in which state."""
    table = Table()
    for heading in ("source", "endpoint", "status", "articles", "newest", "seconds", "remarks"):
        table.add_column(heading, justify="right" if heading in ("articles", "seconds") else "left", overflow="fold")
    for source, checks in found:
        for check in checks:
            remarks = [*(["slow"] if check.is_slow else []), *([f"moved to {check.moved_to}"] if check.moved_to else []), check.detail]
            newest = f"{check.newest_at:%Y-%m-%d %H:%M}" if check.newest_at else ""
            seconds = "" if check.seconds is None else f"{check.seconds:.1f}"
            table.add_row(
                source.name, check.url, check.status, str(check.entries), newest, seconds, escape("; ".join(filter(None, remarks)))
            )
    console = make_console()
    console.print(table)
    states = Counter(status_of(checks) for _, checks in found)
    console.print(f"{len(found)} sources: {', '.join(f'{number} {state}' for state, number in sorted(states.items()))}")
