"""What the stages share of SQLite: one write transaction, and telling a broken file from a busy one or a full disk.

Connections are in autocommit mode (``isolation_level=None``): a transaction is only ever what a block here makes it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one write transaction: committed and durable at its end, or rolled back."""
    try:
        # Inside the try: a BEGIN or COMMIT that fails late must not leave the write lock behind.
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let every query of the block see the same moment. Nothing is written; an error of the block comes out as it was."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        # Some errors end the transaction by themselves.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def is_damage(error: BaseException) -> bool:
    """Say whether SQLite means that the file itself is broken, not that it is busy or the disk full."""
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )
