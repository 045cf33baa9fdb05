"""Files of the log that others have merged, and those of ``corpus/`` and ``copies/``, written whole by the workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import pyarrow as pa

from pipelines.cluster.groups import Batches, each_group, whole_groups
from pipelines.cluster.stories import read_notes
from pipelines.corpus.derived import annotate_table
from pipelines.corpus.files import Layout
from pipelines.corpus.parts import read_merges
from pipelines.corpus.schema import ARTICLES, COPIES, CORPUS

FILES: pa.Schema = pa.schema([("path", pa.string())])
MERGED: pa.Schema = pa.schema([("part", pa.string())])
"""Names of parts whose rows a compaction has put into another part."""
WRITTEN: pa.Schema = pa.schema([("dataset", pa.string()), ("rows", pa.int64())])
_ROWS_AT_ONCE = 5_000


def read_merged(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Yield MERGED for FILES, the parts of a log: what each says that it replaces. Only their footers are read."""
    for batch in batches:
        names = [name for path in batch["path"].to_pylist() for name in read_merges(Path(path), "articles")]
        yield pa.record_batch([pa.array(names, pa.string())], schema=MERGED)


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
