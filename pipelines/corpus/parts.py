"""Reading parts: log parts, whose loss is damage, and derived files, which count as absent when they cannot be read."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.corpus.objects import UNREADABLE, ObjectPath, Place, open_parquet
from pipelines.corpus.rows import microseconds_of
from pipelines.corpus.schema import SCHEMAS, Dataset, check_file, read_description
from pipelines.errors import StoreDamaged, StoreVersion

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What a fold asks of a log part before its texts: opened once for all of it."""

    fetches: Mapping[str, int]
    """{article_id: earliest fetched_at in microseconds}"""
    text_bytes: int
    """What its texts take in memory."""
    parameters: Mapping[str, Any]
    """Of the stages that made it."""


def read_part(path: Place, dataset: Dataset, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a part of the log or of ``rejected/``. Raises StoreDamaged with its name when it is gone or cannot be read."""
    with _open_part(path, dataset) as file:
        return file.read(columns=None if columns is None else list(columns))


def iterate_part(path: Place, dataset: Dataset, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the row groups of a part in turn, with these columns. Raises StoreDamaged like ``read_part``."""
    with _open_part(path, dataset) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=list(columns)).select(list(columns)).replace_schema_metadata(None)


def check_pages(path: Place, dataset: Dataset) -> None:
    """Read every page of a part, a row group at a time. Raises StoreDamaged like ``read_part``."""
    for _ in iterate_part(path, dataset, SCHEMAS[dataset].names):
        pass


def read_said(path: Place, dataset: Dataset) -> dict[str, Any]:
    """Return what a log part says of itself (``schema.describe_file``). Raises StoreDamaged like ``read_part``."""
    with _open_part(path, dataset) as file:
        return read_description(file.schema_arrow)


def read_overview(path: Place) -> Overview:
    """Return what a fold asks of a log part before its texts. Raises StoreDamaged like ``read_part``, and for an id that is none."""
    with _open_part(path, "articles") as file:
        groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
        columns = [group.column(place) for group in groups for place in range(group.num_columns)]
        return Overview(
            fetches=_first_fetches(path, file.read(columns=["article_id", "fetched_at"])),
            text_bytes=sum(column.total_uncompressed_size for column in columns if column.path_in_schema == "text"),
            parameters=read_description(file.schema_arrow).get("parameters") or {},
        )


def read_merges(path: Place, dataset: Dataset) -> list[str]:
    """Return the names of the log parts that this one replaces, none for a part that a crawl wrote."""
    return list(read_said(path, dataset).get("merges") or ())


def read_first_rows(path: Place, wanted: Mapping[str, int], columns: Sequence[str]) -> pa.Table:
    """Return the rows of a log part for {article_id: fetched_at in microseconds}: for each the first such row, in the part's order.

    At most one row group is in memory beside the result. Raises StoreDamaged when a row is not there.
    """
    tables = [SCHEMAS["articles"].empty_table().select(list(columns))]
    missing = dict(wanted)
    with _open_part(path, "articles") as file:
        for group in range(file.num_row_groups):
            keys = file.read_row_group(group, columns=["article_id", "fetched_at"])
            candidates = pc.indices_nonzero(pc.is_in(keys["article_id"], value_set=pa.array(list(missing), pa.string())))
            keys, found = keys.take(candidates), []
            for index, article_id, fetched_us in zip(
                candidates.to_pylist(), keys["article_id"].to_pylist(), microseconds_of(keys["fetched_at"]), strict=True
            ):
                if missing.get(article_id) == fetched_us:
                    del missing[article_id]
                    found.append(index)
            if found:
                tables.append(file.read_row_group(group, columns=list(columns)).select(list(columns)).take(found))
            if not missing:
                break
    if missing:
        raise StoreDamaged(
            f"{path}: expected the rows of {len(missing)} more articles, e.g. {min(missing)}; rebuild takes the log as it is"
        )
    return pa.concat_tables([table.replace_schema_metadata(None) for table in tables])


def _first_fetches(path: Place, table: pa.Table) -> dict[str, int]:
    found: dict[str, int] = {}
    for article_id, fetched_us in zip(table["article_id"].to_pylist(), microseconds_of(table["fetched_at"]), strict=True):
        found[article_id] = min(fetched_us, found.get(article_id, fetched_us))
    for article_id in found:
        try:
            bytes.fromhex(article_id)
        except (ValueError, TypeError) as error:
            raise StoreDamaged(f"{path}: article_id: expected hexadecimal digits, found {article_id!r}") from error
    return found


def read_derived(path: Place, dataset: Dataset, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Return a file of ``corpus/`` or ``copies/``, None if it is absent or unreadable: it is derived, so it is simply written again."""
    if not path.exists():
        return None
    try:
        return read_part(path, dataset, columns).replace_schema_metadata(None)
    except (StoreDamaged, StoreVersion) as error:
        logger.warning("%s; it is derived and will be written again", error)
        return None


@contextlib.contextmanager
def _open_part(path: Place, dataset: Dataset) -> Iterator[pq.ParquetFile]:
    try:
        # A file that we opened ParquetFile leaves open.
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(open_parquet(stack.enter_context(path.open()) if isinstance(path, ObjectPath) else path))
            check_file(str(path), file.schema_arrow, dataset)
            yield file
    except FileNotFoundError as error:
        raise StoreDamaged(f"{path}: expected a part of {dataset!r}, it is gone") from error
    except UNREADABLE as error:
        if isinstance(path, ObjectPath):
            path.exists()  # A store that cannot be reached raises its own error: no file of it is damaged.
        raise StoreDamaged(f"{path}: expected a part of {dataset!r}, it cannot be read: {error}") from error
