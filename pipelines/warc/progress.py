"""How far the files of a replay are done: kept beside the state, so that a killed replay goes on where its articles are durable."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from pipelines.errors import CorpusError
from pipelines.sqlite import transaction
from pipelines.warc.spans import Span

_HEAD_BYTES = 4_096


_TABLES = """
CREATE TABLE IF NOT EXISTS file(path TEXT PRIMARY KEY, head BLOB, done INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS narrowed(path TEXT, only_what TEXT, head BLOB, done INTEGER, PRIMARY KEY (path, only_what)) WITHOUT ROWID;
"""


class DoneList:
    """``state/replay.sqlite``: {file: bytes from its start whose pages are dealt with}. A file is known by its path and its first bytes.

    What a replay of some hosts or days has done, is done for the same hosts and days; what one of all pages has done, for any.
    """

    def __init__(self, path: Path, *, only_what: str = "") -> None:
        """Open or create it. Raises CorpusError naming it when it cannot be used; deleting it makes every file new.

        only_what: the hosts and days of this replay in one text; empty for all pages.
        """
        self.path = path
        self.only_what = only_what
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                connection.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise CorpusError(
                f"{path}: the list of replayed files cannot be used: {error}; delete it to replay every file again"
            ) from error

    def done(self, path: Path) -> int:
        """Return how many bytes of a file are done; 0 for a file that is new or another one under the same path. Raises OSError."""
        with closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT head, done FROM file WHERE path = ? UNION ALL SELECT head, done FROM narrowed WHERE path = ? AND only_what = ?",
                (str(path), str(path), self.only_what),
            ).fetchall()
        head = _head(path) if rows else b""
        return max((int(done) for said, done in rows if said == head), default=0)

    def save(self, done: dict[Path, int]) -> None:
        """Note how far files are done, but for those that are gone; durable when this returns."""
        rows = []
        for path, number in done.items():
            with suppress(OSError):
                rows.append((str(path), _head(path), number))
        with closing(self._connect()) as connection, transaction(connection):
            if self.only_what:
                narrowed = [(path, self.only_what, head, number) for path, head, number in rows]
                connection.executemany("INSERT OR REPLACE INTO narrowed(path, only_what, head, done) VALUES (?, ?, ?, ?)", narrowed)
            else:
                connection.executemany("INSERT OR REPLACE INTO file(path, head, done) VALUES (?, ?, ?)", rows)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30.0, isolation_level=None)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.blake2b(file.read(_HEAD_BYTES), digest_size=16).digest()


class SpansInHand:
    """The spans of a replay whose outcomes are not all durable yet."""

    def __init__(self) -> None:
        self._left: dict[Span, int] = {}
        self._stops: dict[Span, int] = {}
        self._order: dict[Path, list[Span]] = {}
        self._done: dict[Path, int] = {}

    def begin(self, span: Span) -> None:
        """Note a span that is being worked on; those of one file in their order."""
        self._left[span] = -1
        self._order.setdefault(span.path, []).append(span)

    def finish(self, span: Span, outcomes: int, *, stop: int) -> None:
        """Note how many outcomes a span has given in all, and where in it nothing could be read any longer.

        That is its end, or where a record begins that is cut off: its rest may still be written.
        """
        self._left[span], self._stops[span] = outcomes, stop
        self._advance(span.path)

    def settle(self, span: Span) -> None:
        """Note that one outcome of a finished span is durable."""
        self._left[span] -= 1
        self._advance(span.path)

    def take(self) -> dict[Path, int]:
        """Return how far files are done by now, those that have advanced since the last call."""
        done, self._done = self._done, {}
        return done

    def _advance(self, path: Path) -> None:
        order = self._order[path]
        while order and self._left[order[0]] == 0:
            span = order.pop(0)
            del self._left[span]
            self._done[path] = self._stops.pop(span)
