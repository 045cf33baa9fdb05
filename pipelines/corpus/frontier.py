"""What is known of URLs: committed, rejected, or failed and when to ask again; and what feeds and sitemaps said last; and
which stored articles are to be fetched again.

A URL is known by the 8-byte BLAKE2b hash of ``urls.clean_url`` of it. Every function here writes inside the caller's transaction and
gives the same state when it is called again with the same rows.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from pipelines.corpus.rows import from_microseconds, microseconds_of, to_microseconds
from pipelines.corpus.state import select_in
from pipelines.records import Endpoint, Revisit
from pipelines.urls import clean_url, identity_url

FIRST_RETRY = timedelta(hours=1)
LONGEST_RETRY = timedelta(days=7)

# In order of weight: a committed URL stays committed whatever happens to it later.
REJECTED, COMMITTED = 1, 2
MAX_TRIES = 10
"""A URL that failed so often, over about three weeks, is given up."""
_HOUR_US = FIRST_RETRY // timedelta(microseconds=1)
_WEEK_US = LONGEST_RETRY // timedelta(microseconds=1)
_ENDPOINT_COLUMNS = "url, etag, last_modified, fetched_us, unchanged_count, asked_us, new_per_hour, failures, due_us, lastmod_us"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A URL that may succeed later: which to ask again, for which source, and when it was tried."""

    url: str
    source: str
    tried_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """What a batch or a part says of URLs."""

    committed: frozenset[int] = frozenset()
    rejected: frozenset[int] = frozenset()
    failed: tuple[Failure, ...] = ()


def url_key(url: str) -> int | None:
    """Return the key by which a URL is known, a signed 64-bit integer; None if it is no http(s) URL."""
    if (cleaned := clean_url(url)) is None:
        return None
    digest = hashlib.blake2b(cleaned.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def marks_of_articles(table: pa.Table) -> Marks:
    """Return the URLs that log rows make known: where each was found, what was asked for, and the canonical URL on the same site."""
    keys: set[int] = set()
    for url, canonical_url, extra in zip(*(table[name].to_pylist() for name in ("url", "canonical_url", "extra")), strict=True):
        keys |= _keys(url, requested_url(extra), identity_url(url, canonical_url) if url else None)
    return Marks(committed=frozenset(keys))


def marks_of_rejections(table: pa.Table) -> Marks:
    """Return the URLs that rows of ``rejected/`` settle for good, and those to ask again."""
    keys: set[int] = set()
    failed = []
    columns = (table[name].to_pylist() for name in ("url", "requested_url", "is_final", "source"))
    for url, requested_url, is_final, source, tried_us in zip(*columns, microseconds_of(table["fetched_at"]), strict=True):
        if is_final:
            keys |= _keys(url, requested_url)
        elif _keys(requested_url or url):
            failed.append(Failure(url=requested_url or url, source=source or "", tried_us=tried_us or 0))
    return Marks(rejected=frozenset(keys), failed=tuple(failed))


def write_marks(connection: sqlite3.Connection, marks: Marks) -> None:
    """Make the URLs known. Applying the same marks twice, or older ones late, changes nothing."""
    rows = [(key, REJECTED) for key in marks.rejected - marks.committed] + [(key, COMMITTED) for key in marks.committed]
    connection.executemany(
        "INSERT INTO url VALUES (?, ?) ON CONFLICT(hash) DO UPDATE SET status = max(status, excluded.status) WHERE status < excluded.status",
        sorted(rows),
    )
    connection.executemany("DELETE FROM failed_url WHERE hash = ?", sorted((key,) for key, _ in rows))
    connection.executemany(
        "INSERT INTO failed_url SELECT :key, :url, :source, 1, :tried, :tried + :hour WHERE NOT EXISTS (SELECT 1 FROM url WHERE hash = :key) "
        "ON CONFLICT(hash) DO UPDATE SET tries = tries + 1, last_try_us = :tried, source = :source, "
        # An unfinished shift: beyond 20 doublings the bound has long been reached.
        "next_try_us = :tried + min(:hour << min(tries, 20), :week) WHERE :tried > last_try_us",
        [
            {"key": url_key(item.url), "url": item.url, "source": item.source, "tried": item.tried_us, "hour": _HOUR_US, "week": _WEEK_US}
            for item in sorted(marks.failed, key=lambda item: item.tried_us)
        ],
    )


def known_urls(connection: sqlite3.Connection, urls: Iterable[str], *, now: datetime) -> set[str]:
    """Return those of the URLs that need not be fetched now: committed, rejected, or failed and not due again."""
    keys = {url: key for url in urls if (key := url_key(url)) is not None}
    known = {key for (key,) in select_in(connection, "SELECT hash FROM url WHERE hash IN ({})", keys.values())}
    waiting = f"SELECT hash FROM failed_url WHERE (next_try_us > {to_microseconds(now)} OR tries >= {MAX_TRIES}) AND hash IN ({{}})"
    known |= {key for (key,) in select_in(connection, waiting, keys.values())}
    return {url for url, key in keys.items() if key in known}


def due_retries(connection: sqlite3.Connection, source: str, *, now: datetime, limit: int) -> list[str]:
    """Return failed URLs of a source whose time has come, the longest due first; those that failed MAX_TRIES times are given up."""
    query = "SELECT url FROM failed_url WHERE source = ? AND next_try_us <= ? AND tries < ? ORDER BY next_try_us, url LIMIT ?"
    return [url for (url,) in connection.execute(query, (source, to_microseconds(now), MAX_TRIES, limit))]


def save_endpoints(connection: sqlite3.Connection, endpoints: Iterable[Endpoint]) -> None:
    """Remember what feeds, sitemaps and section pages said last."""
    connection.executemany(
        f"INSERT OR REPLACE INTO endpoint({_ENDPOINT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                item.url, item.etag, item.last_modified, _us(item.fetched_at), item.unchanged_count,
                _us(item.asked_at), item.new_per_hour, item.failures, _us(item.due_at), _us(item.lastmod),
            )
            for item in endpoints
        ],
    )  # fmt: skip


