"""Files of the log that others have merged, and those of ``corpus/`` and ``copies/``, written whole by the workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.cluster.groups import Batches, each_group, whole_groups
from pipelines.cluster.stories import read_notes
from pipelines.corpus.derived import annotate_table
from pipelines.corpus.files import Layout, Sign
from pipelines.corpus.parts import read_merges
from pipelines.corpus.schema import ARTICLES, COPIES, CORPUS
from pipelines.corpus.signatures import SIGNATURE, sign_again, signed_as

FILES: pa.Schema = pa.schema([("path", pa.string())])
NAMES: pa.Schema = pa.schema([("part", pa.string())])
"""Of parts."""
WRITTEN: pa.Schema = pa.schema([("dataset", pa.string()), ("rows", pa.int64())])
_ROWS_AT_ONCE = 5_000


def read_merged(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Yield NAMES for FILES, the parts of a log: those that each says that it replaces. Only footers are read."""
    for batch in batches:
        names = [name for path in batch["path"].to_pylist() for name in read_merges(Path(path), "articles")]
        yield pa.record_batch([pa.array(names, pa.string())], schema=NAMES)


def find_signed_by_others(batches: Batches, *, parameters: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    """Yield NAMES for FILES, the parts of a log: those with signatures of other parameters than these. Only footers are read."""
    for batch in batches:
        paths = map(Path, batch["path"].to_pylist())
        names = [path.stem for path in paths if signed_as(path, "articles") != parameters[SIGNATURE]]
        yield pa.record_batch([pa.array(names, pa.string())], schema=NAMES)


def write_parts(batches: Batches, *, folder: str, parameters: Mapping[str, Any], sign: Sign) -> Iterator[pa.RecordBatch]:
    """Write the files that rows belong to and yield WRITTEN, one row a file.

    Rows are log rows with PLACEMENTS and whether others signed them, sorted by home and order; sign makes the signature of a text and dateline.

    A file is the same however often its task runs, and appears whole: a task that is tried again replaces it by its like. folder is one
    that all workers share.
    """
    layout = Layout(Path(folder), parameters)
    layout.create()
    for table in whole_groups(batches, "home", rows=_ROWS_AT_ONCE):
        for part in each_group(table, "home"):
            dataset, day, name = part["home"][0].as_py().split("/")
            rows = _corpus_rows(part, sign) if dataset == "corpus" else _as(part, COPIES)
            layout.write(cast(Literal["corpus", "copies"], dataset), day, name, rows)
            yield pa.record_batch([pa.array([dataset]), pa.array([rows.num_rows])], schema=WRITTEN)


def _corpus_rows(part: pa.Table, sign: Sign) -> pa.Table:
    rows = _as(part, ARTICLES)
    others = part["signed_by_others"].combine_chunks()
    if others.true_count:
        again = sign_again(rows.filter(others), sign)[SIGNATURE].combine_chunks()
        place = rows.schema.get_field_index(SIGNATURE)
        rows = rows.set_column(place, rows.schema.field(place), pc.replace_with_mask(rows[SIGNATURE], others, again))
    rows = rows.append_column(CORPUS.field("story_id"), part["story_id"])
    return annotate_table(rows, [read_notes(notes) for notes in part["notes"].to_pylist()])


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema, in its types: Spark has no fixed-size binary, and other names inside lists."""
    return pa.table([table[field.name].cast(field.type) for field in schema], schema=schema).combine_chunks()
