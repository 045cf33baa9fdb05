"""The sites of the newsroom, read from ``sites/<name>/site.toml``: who they are, their endpoints, their broken pages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

SITES = Path(__file__).parent / "sites"


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A feed, sitemap or section page of a site."""

    path: str
    kind: str
    """rss, atom, sitemap_index, news_sitemap, section, html_as_feed."""
    title: str = ""
    tracking: str = ""
    """Query added to every link."""
    is_gzip: bool = False
    children: tuple[str, ...] = ()
    """Paths of the sitemaps that an index names."""
    since: date | None = None
    before: date | None = None
    """Only articles published in [since, before)."""
    extra_links: tuple[tuple[str, str], ...] = ()
    """Further (title, URL) on a section page: what a crawl must leave alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A URL that a site announces and that must not become an article."""

    url: str
    title: str
    fault: str
    stages: tuple[str, ...]
    published_at: datetime
    status: int = 200
    body: str = ""
    inserts: tuple[Mapping[str, Any], ...] = ()
    listed_in: tuple[str, ...] = ()
    """Paths of the endpoints that name it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One host."""

    name: str
    host: str
    brand: str
    kind: str
    language: str
    robots: str
    months: tuple[str, ...]
    date_format: str
    template: Template = field(repr=False)
    blocks: Mapping[str, Template] = field(repr=False)
    phrases: Mapping[str, str] = field(repr=False)
    """The site's own words for an insert without text."""
    furniture: tuple[str, ...] = ()
    """Lines that stand on every article page and are never the article."""
    encoding: str = "utf-8"
    declared_charset: str = "utf-8"
    """In the Content-Type header; empty: the header names none."""
    endpoints: tuple[Endpoint, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def home(self) -> str:
        """Its front page."""
        return self.url_of("/")

    def url_of(self, path: str) -> str:
        """Return the absolute URL of a path on this site."""
        return f"http://{self.host}{path}"

    def format_date(self, moment: datetime) -> str:
        """Return a date as this site prints it."""
        return self.date_format.format(
            day=moment.day,
            month=self.months[moment.month - 1],
            number=moment.month,
            year=moment.year,
            hour=moment.hour,
            hour12=moment.hour % 12 or 12,
            half="a.m." if moment.hour < 12 else "p.m.",
            minute=f"{moment.minute:02d}",
        )


@cache
def read_sites() -> Mapping[str, Site]:
    """Return the sites by name."""
    shared = _templates(tomllib.loads((SITES / "blocks.toml").read_text(encoding="utf-8")))
    return {path.parent.name: _read_site(path, shared) for path in sorted(SITES.glob("*/site.toml"))}


def _read_site(path: Path, shared_blocks: Mapping[str, Template]) -> Site:
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    host = values["host"]
    endpoints = tuple(_make_endpoint(entry) for entry in values.pop("endpoint", ()))
    faults = tuple(_make_fault(entry, host) for entry in values.pop("fault", ()))
    values["months"] = tuple(values["months"].split())
    values["furniture"] = tuple(values.get("furniture", ()))
    return Site(
        name=path.parent.name,
        template=Template((path.parent / "article.html").read_text(encoding="utf-8")),
        blocks={**shared_blocks, **_templates(values.pop("blocks", {}))},
        phrases=values.pop("phrases", {}),
        endpoints=endpoints,
        faults=faults,
        **values,
    )


def _make_endpoint(entry: Mapping[str, Any]) -> Endpoint:
    values = dict(entry)
    values["children"] = tuple(values.get("children", ()))
    values["extra_links"] = tuple((title, url) for title, url in values.get("extra_links", ()))
    return Endpoint(**values)


def _make_fault(entry: Mapping[str, Any], host: str) -> Fault:
    values = dict(entry)
    if "path" in values:
        values["url"] = f"http://{host}{values.pop('path')}"
    for name in ("stages", "inserts", "listed_in"):
        values[name] = tuple(values.get(name, ()))
    values["published_at"] = values.pop("published")
    return Fault(**values)


def _templates(snippets: Mapping[str, str]) -> dict[str, Template]:
    return {name: Template(snippet) for name, snippet in snippets.items()}
