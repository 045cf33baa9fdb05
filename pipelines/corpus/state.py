"""The state file: one SQLite database with the part registry, the URL state and every article's place in its story.

All of it but the endpoints can be rebuilt from ``articles/`` and ``rejected/``. The dedup index keeps its own tables in the same file,
so that one transaction covers both.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import StoreBusy, StoreDamaged, StoreVersion
from pipelines.sqlite import is_damage, transaction

logger = logging.getLogger(__name__)

STATE_VERSION = 2
BUSY_TIMEOUT_MS = 30_000
CHECKED_AT_START_BYTES = 64 << 20
"""A state file up to this size is checked page by page at every start (0.1 s); a larger one when an error gives reason to."""
PAGE_BYTES = 16_384

# What became of a part: its rows are not in the index yet, or they are, or another part holds them (a tombstone).
REGISTERED, FOLDED, MERGED = 0, 1, 2
# Which derived files of a part's name no longer say what the index says; and that files of the parts it merges may be left.
CORPUS_DIRTY, COPIES_DIRTY, MERGE_UNFINISHED = 1, 2, 4

# Stored articles that are to be fetched again, by the key of their URL; a row goes after its last visit.
_REVISIT_TABLE = (
    "CREATE TABLE revisit(hash INTEGER PRIMARY KEY, url TEXT NOT NULL, source TEXT NOT NULL, text_sha256 BLOB NOT NULL, "
    "first_us INTEGER NOT NULL, due_us INTEGER NOT NULL, etag TEXT, last_modified TEXT)",
    "CREATE INDEX revisit_due ON revisit(source, due_us)",
)
_TABLES = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "CREATE TABLE part(id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, name TEXT NOT NULL, day TEXT NOT NULL, "
    "row_count INTEGER NOT NULL, state INTEGER NOT NULL, dirty INTEGER NOT NULL DEFAULT 0, UNIQUE(dataset, name))",
    "CREATE INDEX part_unfolded ON part(dataset, name) WHERE state = 0",
    "CREATE INDEX part_dirty ON part(day, name) WHERE dirty != 0",
    # Ids are the 16 bytes behind the 32 hex digits; canonical_id is article_id itself for a canonical copy.
    "CREATE TABLE member(article_id BLOB PRIMARY KEY, part INTEGER NOT NULL, fetched_us INTEGER NOT NULL, story_id BLOB NOT NULL, "
    "canonical_id BLOB NOT NULL, relation TEXT, jaccard REAL, containment REAL) WITHOUT ROWID",
    "CREATE INDEX member_part ON member(part)",
    "CREATE INDEX member_copy ON member(story_id) WHERE canonical_id != article_id",
    # What each article says of where its text comes from: agencies parted by spaces, syndicated_from, the other site of its canonical URL.
    "CREATE TABLE said(article_id BLOB PRIMARY KEY, host TEXT NOT NULL, agencies TEXT NOT NULL, origin TEXT, points_to TEXT) WITHOUT ROWID",
    "CREATE INDEX said_host ON said(host)",
    "CREATE INDEX said_pointing ON said(host, points_to) WHERE points_to IS NOT NULL",
    # Hosts whose pages all point to one other site, as the published rows know them.
    "CREATE TABLE host_move(host TEXT PRIMARY KEY, site TEXT NOT NULL) WITHOUT ROWID",
    # Articles whose row in the log is another one than the corpus may show: not to be copied from the present corpus file.
    "CREATE TABLE moved(article_id BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE url(hash INTEGER PRIMARY KEY, status INTEGER NOT NULL)",
    "CREATE TABLE failed_url(hash INTEGER PRIMARY KEY, url TEXT NOT NULL, source TEXT NOT NULL, tries INTEGER NOT NULL, "
    "last_try_us INTEGER NOT NULL, next_try_us INTEGER NOT NULL)",
    "CREATE INDEX failed_url_due ON failed_url(source, next_try_us)",
    "CREATE TABLE endpoint(url TEXT PRIMARY KEY, etag TEXT, last_modified TEXT, fetched_us INTEGER, unchanged_count INTEGER NOT NULL, "
    "asked_us INTEGER, new_per_hour REAL, failures INTEGER NOT NULL DEFAULT 0, due_us INTEGER, lastmod_us INTEGER) WITHOUT ROWID",
    *_REVISIT_TABLE,
    # Hashes of the short lines of each source's last articles, a window of them per source; edge and inside are little-endian int64.
    "CREATE TABLE source_line(source TEXT NOT NULL, url INTEGER NOT NULL, fetched_us INTEGER NOT NULL, body INTEGER NOT NULL, "
    "edge BLOB NOT NULL, inside BLOB NOT NULL, PRIMARY KEY(source, url)) WITHOUT ROWID",
    # The index's own files may be left from an older state: cleared at the first fold. The derived files, likewise, are not trusted.
    "INSERT INTO meta VALUES ('clear_index', '1'), ('distrust_derived', '1')",
)

# From each older version to the next.
_MIGRATIONS = {
    1: (
        "ALTER TABLE endpoint ADD COLUMN asked_us INTEGER",
        "ALTER TABLE endpoint ADD COLUMN new_per_hour REAL",
        "ALTER TABLE endpoint ADD COLUMN failures INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE endpoint ADD COLUMN due_us INTEGER",
        "ALTER TABLE endpoint ADD COLUMN lastmod_us INTEGER",
        *_REVISIT_TABLE,
    ),
}


class Connection(sqlite3.Connection):
    """A connection that remembers which file it opened, so that a replaced state file is noticed."""

    file_id: tuple[int, int]


def open_state(path: Path, *, cache_kib: int) -> Connection:
    """Open the state file, creating it and its tables when there is none.

    Transactions are the caller's (autocommit otherwise); the connection may be used from any thread, one at a time.
    Raises StoreVersion for a file of another version, sqlite3.DatabaseError for one that is damaged.
    """
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False, factory=Connection)
    try:
        connection.execute(f"PRAGMA page_size={PAGE_BYTES}")  # Only counts before the first table is made.
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute(f"PRAGMA cache_size=-{cache_kib}")
        _create_or_check(connection, path)
        connection.file_id = file_id_of(path) or (0, 0)
    except BaseException:
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait its busy timeout here while another process makes the same file.
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _create_or_check(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == 0:
        with transaction(connection):
            # Asked again inside: another process may have been quicker.
            if _version(connection) == 0 and not has_tables(connection):
                for statement in _TABLES:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={STATE_VERSION}")
    while (older := _version(connection)) in _MIGRATIONS:
        with transaction(connection):
            # Asked again inside, as above.
            if _version(connection) == older:
                for statement in _MIGRATIONS[older]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={older + 1}")
    if (found := _version(connection)) != STATE_VERSION:
        raise StoreVersion(
            f"{path}: expected state of version {STATE_VERSION}, found version {found}; "
            "use the release that wrote it, or move the file away: it is rebuilt from the log"
        )


def has_tables(connection: sqlite3.Connection) -> bool:
    """Say whether the database holds any table; an empty one is new."""
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def get_flag(connection: sqlite3.Connection, key: str) -> bool:
    """Say whether a flag stands in ``meta``."""
    return connection.execute("SELECT 1 FROM meta WHERE key = ?", (key,)).fetchone() is not None


def set_flags(connection: sqlite3.Connection, *keys: str) -> None:
    """Set flags in ``meta``; inside the caller's transaction or by itself."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, '1')", [(key,) for key in keys])


