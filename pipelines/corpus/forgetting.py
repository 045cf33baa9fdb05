"""Forgetting a URL: every name by which its page is known, so that the next crawl asks for it again. The log keeps its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.corpus.files import Layout
from pipelines.corpus.frontier import requested_url, url_key
from pipelines.corpus.log import LogDataset
from pipelines.corpus.parts import read_part
from pipelines.urls import identity_url

_COLUMNS: dict[LogDataset, list[str]] = {
    "articles": ["url", "canonical_url", "extra", "source"],
    "rejected": ["url", "requested_url", "source"],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page as one row of the log or of ``rejected/`` names it."""

    asked: str
    """What a crawl asked for."""
    source: str
    names: tuple[str, ...]
    """All URLs that the row made known."""


def forget_page(connection: sqlite3.Connection, url: str, pages: Sequence[Page]) -> bool:
    """Make a URL unknown with all names of its page, due at once for its source; False if nothing was known. Inside the caller's transaction.

    What is due is asked for whether or not a feed still names it: an answer 304 would hide it.
    """
    keys = {key for name in (url, *(name for page in pages for name in page.names)) if (key := url_key(name)) is not None}
    waiting = [
        row for key in sorted(keys) for row in connection.execute("SELECT url, source FROM failed_url WHERE hash = ?", (key,)).fetchall()
    ]
    # A page that is forgotten already waits without a try.
    found = [
        connection.execute(f"DELETE FROM {known} AND hash = ?", (key,)).rowcount
        for known in ("url WHERE true", "failed_url WHERE tries > 0", "revisit WHERE true")
        for key in sorted(keys)
    ]
    # One request is enough: the last page that had the URL, or the failure that waited.
    for asked, source in [*waiting, *((page.asked, page.source) for page in pages)][-1:]:
        connection.execute("INSERT OR REPLACE INTO failed_url VALUES (?, ?, ?, 0, 0, 0)", (url_key(asked), asked, source))
    return sum(found) > 0


def find_pages(layout: Layout, url: str) -> list[Page]:
    """Return what the log and ``rejected/`` say of a URL, oldest part first. Reads three columns of all parts."""
    key = url_key(url)
    return [page for page in _pages(layout) if key is not None and key in map(url_key, page.names)]


def _pages(layout: Layout) -> Iterator[Page]:
    for dataset, columns in _COLUMNS.items():
        for name, day in sorted(layout.parts(dataset).items()):
            for row in read_part(layout.path(dataset, day, name), dataset, columns).to_pylist():
                if row["url"]:
                    yield _page(row)


def _page(row: dict[str, Any]) -> Page:
    asked = row.get("requested_url") or requested_url(row.get("extra")) or row["url"]
    names = row["url"], asked, identity_url(row["url"], row.get("canonical_url"))
    return Page(asked=asked, source=row["source"] or "", names=tuple(dict.fromkeys(names)))
