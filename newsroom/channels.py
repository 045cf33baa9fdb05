"""What announces articles: RSS, Atom, news sitemaps and their index, section pages. Plain functions from articles to bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from newsroom.sites import Endpoint, Site

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """One entry of a feed, sitemap or section page."""

    url: str
    """As the entry names it: with tracking parameters, or a redirect."""
    title: str
    summary: str
    author: str
    section: str
    published_at: datetime
    modified_at: datetime
    path: str
    """Of the article itself, for the entry's permanent id."""


def render_rss(site: Site, endpoint: Endpoint, entries: Sequence[Announcement]) -> str:
    """Return an RSS 2.0 feed."""
    items = "".join(
        f"""
    <item>
      <title>{escape(entry.title)}</title>
      <link>{escape(entry.url)}</link>
      <description>{escape(f"<p>{escape(entry.summary)}</p>")}</description>
      <dc:creator>{escape(entry.author)}</dc:creator>
      <category>{escape(entry.section)}</category>
      <pubDate>{format_datetime(entry.published_at)}</pubDate>
      <guid isPermaLink="false">{site.host}{escape(entry.path)}</guid>
    </item>"""
        for entry in entries
    )
    return f"""<?xml version="1.0" encoding="{site.encoding.upper()}"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
  <channel>
    <title>{escape(endpoint.title or site.brand)}</title>
    <link>{site.home}</link>
    <atom:link href="{site.url_of(endpoint.path)}" rel="self" type="application/rss+xml"/>
    <description>{escape(site.brand)}</description>
    <language>{site.language}</language>
    <lastBuildDate>{format_datetime(newest(entries))}</lastBuildDate>{items}
  </channel>
</rss>
"""


def render_atom(site: Site, endpoint: Endpoint, entries: Sequence[Announcement]) -> str:
    """Return an Atom 1.0 feed."""
    items = "".join(
        f"""
  <entry>
    <id>tag:{site.host},2026:{escape(entry.path)}</id>
    <title>{escape(entry.title)}</title>
    <link rel="alternate" type="text/html" href="{escape(entry.url)}"/>
    <published>{entry.published_at.isoformat()}</published>
    <updated>{entry.modified_at.isoformat()}</updated>
    <author><name>{escape(entry.author)}</name></author>
    <category term="{escape(entry.section)}"/>
    <summary>{escape(entry.summary)}</summary>
  </entry>"""
        for entry in entries
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{site.language}">
  <id>{site.home}</id>
  <title>{escape(endpoint.title or site.brand)}</title>
  <link rel="self" href="{site.url_of(endpoint.path)}"/>
  <updated>{newest(entries).isoformat()}</updated>{items}
</feed>
"""


def render_news_sitemap(site: Site, entries: Sequence[Announcement]) -> str:
    """Return a Google News sitemap; without entries it is an empty ``urlset``."""
    items = "".join(
        f"""
  <url>
    <loc>{escape(entry.url)}</loc>
    <lastmod>{entry.modified_at.isoformat()}</lastmod>
    <news:news>
      <news:publication><news:name>{escape(site.brand)}</news:name><news:language>{site.language[:2]}</news:language></news:publication>
      <news:publication_date>{entry.published_at.isoformat()}</news:publication_date>
      <news:title>{escape(entry.title)}</news:title>
    </news:news>
  </url>"""
        for entry in entries
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAP}" xmlns:news="{_NEWS}">{items}\n</urlset>\n'


def render_sitemap_index(site: Site, children: Sequence[tuple[str, datetime]]) -> str:
    """Return a sitemap index of (path, last change)."""
    items = "".join(
        f"\n  <sitemap><loc>{site.url_of(path)}</loc><lastmod>{changed.isoformat()}</lastmod></sitemap>" for path, changed in children
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{_SITEMAP}">{items}\n</sitemapindex>\n'


def render_section(site: Site, title: str, entries: Sequence[Announcement], extra_links: Sequence[tuple[str, str]] = ()) -> str:
    """Return a page of links: a section, or the front page."""
    cards = "".join(
        f"""
    <article class="card">
      <h2><a href="{escape(entry.url.removeprefix(site.home.rstrip("/")))}">{escape(entry.title)}</a></h2>
      <p>{escape(entry.summary)}</p>
      <p class="meta">{escape(entry.author)} | {site.format_date(entry.published_at)}</p>
    </article>"""
        for entry in entries
    )
    others = "".join(f'<li><a href="{escape(url)}">{escape(text)}</a></li>' for text, url in extra_links)
    return f"""<!DOCTYPE html>
<html lang="{site.language}">
<head><meta charset="{site.encoding}"><title>{escape(title)} | {escape(site.brand)}</title></head>
<body>
  <header><a href="/">{escape(site.brand)}</a></header>
  <main>
    <h1>{escape(title)}</h1>{cards}
  </main>
  <footer><ul>{others}<li><a href="/about">{escape(site.brand)}</a></li></ul></footer>
</body>
</html>
"""


def newest(entries: Sequence[Announcement]) -> datetime:
    """Return the last change among entries, UTC; the newsroom's first day if there are none."""
    return max((entry.modified_at.astimezone(UTC) for entry in entries), default=datetime(2026, 10, 12, tzinfo=UTC))
