"""The index's tables in SQLite: statements and conversions, no decisions.

Everything here is derived from the log. Only the holder of the fold lock writes. Hashes are stored signed, as SQLite has them;
texts are numbered from 0 without gaps, so that arrays can stand for them.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.members import Member
from pipelines.dedup.packing import unpack_shingles
from pipelines.urls import host_of

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS dedup_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS dedup_source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    # story: label of the component; living: sampled shingles that are no boilerplate; lost: keys that died since last judged.
    "CREATE TABLE IF NOT EXISTS dedup_text (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE, story INTEGER NOT NULL, "
    "living INTEGER NOT NULL, lost INTEGER NOT NULL)",
    # Apart from dedup_text: 2 kB a row, which loading the small columns must not read. fetched_at: of a document of the text, to tell the
    # old ones, which have no row.
    "CREATE TABLE IF NOT EXISTS dedup_shingles (text INTEGER PRIMARY KEY, shingles BLOB NOT NULL, bands BLOB NOT NULL, "
    "fetched_at INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS dedup_shingles_age ON dedup_shingles (fetched_at)",
    # article_id: its 16 bytes where it is 32 hex digits, as a crawl's are. host: null where it is the URL's.
    "CREATE TABLE IF NOT EXISTS dedup_document (id INTEGER PRIMARY KEY, article_id NOT NULL UNIQUE, text INTEGER NOT NULL, "
    "source INTEGER NOT NULL, url_hash INTEGER NOT NULL, words INTEGER NOT NULL, fetched_at INTEGER NOT NULL, published_at INTEGER, "
    "modified_at INTEGER, url TEXT NOT NULL, host TEXT, canonical_url TEXT, syndicated_from TEXT, syndicated_url TEXT, agencies TEXT)",
    "CREATE INDEX IF NOT EXISTS dedup_document_text ON dedup_document (text, source, url_hash)",
    "CREATE TABLE IF NOT EXISTS dedup_flip (flip_key INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS dedup_edge (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS dedup_edge_b ON dedup_edge (b)",
    "CREATE TABLE IF NOT EXISTS dedup_run (name TEXT PRIMARY KEY, level INTEGER NOT NULL, count INTEGER NOT NULL, checksum INTEGER NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS dedup_journal (generation INTEGER PRIMARY KEY, changes BLOB)",
)
TABLES = ("meta", "source", "text", "shingles", "document", "flip", "edge", "run", "journal")
_FACTS = "words, fetched_at, published_at, modified_at, url, host, canonical_url, syndicated_from, syndicated_url, agencies"
_HEX_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_IDS_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

INSERT_DOCUMENT = f"INSERT INTO dedup_document (article_id, text, source, url_hash, {_FACTS}) VALUES ({', '.join('?' * 14)})"
UPDATE_DOCUMENT = f"UPDATE dedup_document SET (text, source, url_hash, {_FACTS}) = ({', '.join('?' * 13)}) WHERE article_id = ?"


def has_tables(connection: sqlite3.Connection) -> bool:
    """Say whether the index was created here."""
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'dedup_journal'").fetchone()
    return bool(found[0])


def read_meta(connection: sqlite3.Connection, name: str) -> str | int | None:
    """Return a value of the header, or None."""
    row = connection.execute("SELECT value FROM dedup_meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def write_meta(connection: sqlite3.Connection, name: str, value: str | int) -> None:
    """Set a value of the header."""
    connection.execute("INSERT INTO dedup_meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))


def read_run_names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the run files."""
    return [name for (name,) in connection.execute("SELECT name FROM dedup_run")]


def read_numbers(connection: sqlite3.Connection, query: str, columns: int) -> NDArray[np.int64]:
    """Return a query's integer columns as an array of shape (rows, columns)."""
    return np.fromiter(chain.from_iterable(connection.execute(query)), np.int64).reshape(-1, columns)