def load_endpoints(connection: sqlite3.Connection, urls: Iterable[str]) -> dict[str, Endpoint]:
    """Return {url: what a feed, sitemap or section page said last}, without those that were never asked."""
    query = f"SELECT {_ENDPOINT_COLUMNS} FROM endpoint WHERE url IN ({{}})"
    return {row[0]: _endpoint(row) for row in select_in(connection, query, urls)}


def save_revisits(connection: sqlite3.Connection, revisits: Iterable[Revisit]) -> None:
    """Note when stored articles are to be fetched again; one that is not due any more is forgotten."""
    rows = [(url_key(item.url), item) for item in revisits]
    connection.executemany(
        "INSERT OR REPLACE INTO revisit(hash, url, source, text_sha256, first_us, due_us, etag, last_modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                key, item.url, item.source, item.text_sha256, to_microseconds(item.first_fetched_at),
                to_microseconds(item.due_at), item.etag, item.last_modified,
            )
            for key, item in rows
            if item.due_at is not None and key is not None
        ],
    )  # fmt: skip
    connection.executemany("DELETE FROM revisit WHERE hash = ?", [(key,) for key, item in rows if item.due_at is None])


def due_revisits(connection: sqlite3.Connection, source: str, *, now: datetime, limit: int) -> list[Revisit]:
    """Return the articles of a source that are to be fetched again, the longest due first."""
    query = (
        "SELECT url, source, text_sha256, first_us, due_us, etag, last_modified FROM revisit "
        "WHERE source = ? AND due_us <= ? ORDER BY due_us, url LIMIT ?"
    )
    return [
        Revisit(
            url=url, source=name, text_sha256=text_sha256, first_fetched_at=from_microseconds(first_us),
            due_at=from_microseconds(due_us), etag=etag, last_modified=last_modified,
        )
        for url, name, text_sha256, first_us, due_us, etag, last_modified in connection.execute(query, (source, to_microseconds(now), limit))
    ]  # fmt: skip


def _endpoint(row: tuple[Any, ...]) -> Endpoint:
    url, etag, last_modified, fetched_us, unchanged_count, asked_us, new_per_hour, failures, due_us, lastmod_us = row
    return Endpoint(
        url=url, etag=etag, last_modified=last_modified, fetched_at=_moment(fetched_us), unchanged_count=unchanged_count,
        asked_at=_moment(asked_us), new_per_hour=new_per_hour, failures=failures, due_at=_moment(due_us), lastmod=_moment(lastmod_us),
    )  # fmt: skip


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else from_microseconds(microseconds)


def _keys(*urls: str | None) -> set[int]:
    return {key for url in urls if url and (key := url_key(url)) is not None}


def requested_url(extra: str | None) -> str | None:
    """Return the URL that a redirect started from, as the column ``extra`` of the log has it; None if there was no redirect."""
    try:
        said = json.loads(extra) if extra else {}
    except ValueError:
        return None
    found = said.get("requested_url") if isinstance(said, dict) else None
    return found if isinstance(found, str) else None
