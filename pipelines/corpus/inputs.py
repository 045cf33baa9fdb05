"""Rows of files of any origin: a Parquet file, a folder of them, or JSON lines.

Columns: ``article_id`` (or ``id``) and ``text``, and where they are there the other fields of ``records.Document``. A file that
cannot be used is an error that names file and field, what was expected and what was found.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from pipelines.corpus.objects import UNREADABLE, open_parquet
from pipelines.errors import CorpusError
from pipelines.records import Document

READABLE = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")
MAX_CHARACTERS = 10_000_000
"""A longer text is no article; it is rejected as ``too_long``. A line of JSON may have six bytes for each."""
TIMES = ("published_at", "modified_at", "fetched_at")
_ROWS_AT_ONCE, _BYTES_AT_ONCE = 250, 8 << 20
_MAX_LINE = 6 * MAX_CHARACTERS
_NAMES = {item.name: item.name for item in fields(Document)} | {"id": "article_id", "minhash": "minhash"}


class Row(NamedTuple):
    """A row as found, where it was, and how far the input is read (rows of Parquet, bytes of JSON lines)."""

    values: Mapping[str, Any] | str
    """By field name; or the reason why there is none."""
    place: str
    position: int


def find_files(path: Path) -> list[Path]:
    """Return the files of an input: itself, or the Parquet files below a folder. Raises CorpusError for what cannot be read."""
    try:
        if path.is_dir():
            if not (found := sorted(path.rglob("*.parquet"))):
                raise CorpusError(f"{path}: expected *.parquet files in this folder, found none")
            return found
        if not path.name.lower().endswith(READABLE):
            raise CorpusError(f"{path}: expected a folder or a file named {', '.join(f'*{suffix}' for suffix in READABLE)}")
        with path.open("rb"):
            return [path]
    except OSError as error:
        raise CorpusError(f"{path}: expected a readable file, {error.strerror}") from error


def count_bytes(path: Path) -> int:
    """Return the size of a file."""
    return path.stat().st_size


def count_rows(path: Path) -> int:
    """Return the rows of a Parquet file, after a look at its columns. Raises CorpusError where they are not what is needed."""
    try:
        with open_parquet(path) as file:
            _choose_columns(path, file.schema_arrow)
            return int(file.metadata.num_rows)
    except UNREADABLE as error:
        raise CorpusError(f"{path}: expected Parquet, {error}") from error


def _choose_columns(path: Path, schema: pa.Schema) -> dict[str, str]:
    """Return {column: field} of a Parquet file. Raises CorpusError for a missing column or one of another type."""
    columns = {
        column: name for column, name in _NAMES.items() if column in schema.names and not (column == "id" and "article_id" in schema.names)
    }
    _require(path, columns.values(), schema.names)
    for column, name in columns.items():
        kind = schema.field(column).type
        if types.is_dictionary(kind):
            kind = kind.value_type
        is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind)
        if name in TIMES:
            is_right, expected = is_text or types.is_timestamp(kind) or types.is_date(kind), "timestamp, date or string"
        elif name == "agencies":
            is_right, expected = types.is_list(kind) or types.is_large_list(kind) or types.is_null(kind), "list of strings"
        elif name == "text":
            is_right, expected = is_text, "string"
        elif name == "minhash":
            continue  # Only looked at: no type of it makes the documents unusable.
        else:
            is_right, expected = is_text or types.is_integer(kind), "string"
        if not is_right:
            raise CorpusError(f"{path}: column {column}: expected {expected}, found {kind}")
    return columns


def _require(path: Path, found: Iterable[str], columns: Sequence[str]) -> None:
    if missing := {"article_id", "text"} - set(found):
        wanted = " and ".join("article_id (or id)" if name == "article_id" else name for name in sorted(missing))
        raise CorpusError(f"{path}: expected a column {wanted}, found {', '.join(columns) or 'none'}")


def read_parquet_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file; at most one page of each column, and some MB of rows or one, are in memory."""
    number = 0
    with open_parquet(path) as file:
        columns = _choose_columns(path, file.schema_arrow)
        # Nanoseconds would come out as pandas objects.
        casts = {
            c: pa.timestamp("us", file.schema_arrow.field(c).type.tz)
            for c in columns
            if types.is_timestamp(file.schema_arrow.field(c).type)
        }
        for batch in _iterate_batches(file, list(columns)):
            found = {
                name: (batch[column].cast(casts[column], safe=False) if column in casts else batch[column]).to_pylist()
                for column, name in columns.items()
            }
            for index in range(batch.num_rows):
                number += 1
                yield Row({name: values[index] for name, values in found.items()}, f"{path.name}, row {number}", number)


def _iterate_batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of each row group some at a time: fewer where they are long."""
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        average = group.total_byte_size // max(1, group.num_rows)
        rows = min(_ROWS_AT_ONCE, max(1, _BYTES_AT_ONCE // max(1, average)))
        yield from file.iter_batches(batch_size=rows, row_groups=[number], columns=columns)


def read_json_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of JSON lines, plain or packed. Raises CorpusError where the first object lacks what is needed."""
    with path.open("rb") as raw, _decompressed(path, raw) as file:
        number = 0
        is_first = True
        while line := file.readline(_MAX_LINE):
            number += 1
            place = f"{path.name}, line {number}"
            if len(line) == _MAX_LINE and not line.endswith(b"\n"):
                while (rest := file.readline(_MAX_LINE)) and not rest.endswith(b"\n"):
                    pass
                yield Row("too_long", place, raw.tell())
                continue
            if not line.strip():
                continue
            values = _read_json(line)
            if isinstance(values, dict):
                if is_first:
                    _require(path, {_NAMES[name] for name in values if name in _NAMES}, list(values))
                is_first = False
                yield Row(_rename(values), place, raw.tell())
            else:
                yield Row("bad_json", place, raw.tell())
        # Blank lines at the end count as read.
        if is_first and number:
            raise CorpusError(f"{path}: expected one JSON object a line, found none")


def _rename(values: Mapping[str, Any]) -> dict[str, Any]:
    """Known fields by their names; article_id goes before id."""
    return {_NAMES[name]: value for name, value in values.items() if name in _NAMES and not (name == "id" and "article_id" in values)}


def _read_json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _decompressed(path: Path, raw: BinaryIO) -> BinaryIO:
    if path.name.lower().endswith(".gz"):
        return gzip.open(raw, "rb")  # type: ignore[return-value]
    if path.name.lower().endswith(".zst"):
        return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"))
    return raw