def select_by_number(connection: sqlite3.Connection, query: str, numbers: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query that joins the table ``wanted`` with a column ``value``: one statement for any number of keys."""
    return connection.execute(f"WITH wanted AS MATERIALIZED (SELECT value FROM json_each(?)) {query}", (json.dumps(numbers),))


def find_texts(connection: sqlite3.Connection, digests: Sequence[int]) -> dict[int, int]:
    """Return the numbers of the known texts among the digests."""
    query = "SELECT digest, id FROM wanted CROSS JOIN dedup_text ON digest = value"
    return dict(select_by_number(connection, query, digests))


def find_articles(connection: sqlite3.Connection, article_ids: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Return text, source and URL hash of the known articles among the ids."""
    found: dict[str, tuple[int, int, int]] = {}
    for begin in range(0, len(article_ids), _IDS_AT_ONCE):
        some = [pack_id(article_id) for article_id in article_ids[begin : begin + _IDS_AT_ONCE]]
        query = f"SELECT article_id, text, source, url_hash FROM dedup_document WHERE article_id IN ({','.join('?' * len(some))})"
        found.update((unpack_id(row[0]), row[1:]) for row in connection.execute(query, some))
    return found


def read_shingles(connection: sqlite3.Connection, texts: Sequence[int]) -> dict[int, NDArray[np.uint32]]:
    """Return the shingles of texts, in the order of the text."""
    query = "SELECT text, shingles FROM wanted CROSS JOIN dedup_shingles ON text = value"
    rows = list(select_by_number(connection, query, texts))
    return dict(zip((text for text, _ in rows), unpack_shingles([packed for _, packed in rows]), strict=True))


def read_shingles_and_bands(
    connection: sqlite3.Connection, texts: Sequence[int]
) -> dict[int, tuple[NDArray[np.uint32], NDArray[np.uint32]]]:
    """Return the shingles of texts, in the order of the text, and their band keys."""
    query = "SELECT text, shingles, bands FROM wanted CROSS JOIN dedup_shingles ON text = value"
    rows = list(select_by_number(connection, query, texts))
    shingles = unpack_shingles([packed for _, packed, _ in rows])
    return {text: (own, decode(bands)) for (text, _, bands), own in zip(rows, shingles, strict=True)}


def read_kept_before(connection: sqlite3.Connection, before: int, limit: int) -> list[int]:
    """Return some texts whose shingles are kept and that came with a document fetched before a time, the oldest first."""
    query = "SELECT text FROM dedup_shingles WHERE fetched_at < ? ORDER BY fetched_at, text LIMIT ?"
    return [text for (text,) in connection.execute(query, (before, limit))]


def read_newest(connection: sqlite3.Connection, texts: Sequence[int]) -> dict[int, int]:
    """Return when the newest document of each text was fetched; texts that no document carries are left out."""
    query = "SELECT text, max(fetched_at) FROM wanted CROSS JOIN dedup_document ON text = value GROUP BY text"
    return dict(select_by_number(connection, query, texts))


def read_carriers(connection: sqlite3.Connection, texts: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Return a document of each text that has one: {article_id: (text, digest)}."""
    query = (
        "SELECT article_id, text, digest FROM wanted CROSS JOIN dedup_text ON dedup_text.id = value "
        "CROSS JOIN dedup_document ON dedup_document.id = (SELECT min(id) FROM dedup_document WHERE text = value)"
    )
    return {unpack_id(row[0]): row[1:] for row in select_by_number(connection, query, texts)}


def read_edges(connection: sqlite3.Connection, texts: Sequence[int]) -> set[tuple[int, int]]:
    """Return the edges of which at least one end is among the texts."""
    query = "SELECT a, b FROM wanted CROSS JOIN dedup_edge ON a = value UNION SELECT a, b FROM wanted CROSS JOIN dedup_edge ON b = value"
    return {(a, b) for a, b in select_by_number(connection, query, texts)}


def read_members(connection: sqlite3.Connection, texts: Sequence[int], sources: Sequence[str]) -> list[tuple[Member, int]]:
    """Return the documents of texts as (member, URL hash); sources: names by number."""
    return [(member, url_hash) for member, url_hash, _ in read_numbered_members(connection, texts, sources)]


def read_numbered_members(
    connection: sqlite3.Connection, texts: Sequence[int], sources: Sequence[str]
) -> Iterator[tuple[Member, int, int]]:
    """Yield the documents of texts as (member, URL hash, document number)."""
    query = f"SELECT article_id, text, source, url_hash, {_FACTS}, id FROM wanted CROSS JOIN dedup_document ON text = value"
    for row in select_by_number(connection, query, texts):
        yield (*_as_member(row[:-1], sources), row[-1])


def find_article_ids(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return the article_ids of documents by their numbers."""
    query = "SELECT id, article_id FROM wanted CROSS JOIN dedup_document ON id = value"
    return {number: unpack_id(article_id) for number, article_id in select_by_number(connection, query, numbers)}


def document_row(member: Member, source: int, url_hash: int) -> tuple[object, ...]:
    """Return a member as INSERT_DOCUMENT takes it: article_id, then what UPDATE_DOCUMENT sets."""
    return (
        pack_id(member.article_id),
        member.text,
        source,
        url_hash,
        member.words,
        as_microseconds(member.fetched_at),
        as_microseconds(member.published_at),
        as_microseconds(member.modified_at),
        member.url,
        None if member.host == host_of(member.url) else member.host,
        member.canonical_url,
        member.syndicated_from,
        member.syndicated_url,
        json.dumps(member.agencies) if member.agencies else None,
    )


def pack_id(article_id: str) -> bytes | str:
    """Return an article_id as it is stored: 32 lower-case hex digits as their 16 bytes, others as they are."""
    return bytes.fromhex(article_id) if _HEX_ID.fullmatch(article_id) else article_id


def unpack_id(stored: bytes | str) -> str:
    """Return the article_id that ``pack_id`` packed."""
    return stored if isinstance(stored, str) else stored.hex()


def encode(values: NDArray[np.uint32]) -> bytes:
    """Return 32-bit keys as a blob, little-endian."""
    return values.astype("<u4", copy=False).tobytes()


def decode(blob: bytes) -> NDArray[np.uint32]:
    """Return the 32-bit keys of a blob."""
    return np.frombuffer(blob, "<u4")


def delete_rows(connection: sqlite3.Connection) -> None:
    """Empty all tables of the index."""
    for table in TABLES:
        connection.execute(f"DELETE FROM dedup_{table}")


def _as_member(row: Sequence[Any], sources: Sequence[str]) -> tuple[Member, int]:
    (
        article_id,
        text,
        source,
        url_hash,
        words,
        fetched,
        published,
        modified,
        url,
        host,
        canonical,
        syndicated_from,
        syndicated_url,
        agencies,
    ) = row
    member = Member(
        article_id=unpack_id(article_id),
        source=sources[source],
        url=url,
        host=host_of(url) if host is None else host,
        canonical_url=canonical,
        published_at=_as_time(published),
        modified_at=_as_time(modified),
        fetched_at=_EPOCH + fetched * _MICROSECOND,
        agencies=tuple(json.loads(agencies)) if agencies else (),
        syndicated_from=syndicated_from,
        syndicated_url=syndicated_url,
        text=text,
        words=words,
    )
    return member, url_hash


def as_microseconds(time: datetime | None) -> int | None:
    """Return a time as the tables have it, microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND if time is not None else None


def _as_time(microseconds: int | None) -> datetime | None:
    return _EPOCH + microseconds * _MICROSECOND if microseconds is not None else None
