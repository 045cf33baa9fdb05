"""What a corpus holds, counted from its files: stories, copies and bytes by day, language, source and agency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.corpus.files import Layout
from pipelines.corpus.parts import read_derived
from pipelines.corpus.schema import SCHEMAS, Dataset


@dataclass(slots=True)
class Summary:
    """Counts over ``corpus/`` and ``copies/``, and the files of every dataset."""

    files: Counter[str] = field(default_factory=Counter)
    """By dataset."""
    bytes: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    """Stories by the day they were first seen."""
    languages: Counter[str] = field(default_factory=Counter)
    """Stories; unknown ones are not among them."""
    agencies: Counter[str] = field(default_factory=Counter)
    """Stories by agency; one of two agencies counts for both."""
    sources: Counter[str] = field(default_factory=Counter)
    """Stories by the source of their canonical copy."""
    copied_by: Counter[str] = field(default_factory=Counter)
    """Copies by source."""
    relations: Counter[str] = field(default_factory=Counter)
    """Copies by relation."""


def summarize_corpus(layout: Layout) -> Summary:
    """Return the counts. Reads only the columns it counts, one file at a time; a file that cannot be read is left out, with a warning."""
    summary = Summary()
    for dataset in SCHEMAS:
        sizes = layout.sizes(dataset)
        summary.files[dataset], summary.bytes[dataset] = len(sizes), sum(sizes)
    for day, table in _tables(layout, "corpus", ["language", "source", "agencies"]):
        summary.days[day] += table.num_rows
        summary.languages += _count(table["language"])
        summary.sources += _count(table["source"])
        summary.agencies += _count(pc.list_flatten(table["agencies"]))
    for _, table in _tables(layout, "copies", ["source", "relation"]):
        summary.copied_by += _count(table["source"])
        summary.relations += _count(table["relation"])
    return summary


def _tables(layout: Layout, dataset: Dataset, columns: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    for name, day in layout.parts(dataset).items():
        if (table := read_derived(layout.path(dataset, day, name), dataset, columns)) is not None:
            yield day, table


def _count(column: pa.ChunkedArray) -> Counter[str]:
    found = pc.value_counts(column.drop_null())
    return Counter(dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)))
