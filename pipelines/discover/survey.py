"""One answer of an endpoint as a crawl needs it: what to request, what was turned away, what else to read.

Runs in a worker process: a sitemap of 50,000 URLs takes seconds to read and to judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.discover.feeds import read_feed
from pipelines.discover.filter import admit
from pipelines.discover.reading import Reading
from pipelines.discover.sections import read_section
from pipelines.discover.sitemaps import read_sitemap
from pipelines.records import Channel, Discovered, Source
from pipelines.urls import clean_url


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What an endpoint named, sorted out."""

    admitted: Mapping[str, Discovered]
    """By the key under which the URL is known, in the order named."""
    rejected: Mapping[str, int]
    """Reason -> number, ``duplicate`` within this answer included."""
    children: tuple[Discovered, ...]
    """Child sitemaps, newest first."""
    problems: tuple[str, ...]


def survey_endpoint(
    body: bytes, url: str, *, channel: Channel, source: Source, content_type: str | None, encoding: str | None, now: datetime
) -> Survey:
    """Return what a feed, sitemap or section page names, admitted or counted with the reason.

    Raises DiscoveryError if the body is none of the kind.
    """
    reading = _read(body, url, channel=channel, source=source, content_type=content_type, encoding=encoding)
    admitted: dict[str, Discovered] = {}
    rejected: Counter[str] = Counter()
    for entry in reading.entries:
        rejection = admit(entry, source, now=now)
        key = clean_url(entry.url)
        if rejection or key is None:
            rejected[rejection.reason if rejection else "bad_url"] += 1
        elif key in admitted:
            rejected["duplicate"] += 1
        else:
            admitted[key] = entry
    oldest = datetime.min.replace(tzinfo=now.tzinfo)
    children = sorted(reading.children, key=lambda child: child.modified_at or oldest, reverse=True)
    return Survey(admitted=admitted, rejected=dict(rejected), children=tuple(children), problems=reading.problems)


def _read(body: bytes, url: str, *, channel: Channel, source: Source, content_type: str | None, encoding: str | None) -> Reading:
    if channel == "section":
        return read_section(body, url, encoding=encoding, article_urls=source.article_urls)
    return (read_feed if channel == "feed" else read_sitemap)(body, url, content_type=content_type)