def drop_flag(connection: sqlite3.Connection, key: str) -> None:
    """Remove a flag from ``meta``."""
    connection.execute("DELETE FROM meta WHERE key = ?", (key,))


def select_in(connection: sqlite3.Connection, query: str, values: Iterable[Any], *, size: int = 500) -> Iterator[Any]:
    """Yield the rows of a query whose ``{}`` stands for the values, asked for in sorted chunks."""
    keys = sorted(set(values))
    for start in range(0, len(keys), size):
        chunk = keys[start : start + size]
        yield from connection.execute(query.format(",".join("?" * len(chunk))), chunk)


def check_pages(connection: Connection) -> None:
    """Raise StateDamaged if SQLite finds a page of the file broken. Reads all of it; a bit that flipped inside a value is not seen."""
    try:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        raise StateDamaged(connection.file_id, error) from error
    if said != "ok":
        raise StateDamaged(connection.file_id, " ".join(said.split()))


_STORED_TYPES = {"int": "integer", "integer": "integer", "real": "real", "text": "text", "blob": "blob"}
"""Declared type of a column, and what ``typeof`` says of its values."""


def check_types(connection: Connection) -> None:
    """Raise StateDamaged for a value of another type than its column's: pages of tables of one shape that changed places are no error to SQLite."""
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
        for _, column, declared, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
            expected = _STORED_TYPES.get(declared.lower())
            query = f"SELECT typeof({column}) FROM {table} WHERE typeof({column}) NOT IN ('null', ?) LIMIT 1"
            if expected and (found := connection.execute(query, (expected,)).fetchone()):
                raise StateDamaged(connection.file_id, f"table {table}, column {column}: expected {expected}, found {found[0]}")


def may_be_damage(error: Exception) -> bool:
    """Say whether an error could come from state that holds what we never wrote: not from the disk, a lock, or a log part."""
    if isinstance(error, sqlite3.Error):
        return not isinstance(error, sqlite3.OperationalError) or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_ERROR
    return not isinstance(error, OSError | StoreBusy | StoreDamaged | StoreVersion)


def file_id_of(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file, None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def move_aside(path: Path) -> Path:
    """Rename a damaged state file and its WAL to ``….corrupt-<UTC>`` and return the new path."""
    target = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{suffix}", f"{target}{suffix}")  # noqa: PTH104
    return target


class StateDamaged(Exception):
    """SQLite found the state file broken; says which file it was, for another process may have replaced it meanwhile."""

    def __init__(self, file_id: tuple[int, int] | None, cause: object) -> None:
        super().__init__(str(cause))
        self.file_id = file_id


class SharedConnection:
    """One connection used by several threads in turn, opened again when the state file was replaced under it."""

    def __init__(self, path: Path, *, cache_kib: int) -> None:
        self.path = path
        self.cache_kib = cache_kib
        self.lock = threading.RLock()
        self._connection: Connection | None = None

    @contextlib.contextmanager
    def use(self) -> Iterator[Connection]:
        """Hold the connection for the length of the block. Raises StateDamaged when the block finds the file broken."""
        with self.lock:
            file_id = file_id_of(self.path)
            if self._connection is not None and self._connection.file_id != file_id:
                logger.warning("%s: was replaced while in use, opened again", self.path)
                self.close()
            try:
                if self._connection is None:
                    self._connection = open_state(self.path, cache_kib=self.cache_kib)
                yield self._connection
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    raise StateDamaged(file_id, error) from error
                raise

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self.lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
