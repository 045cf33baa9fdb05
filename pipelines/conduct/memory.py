"""What hosts told us, kept between runs: robots.txt, opt-outs, and until when a host wants to be left alone.

A cache in a SQLite file of its own: it may be deleted at any time, and one that cannot be read is as good as none.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

KEEP_SECONDS = 30 * 86_400.0
"""RFC 9309 lets a copy of robots.txt stand in for one that cannot be had "for a reasonably long period (for example, 30 days)"."""
_BUSY_SECONDS = 10.0
_TABLES = (
    "CREATE TABLE IF NOT EXISTS answer(url TEXT PRIMARY KEY, fetched_at REAL NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS rest(slot TEXT PRIMARY KEY, until REAL NOT NULL, why TEXT NOT NULL) WITHOUT ROWID",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a robots.txt or tdmrep.json answered last."""

    fetched_at: float
    """Seconds since the epoch."""
    status: int
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """Until when (seconds since the epoch) a host is not to be asked, and why."""

    until: float
    why: str


class HostMemory:
    """The file of one output folder; usable from any thread. No method raises: what cannot be kept or read is told once in the log."""

    def __init__(self, path: Path, *, now: float) -> None:
        """Open the file, creating it when there is none; what is too old at now (seconds since the epoch) is dropped."""
        self.path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _open(path, now)
        except (sqlite3.Error, OSError) as error:
            self._tell(error)

    def answer(self, url: str) -> Answer | None:
        """Return what a URL answered last, None if that is not known."""

        def find(connection: sqlite3.Connection) -> Answer | None:
            row = connection.execute("SELECT fetched_at, status, body FROM answer WHERE url = ?", (url,)).fetchone()
            return Answer(fetched_at=row[0], status=row[1], body=zlib.decompress(row[2])) if row else None

        return self._ask(find, None)

    def keep_answer(self, url: str, answer: Answer) -> None:
        """Remember what a URL answered."""
        row = (url, answer.fetched_at, answer.status, zlib.compress(answer.body))
        self._change("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)", row)

    def rests(self) -> dict[str, Rest]:
        """Return the hosts that are to be left alone, by download slot."""

        def find(connection: sqlite3.Connection) -> dict[str, Rest]:
            return {slot: Rest(until=until, why=why) for slot, until, why in connection.execute("SELECT slot, until, why FROM rest")}

        return self._ask(find, {})

    def keep_rest(self, slot: str, rest: Rest) -> None:
        """Remember until when a host is to be left alone."""
        row = (slot, rest.until, rest.why)
        self._change("INSERT OR REPLACE INTO rest VALUES (?, ?, ?)", row)

    def close(self) -> None:
        """Close the file; what is asked afterwards is not known."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _change(self, statement: str, row: tuple[object, ...]) -> None:
        self._ask(lambda connection: connection.execute(statement, row).rowcount, 0)

    def _ask(self, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        with self._lock:
            if self._connection is None:
                return default
            try:
                return work(self._connection)
            except (sqlite3.Error, zlib.error) as error:
                self._tell(error)
                self._connection.close()
                self._connection = None
                return default

    def _tell(self, error: Exception) -> None:
        logger.warning("%s: what hosts said is not kept between runs: %s; the file may be deleted", self.path, error)


def _open(path: Path, now: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        for table in _TABLES:
            connection.execute(table)
        connection.execute("DELETE FROM answer WHERE fetched_at < ?", (now - KEEP_SECONDS,))
        connection.execute("DELETE FROM rest WHERE until < ?", (now,))
    except BaseException:
        connection.close()
        raise
    return connection
