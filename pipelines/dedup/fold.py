"""A decided fold: what it means for the corpus, and the rows that make it durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.journal import Entry, write_entry
from pipelines.dedup.runs import Run
from pipelines.dedup.tables import INSERT_DOCUMENT, UPDATE_DOCUMENT, write_meta
from pipelines.records import Membership

Row = tuple[object, ...]
_NO_NUMBERS = np.zeros(0, np.uint32)
_NO_HASHES = np.zeros(0, np.uint64)


@dataclass(kw_only=True, slots=True)
class Changes:
    """Rows to write, gathered while a fold is prepared. Runs are on disk already; rows name them or stop naming them."""

    generation: int = 0
    sources: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)
    shingles: list[Row] = field(default_factory=list)
    """Of new texts, and of old ones that are kept again."""
    forgotten: list[int] = field(default_factory=list)
    """Texts whose shingles are kept no longer."""
    ages: list[Row] = field(default_factory=list)
    """When a document was fetched, and the text whose age that is now."""
    newest: int = 0
    """When the newest of all documents was fetched."""
    documents: list[Row] = field(default_factory=list)
    moved_documents: list[Row] = field(default_factory=list)
    changed_texts: list[Row] = field(default_factory=list)
    flips: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    places: tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64]] = (_NO_NUMBERS, _NO_NUMBERS, _NO_HASHES)
    """Text, source and URL hash."""
    are_plain: bool = True
    """False where documents left a place: other processes read the index anew then."""
    withdrawn_flips: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    edges: set[tuple[int, int]] = field(default_factory=set)
    withdrawn_edges: set[tuple[int, int]] = field(default_factory=set)
    runs: list[Run] = field(default_factory=list)
    withdrawn_runs: list[Run] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """What ``StoryIndex.prepare`` decided. Give it to ``write``, then to ``finish`` or ``abandon``."""

    memberships: Sequence[Membership]
    """Complete rows for every member of every story that this fold touched; none where the caller did not want to be told."""
    changes: Changes = field(repr=False)
    skipped: Sequence[str] = ()
    """The article_ids of documents that were left out, as they are in the index."""


def write_changes(connection: sqlite3.Connection, changes: Changes, *, with_journal: bool = True) -> None:
    """Write a fold's rows into the open transaction; with_journal: other processes may want to know them. New flips may be flips withdrawn before, new edges never."""
    many = connection.executemany
    many("INSERT INTO dedup_source (id, name) VALUES (?, ?)", changes.sources)
    many("INSERT INTO dedup_text VALUES (?, ?, ?, ?, ?)", changes.texts)
    many("INSERT INTO dedup_shingles VALUES (?, ?, ?, ?)", changes.shingles)
    many("UPDATE dedup_shingles SET fetched_at = ? WHERE text = ?", changes.ages)
    many("DELETE FROM dedup_shingles WHERE text = ?", [(text,) for text in changes.forgotten])
    many(INSERT_DOCUMENT, changes.documents)
    many(UPDATE_DOCUMENT, changes.moved_documents)
    many("UPDATE dedup_text SET story = ?, living = ?, lost = ? WHERE id = ?", changes.changed_texts)
    many("DELETE FROM dedup_flip WHERE flip_key = ?", _single(changes.withdrawn_flips))
    many("INSERT INTO dedup_flip VALUES (?)", _single(changes.flips))
    many("DELETE FROM dedup_edge WHERE a = ? AND b = ?", sorted(changes.withdrawn_edges))
    many("INSERT INTO dedup_edge VALUES (?, ?)", sorted(changes.edges))
    many("DELETE FROM dedup_run WHERE name = ?", [(run.name,) for run in changes.withdrawn_runs])
    many("INSERT INTO dedup_run VALUES (?, ?, ?, ?)", [(run.name, run.level, run.count, run.checksum) for run in changes.runs])
    write_meta(connection, "generation", changes.generation)
    write_meta(connection, "newest", changes.newest)
    if with_journal:
        write_entry(connection, changes.generation, as_entry(changes) if changes.are_plain else None)


def as_entry(changes: Changes) -> Entry:
    """Return what a fold changed of the state in memory."""
    rows = [(text, *row) for text, _, *row in changes.texts] + [(text, *row) for *row, text in changes.changed_texts]
    text, story, living, lost = np.array(rows, np.int64).reshape(-1, 4).T
    texts, sources, urls = changes.places
    return Entry(
        text=text,
        story=story,
        living=living,
        lost=lost,
        place_text=texts.astype(np.int64),
        place_source=sources.astype(np.int64),
        place_url=urls.view(np.int64),
        flip=changes.flips.view(np.int64),
    )


def _single(values: NDArray[np.uint64]) -> Iterable[tuple[int]]:
    return zip(values.view(np.int64).tolist(), strict=True)
