"""Dedup of a finite set of documents, over an index that is thrown away."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pipelines.dedup.fold import Fold
from pipelines.dedup.index import StoryIndex
from pipelines.dedup.parameters import DedupParameters
from pipelines.errors import DedupError
from pipelines.records import Document, Membership
from pipelines.sqlite import transaction

FOLD_SIZE = 5000
"""Documents that come in at once. 2,000 take a quarter more time each, 10,000 hardly less and a good deal more memory."""


FOLD_CHARACTERS = 32_000_000
"""Their text, so that long documents do not fill the memory: twice what 5,000 news articles have. A longer document comes in alone."""


class Collection:
    """Documents that come in batches and are placed when all are there, in bounded memory: about 100 bytes a document stay in it.

    The index lies in a temporary folder inside ``folder`` (default: the system's), about 3 kB a document, until ``close`` or the end of the
    ``with`` block.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        parameters: DedupParameters = DedupParameters(),  # noqa: B008 - frozen
        agency_hosts: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=".dedup-", dir=folder, ignore_cleanup_errors=True)
        path = Path(self._folder.name)
        self._connection = sqlite3.connect(path / "index.sqlite", isolation_level=None)
        # Nothing here outlives the object. A page holds three texts' shingles: with larger ones more is read that nobody asked for.
        for pragma in ("page_size = 8192", "journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._index = StoryIndex(self._connection, path / "index", parameters=parameters, agency_hosts=agency_hosts, is_durable=False)

    def add(self, documents: Sequence[Document]) -> list[str]:
        """Take in documents and return the article_ids that were there already, once for each document that is left out for it."""
        fresh: dict[str, Document] = {}
        repeated = []
        for document in documents:
            if document.article_id in fresh:
                repeated.append(document.article_id)
            else:
                fresh[document.article_id] = document
        with _without_collector():
            fold = self._index.prepare(list(fresh.values()), tell=False, skip_known=True)
            self._commit(fold)
        return [*fold.skipped, *repeated]

    def settle(self) -> None:
        """Judge again what lost words to boilerplate that was learned later. Afterwards ``memberships`` are final."""
        with _without_collector():
            while (fold := self._index.prepare_settle(tell=False)) is not None:
                self._commit(fold)

    def memberships(self) -> Iterator[list[Membership]]:
        """Yield where every document stands, some thousands at a time, in the order in which they came."""
        waiting = self._index.all_memberships()
        while True:
            with _without_collector():
                some = next(waiting, None)
            if some is None:
                return
            yield some

    def statistics(self) -> dict[str, int]:
        """Return what the index counted: see ``StoryIndex.statistics``. All that it holds is new, so that is not told twice; it forgets nothing."""
        told = self._index.statistics().items()
        return {name: number for name, number in told if not name.startswith("new_") and name not in ("forgotten", "recalled")}

    def index_bytes(self) -> int:
        """Return how much the index takes on disk now."""
        return sum(path.stat().st_size for path in Path(self._folder.name).rglob("*") if path.is_file())

    def close(self) -> None:
        """Delete the index."""
        self._connection.close()
        self._folder.cleanup()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _commit(self, fold: Fold) -> None:
        with transaction(self._connection):
            self._index.write(fold)
        self._index.finish(fold)


def cut_batches(documents: Iterable[Document], size: int, characters: int) -> Iterator[list[Document]]:
    """Yield the documents in batches of at most so many, and of so many characters of text unless it is one document."""
    batch: list[Document] = []
    total = 0
    for document in documents:
        if batch and (len(batch) == size or total + len(document.text) > characters):
            yield batch
            batch, total = [], 0
        batch.append(document)
        total += len(document.text)
    if batch:
        yield batch


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Let Python not look for reference cycles: a fold makes none, and the search goes through all that is in memory, 20 us a document."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def deduplicate(
    documents: Iterable[Document],
    *,
    parameters: DedupParameters = DedupParameters(),  # noqa: B008 - frozen
    agency_hosts: Mapping[str, str] | None = None,
    fold_size: int = FOLD_SIZE,
) -> list[Membership]:
    """Return where each document stands, in the order of the documents; the result does not depend on that order.

    Reads the documents once, fold_size at a time (fewer of long ones). Raises DedupError if an article_id comes twice.
    """
    with Collection(parameters=parameters, agency_hosts=agency_hosts) as collection:
        for some in cut_batches(documents, fold_size, FOLD_CHARACTERS):
            if repeated := collection.add(some):
                raise DedupError(f"each article_id may come once, got {repeated[0]!r} again")
        collection.settle()
        return [membership for some in collection.memberships() for membership in some]
