"""The files of ``corpus/`` and ``copies/``, written whole by the workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import pyarrow as pa

from pipelines.cluster.groups import Batches, each_group, whole_groups
from pipelines.cluster.stories import read_notes
from pipelines.corpus.derived import annotate_table
from pipelines.corpus.files import Layout
from pipelines.corpus.schema import ARTICLES, COPIES, CORPUS

WRITTEN: pa.Schema = pa.schema([("dataset", pa.string()), ("rows", pa.int64())])
_ROWS_AT_ONCE = 5_000


def write_parts(batches: Batches, *, folder: str, parameters: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    """Write the files that rows belong to and yield WRITTEN, one row a file. Rows are log rows with PLACEMENTS, sorted by home and order.

    A file is the same however often its task runs, and appears whole: a task that is tried again replaces it by its like. folder is one
    that all workers share.
    """
    layout = Layout(Path(folder), parameters)
    layout.create()
    for table in whole_groups(batches, "home", rows=_ROWS_AT_ONCE):
        for part in each_group(table, "home"):
            dataset, day, name = part["home"][0].as_py().split("/")
            rows = _corpus_rows(part) if dataset == "corpus" else _as(part, COPIES)
            layout.write(cast(Literal["corpus", "copies"], dataset), day, name, rows)
            yield pa.record_batch([pa.array([dataset]), pa.array([rows.num_rows])], schema=WRITTEN)


def _corpus_rows(part: pa.Table) -> pa.Table:
    rows = _as(part, ARTICLES).append_column(CORPUS.field("story_id"), part["story_id"])
    return annotate_table(rows, [read_notes(notes) for notes in part["notes"].to_pylist()])


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema, in its types: Spark has no fixed-size binary, and other names inside lists."""
    return pa.table([table[field.name].cast(field.type) for field in schema], schema=schema).combine_chunks()
