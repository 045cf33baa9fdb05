"""Dedup of a finite set of documents, over an index that is thrown away."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from pipelines.dedup.fold import Fold
from pipelines.dedup.index import StoryIndex
from pipelines.dedup.parameters import DedupParameters
from pipelines.dedup.tables import transaction
from pipelines.records import Document, Membership


def deduplicate(
    documents: Iterable[Document],
    *,
    parameters: DedupParameters = DedupParameters(),  # noqa: B008 - frozen
    agency_hosts: Mapping[str, str] | None = None,
    fold_size: int = 1000,
) -> list[Membership]:
    """Return where each document stands, in the order of the documents; the result does not depend on that order.

    Reads the documents once, fold_size at a time. Raises DedupError if an article_id comes twice.
    """
    placed: dict[str, Membership] = {}
    with tempfile.TemporaryDirectory(prefix="dedup-") as folder:
        connection = sqlite3.connect(Path(folder) / "index.sqlite", isolation_level=None)
        try:
            # Nothing here outlives the call.
            for pragma in ("page_size = 16384", "journal_mode = OFF", "synchronous = OFF", "cache_size = -100000"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            index = StoryIndex(connection, Path(folder) / "index", parameters=parameters, agency_hosts=agency_hosts)
            for fold in _folds(index, documents, fold_size):
                with transaction(connection):
                    index.write(fold)
                index.finish(fold)
                placed.update((membership.article_id, membership) for membership in fold.memberships)
        finally:
            connection.close()
    return list(placed.values())


def _folds(index: StoryIndex, documents: Iterable[Document], fold_size: int) -> Iterator[Fold]:
    waiting = iter(documents)
    while some := list(islice(waiting, fold_size)):
        yield index.prepare(some)
    while (fold := index.prepare_settle()) is not None:
        yield fold
