"""Signatures (the column ``minhash``): all that a file of the corpus holds are of the parameters that its metadata names.

A log part keeps those with which it was written. Where a release with other parameters wrote it, its rows get new ones on their way into
the corpus: signatures of different parameters compare to nothing that means anything, and nobody would see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from pipelines.corpus.files import Layout, Sign
from pipelines.corpus.objects import Place
from pipelines.corpus.parts import iterate_part, read_first_rows, read_said
from pipelines.corpus.schema import Dataset

SIGNATURE = "minhash"


def signed_as(path: Place, dataset: Dataset) -> object:
    """Return the parameters of the signatures in a file, as its metadata names them. Raises StoreDamaged like ``read_part``."""
    return (read_said(path, dataset).get("parameters") or {}).get(SIGNATURE)


def own_parameters(layout: Layout) -> object:
    """Return the parameters with which this program signs."""
    return layout.parameters.get(SIGNATURE)


def sign_again(rows: pa.Table, sign: Sign) -> pa.Table:
    """Return articles with signatures made anew."""
    made = [sign(text, dateline) for text, dateline in zip(rows["text"].to_pylist(), rows["dateline"].to_pylist(), strict=True)]
    place = rows.schema.get_field_index(SIGNATURE)
    return rows.set_column(place, rows.schema.field(place), pa.array(made, rows.schema.field(place).type))


def read_signed_rows(layout: Layout, path: Place, wanted: Mapping[str, int], columns: Sequence[str]) -> pa.Table:
    """Return what ``read_first_rows`` does, all columns of articles among them, with signatures of this program's parameters."""
    return _sign_as_ours(layout, path, "articles", read_first_rows(path, wanted, columns))


def iterate_signed_corpus(layout: Layout, path: Place, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the row groups of a corpus file like ``iterate_part``, with signatures of this program's parameters."""
    if SIGNATURE not in columns or layout.sign is None or signed_as(path, "corpus") == own_parameters(layout):
        yield from iterate_part(path, "corpus", columns)
        return
    for rows in iterate_part(path, "corpus", [*dict.fromkeys([*columns, "text", "dateline"])]):
        yield sign_again(rows, layout.sign).select(list(columns))


def sign_corpus(layout: Layout, path: Place, rows: pa.Table) -> pa.Table:
    """Return the rows that a corpus file has, with signatures of this program's parameters."""
    return _sign_as_ours(layout, path, "corpus", rows)


def _sign_as_ours(layout: Layout, path: Place, dataset: Dataset, rows: pa.Table) -> pa.Table:
    return rows if layout.sign is None or signed_as(path, dataset) == own_parameters(layout) else sign_again(rows, layout.sign)
