"""The whole newsroom as a table: URL to answer. The server only looks things up in it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from newsroom.channels import Announcement, newest, render_atom, render_news_sitemap, render_rss, render_section, render_sitemap_index
from newsroom.manuscripts import Insert, Manuscript, manuscripts_of_edition, plain_paragraph, split_paragraphs
from newsroom.pages import render_article
from newsroom.sites import Endpoint, Fault, Site, read_sites

SOURCES_FILE = Path(__file__).parent / "sources.toml"
"""The newsroom's sites as a catalogue for the crawler."""

_CONTENT_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml; charset=utf-8",
    "sitemap_index": "application/xml",
    "news_sitemap": "application/xml",
}
_MAINTENANCE = "<p>We are making improvements. Our feeds will be back shortly.</p>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """What a URL answers."""

    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    body: bytes = field(default=b"", repr=False)
    location: str | None = None
    """Absolute URL of a redirect."""
    etag: str | None = None
    last_modified: str | None = None
    """With either of the two it answers conditional requests with 304."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Every answer of every site in one edition."""

    resources: Mapping[str, Resource]
    """By absolute http URL without fragment."""
    announcements: Mapping[str, tuple[str, ...]]
    """Endpoint URL to the URLs it names."""
    edition: int

    def find(self, url: str) -> Resource | None:
        """Return the answer of a URL; a query the site does not know is ignored, as sites do. None if it has no such page."""
        return self.resources.get(url) or self.resources.get(url.partition("?")[0])

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts it serves."""
        return frozenset(site.host for site in read_sites().values())


@cache
def build_world(edition: int = 1) -> World:
    """Return the newsroom's answers. They hold fixed dates only: the same bytes on any day, so a second crawl finds nothing new."""
    resources: dict[str, Resource] = {}
    announced: dict[str, tuple[str, ...]] = {}
    manuscripts = manuscripts_of_edition(edition)
    for site in read_sites().values():
        own = [manuscript for manuscript in manuscripts if manuscript.site == site.name]
        resources.update(_article_resources(site, own))
        resources.update(_fault_resources(site, own))
        for endpoint in site.endpoints:
            entries = _announcements(site, endpoint, own)
            url = site.url_of(endpoint.path)
            resources[url] = _endpoint_resource(site, endpoint, entries, own)
            announced[url] = tuple(entry.url for entry in entries) if endpoint.kind not in ("sitemap_index", "html_as_feed") else ()
        resources[site.url_of("/robots.txt")] = Resource(content_type="text/plain; charset=utf-8", body=site.robots.encode())
        front = render_section(site, site.brand, _announcements(site, Endpoint(path="/", kind="section"), own))
        resources[site.home] = Resource(content_type=_html_type(site), body=_encode(site, front))
    return World(resources=resources, announcements=announced, edition=edition)


def announce_all(site: Site, endpoint: Endpoint, manuscripts: Iterable[Manuscript]) -> list[tuple[Manuscript, Announcement]]:
    """Return the articles that an endpoint names with their entries, newest first."""
    chosen = [one for one in manuscripts if _is_within(one.published_at, endpoint)]
    chosen.sort(key=lambda one: (one.published_at, one.path), reverse=True)
    return [(one, _announce(site, endpoint, one)) for one in chosen]


def fault_manuscript(site: Site, fault: Fault) -> Manuscript:
    """Return a broken page as a manuscript, so that the site's template renders it."""
    return Manuscript(
        story="",
        site=site.name,
        path=fault.url.removeprefix(site.home.rstrip("/")),
        title=fault.title,
        paragraphs=split_paragraphs(fault.body),
        published_at=fault.published_at,
        inserts=tuple(Insert(**insert) for insert in fault.inserts),
    )


def _article_resources(site: Site, manuscripts: Sequence[Manuscript]) -> dict[str, Resource]:
    resources: dict[str, Resource] = {}
    for manuscript in manuscripts:
        url = site.url_of(manuscript.path)
        resources[url] = Resource(content_type=_html_type(site), body=render_article(site, manuscript, manuscripts))
        if manuscript.redirect_from:
            resources[site.url_of(manuscript.redirect_from)] = Resource(status=301, location=url)
    return resources


