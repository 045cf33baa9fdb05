"""The shingles of old texts, which are not kept (see ``aging``), computed again from the log when a fold looks at them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import tables
from pipelines.dedup.packing import shorten
from pipelines.dedup.shingles import shingle_documents
from pipelines.dedup.signature import band_keys
from pipelines.errors import DedupError
from pipelines.records import Document

ReadDocuments = Callable[[Sequence[str]], Iterable[Sequence[Document]]]
"""Given article_ids, yields their documents as they were folded (id, text and dateline count), some at a time, in any order."""


def recall_shingles(
    connection: sqlite3.Connection, texts: Sequence[int], read_documents: ReadDocuments | None, sample_every: int
) -> Iterator[tuple[int, NDArray[np.uint32], NDArray[np.uint32]]]:
    """Yield the texts with their shingles and bands as they were when they were stored, computed from a document of each.

    Raises DedupError, naming the article, where the log has no such document or another text in its place: only a new index helps.
    """
    carriers = tables.read_carriers(connection, texts)
    if read_documents is None or len(carriers) < len(texts):
        lacking = sorted(set(texts) - {text for text, _ in carriers.values()}) if read_documents else sorted(texts)
        raise DedupError(f"the shingles of {len(lacking)} texts are gone, e.g. of number {lacking[0]}; rebuild the index")
    for documents in read_documents(sorted(carriers)):
        shingled = shingle_documents(documents)
        expected = [carriers.pop(document.article_id) for document in documents]
        for document, (_, digest), found in zip(documents, expected, shingled, strict=True):
            if found.digest != digest:
                raise DedupError(
                    f"{document.article_id}: the log's text should have the hash {digest:x}, has {found.digest:x}; rebuild the index"
                )
        everything = [found.shingles for found in shingled]
        bands = band_keys(everything)
        for (text, _), shingles, own_bands in zip(expected, shorten(everything, sample_every), bands, strict=True):
            yield text, shingles, own_bands
    if carriers:
        raise DedupError(f"{min(carriers)}: expected its row in the log, found none; rebuild the index")
