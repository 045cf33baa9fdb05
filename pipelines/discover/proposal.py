"""A source entry proposed from what a site answered, as TOML that the catalogue reads."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pipelines.discover.check import EndpointCheck
from pipelines.discover.entry import read_entry
from pipelines.discover.home_page import HomePage, make_name
from pipelines.errors import SourceError

MAX_FEEDS = 6
MAX_SITEMAPS = 2
MAX_SECTIONS = 6
NEWS_AGE = timedelta(days=4)
"""A news sitemap holds the last two days; the week-end is quiet."""
MAX_NEWS_ENTRIES = 2_000
ARCHIVE_MAX_AGE_DAYS = 7
FEED_PATHS = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/feed/rss", "/rss/news.xml")
"""Where sites keep a feed that they do not declare; asked only when none is declared."""
SITEMAP_PATHS = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/sitemap.xml")
"""Asked only when robots.txt names none."""


def propose_entry(home: HomePage, checks: Sequence[EndpointCheck], *, taken: Collection[str], now: datetime) -> dict[str, object]:
    """Return a catalogue entry of the endpoints that are alive, as a table of its fields.

    Feeds first, each only if it names something that those before do not; then news sitemaps; an archive's sitemap or sections only
    where there is neither. taken are the names that are in use. Raises SourceError when nothing is alive.
    """
    alive = [check for check in checks if check.status == "alive"]
    feeds = _without_repeats([check for check in alive if check.channel == "feed" and check.entries])
    sitemaps = sorted((check for check in alive if check.channel == "sitemap"), key=lambda check: "news" not in check.url.lower())
    news = [check for check in sitemaps if is_news_sitemap(check, now=now)][:MAX_SITEMAPS]
    archives = [] if feeds or news else sitemaps[:1]
    sections = [] if feeds or news else sorted((check for check in alive if check.channel == "section" and check.entries), key=_fewer)
    if not (feeds or news or archives or sections):
        raise SourceError(f"{home.url}: expected a feed, a sitemap or a page with links to articles, found none that is alive")
    entry: dict[str, object] = {"name": make_name(home, taken), "kind": "outlet", "home": home.url}
    entry |= {field: value for field, value in (("language", home.language), ("country", home.country)) if value}
    listed = (("feeds", feeds[:MAX_FEEDS]), ("sitemaps", news or archives), ("sections", sections[:MAX_SECTIONS]))
    entry |= {field: [check.moved_to or check.url for check in chosen] for field, chosen in listed if chosen}
    if archives:
        entry["max_age_days"] = ARCHIVE_MAX_AGE_DAYS
    return entry


def is_news_sitemap(check: EndpointCheck, *, now: datetime) -> bool:
    """Say whether a sitemap is one of new articles: not too long, and its newest entry of these days."""
    return 0 < check.entries <= MAX_NEWS_ENTRIES and check.newest_at is not None and now - check.newest_at <= NEWS_AGE


def render_entry(entry: dict[str, object], comments: Iterable[str] = ()) -> str:
    """Return an entry as TOML with comments above it. Raises SourceError if the catalogue would not take it."""
    _, wrong = read_entry(entry)
    if wrong:
        raise SourceError("; ".join(wrong))
    lines = [f"# {' '.join(comment.split())}" for comment in comments]
    # JSON's strings, numbers and lists of strings are TOML's too.
    return (
        "\n".join([*lines, "[[source]]", *(f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in entry.items())]) + "\n"
    )


def describe_checks(checks: Iterable[EndpointCheck], *, now: datetime) -> list[str]:
    """Return one line for each endpoint that was tried: what it is, what it gave."""
    return [
        f"{check.channel} {check.url}: {check.status}, {check.entries} articles"
        + (f", the newest {_age(now - check.newest_at)} old" if check.newest_at else "")
        + (f", {check.seconds:.1f} s" if check.is_slow else "")
        + (f", moved to {check.moved_to}" if check.moved_to else "")
        + (f" ({check.detail[:200]})" if check.detail else "")
        for check in checks
    ]


def _without_repeats(feeds: Sequence[EndpointCheck]) -> list[EndpointCheck]:
    """Return the feeds that name something which no longer one before them does; WordPress's feed of comments names articles too."""
    chosen: list[EndpointCheck] = []
    seen: set[str] = set()
    for check in sorted(feeds, key=_fewer):
        if "/comments/" not in urlsplit(check.url).path and not set(check.urls) <= seen:
            chosen.append(check)
            seen |= set(check.urls)
    return sorted(chosen, key=feeds.index)


def _fewer(check: EndpointCheck) -> int:
    return -check.entries


def _age(age: timedelta) -> str:
    hours = max(0.0, age / timedelta(hours=1))
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