def _fault_resources(site: Site, manuscripts: Sequence[Manuscript]) -> dict[str, Resource]:
    own = [fault for fault in site.faults if fault.url.startswith(site.home) and fault.status == 200 and fault.fault != "not_a_feed"]
    return {
        fault.url: Resource(content_type=_html_type(site), body=render_article(site, fault_manuscript(site, fault), manuscripts))
        for fault in own
    }


def _announcements(site: Site, endpoint: Endpoint, manuscripts: Sequence[Manuscript]) -> list[Announcement]:
    entries = [entry for _, entry in announce_all(site, endpoint, manuscripts)]
    entries += [_announce_fault(site, fault) for fault in site.faults if endpoint.path in fault.listed_in]
    return sorted(entries, key=lambda entry: (entry.published_at, entry.path), reverse=True)


def _announce(site: Site, endpoint: Endpoint, manuscript: Manuscript) -> Announcement:
    is_redirected = manuscript.redirect_from and endpoint.kind in ("rss", "atom")
    url = site.url_of(manuscript.redirect_from if is_redirected else manuscript.path)
    return Announcement(
        url=f"{url}?{endpoint.tracking}" if endpoint.tracking else url,
        title=manuscript.title,
        summary=manuscript.standfirst or plain_paragraph(manuscript.paragraphs[0])[:180].rsplit(" ", 1)[0] + " …",
        author=", ".join(manuscript.authors) or manuscript.organization or site.brand,
        section=manuscript.section,
        published_at=manuscript.published_at,
        modified_at=manuscript.modified_at or manuscript.published_at,
        path=manuscript.path,
    )


def _announce_fault(site: Site, fault: Fault) -> Announcement:
    return Announcement(
        url=fault.url,
        title=fault.title,
        summary=fault.title,
        author=site.brand,
        section="",
        published_at=fault.published_at,
        modified_at=fault.published_at,
        path=fault.url.removeprefix(site.home.rstrip("/")),
    )


def _endpoint_resource(site: Site, endpoint: Endpoint, entries: Sequence[Announcement], own: Sequence[Manuscript]) -> Resource:
    encoding = site.encoding if endpoint.kind in ("rss", "section", "html_as_feed") else "utf-8"
    body = _render_endpoint(site, endpoint, entries, own).encode(encoding, "xmlcharrefreplace")
    content_type = _CONTENT_TYPES.get(endpoint.kind, _html_type(site))
    if endpoint.is_gzip:
        body, content_type = gzip.compress(body, mtime=0), "application/x-gzip"
    return Resource(
        content_type=content_type,
        body=body,
        etag=f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        last_modified=format_datetime(newest(entries), usegmt=True),
    )


def _render_endpoint(site: Site, endpoint: Endpoint, entries: Sequence[Announcement], own: Sequence[Manuscript]) -> str:
    match endpoint.kind:
        case "rss":
            return render_rss(site, endpoint, entries)
        case "atom":
            return render_atom(site, endpoint, entries)
        case "news_sitemap":
            return render_news_sitemap(site, entries)
        case "sitemap_index":
            children = {one.path: one for one in site.endpoints if one.path in endpoint.children}
            return render_sitemap_index(site, [(path, newest(_announcements(site, children[path], own))) for path in endpoint.children])
        case "section":
            return render_section(site, endpoint.title, entries, endpoint.extra_links)
        case "html_as_feed":
            return f"<!DOCTYPE html><html><head><title>{site.brand}</title></head><body><h1>{site.brand}</h1>{_MAINTENANCE}</body></html>"
        case kind:
            raise ValueError(f"{site.name}: {endpoint.path} has the unknown kind {kind!r}")


def _is_within(moment: datetime, endpoint: Endpoint) -> bool:
    day = moment.astimezone(UTC).date()
    return (endpoint.since or date.min) <= day < (endpoint.before or date.max)


def _html_type(site: Site) -> str:
    return f"text/html; charset={site.declared_charset}" if site.declared_charset else "text/html"


def _encode(site: Site, text: str) -> bytes:
    return text.encode(site.encoding, "xmlcharrefreplace")
