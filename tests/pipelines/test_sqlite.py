"""Transactions on one SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.sqlite import is_damage, snapshot, transaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one table, in WAL mode."""
    with contextlib.closing(connect(tmp_path / "one.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT)")
    return tmp_path / "one.sqlite"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(path)) as opened:
        yield opened


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=0.05)


def test_a_transaction_that_fails_leaves_neither_rows_nor_the_lock(path: Path, connection: sqlite3.Connection) -> None:
    """Another connection may write at once."""
    with pytest.raises(sqlite3.IntegrityError), transaction(connection):
        connection.executemany("INSERT INTO word VALUES (?, 'a')", [(1,), (1,)])
    with contextlib.closing(connect(path)) as other, transaction(other):
        assert other.execute("SELECT count(*) FROM word").fetchone() == (0,)


def test_a_snapshot_sees_one_moment(path: Path, connection: sqlite3.Connection) -> None:
    """What another connection commits meanwhile shows after it."""
    with snapshot(connection):
        assert connection.execute("SELECT count(*) FROM word").fetchone() == (0,)
        with contextlib.closing(connect(path)) as other, transaction(other):
            other.execute("INSERT INTO word VALUES (1, 'a')")
        assert connection.execute("SELECT count(*) FROM word").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM word").fetchone() == (1,)


def test_an_error_inside_a_snapshot_comes_out_as_it_was(connection: sqlite3.Connection) -> None:
    """Also when SQLite has ended the transaction by itself."""

    def fail() -> None:
        with snapshot(connection):
            connection.execute("ROLLBACK")
            raise sqlite3.DatabaseError("broken")

    with pytest.raises(sqlite3.DatabaseError, match="broken"):
        fail()


@pytest.mark.parametrize(
    ("content", "expected"),
    [pytest.param(b"this is no database" * 1000, True, id="no database"), pytest.param(b"", False, id="an empty file is a new database")],
)
def test_damage_is_told_from_other_errors(tmp_path: Path, content: bytes, expected: bool) -> None:
    """A table that is missing, a lock that is held or a full disk are no damage."""
    path = tmp_path / "two.sqlite"
    path.write_bytes(content)
    with contextlib.closing(connect(path)) as connection, pytest.raises(sqlite3.DatabaseError) as caught:
        connection.execute("SELECT * FROM word")
    assert is_damage(caught.value) is expected
