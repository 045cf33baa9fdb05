"""What a fold changed in memory, kept for some folds, so that another process need not read the whole index again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

KEPT_FOLDS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """The changes of one fold, as parallel arrays of int64."""

    text: NDArray[np.int64]
    """New texts, and known ones whose row changed; story, living and lost are theirs."""
    story: NDArray[np.int64]
    living: NDArray[np.int64]
    lost: NDArray[np.int64]
    place_text: NDArray[np.int64]
    """New places of texts: source and URL hash are theirs."""
    place_source: NDArray[np.int64]
    place_url: NDArray[np.int64]
    flip: NDArray[np.int64]
    """New flips, sorted as unsigned."""


def write_entry(connection: sqlite3.Connection, generation: int, entry: Entry | None) -> None:
    """Keep the changes of a fold, and forget those of long ago; None for changes that can only be read anew."""
    connection.execute("INSERT INTO dedup_journal VALUES (?, ?)", (generation, _pack(entry) if entry else None))
    connection.execute("DELETE FROM dedup_journal WHERE generation <= ?", (generation - KEPT_FOLDS,))


def read_entries(connection: sqlite3.Connection, known: int, current: int) -> list[Entry] | None:
    """Return the changes of the folds after the known one up to the current one; None if one of them is not there."""
    query = "SELECT changes FROM dedup_journal WHERE generation > ? AND generation <= ? ORDER BY generation"
    rows = [data for (data,) in connection.execute(query, (known, current))]
    return [_unpack(data) for data in rows] if len(rows) == current - known and None not in rows else None


def _pack(entry: Entry) -> bytes:
    columns = [getattr(entry, field.name) for field in fields(Entry)]
    return np.concatenate([np.array([len(column) for column in columns]), *columns]).astype("<i8").tobytes()


def _unpack(data: bytes) -> Entry:
    names = [field.name for field in fields(Entry)]
    numbers = np.frombuffer(data, "<i8")
    sizes, columns = numbers[: len(names)], numbers[len(names) :]
    return Entry(**dict(zip(names, np.split(columns, np.cumsum(sizes)[:-1]), strict=True)))
