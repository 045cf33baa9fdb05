"""Log rows as dedup sees them: the shingled text, and the facts by which a canonical copy is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.cluster.groups import Batches
from pipelines.corpus.rows import DOCUMENT_COLUMNS, documents_from_table
from pipelines.corpus.story import said_values
from pipelines.dedup.members import Member, describe_member
from pipelines.dedup.packing import pack_shingles, shorten, unpack_shingles
from pipelines.dedup.parameters import DedupParameters
from pipelines.dedup.shingles import shingle_documents
from pipelines.dedup.signature import band_keys
from pipelines.dedup.tables import decode, encode
from pipelines.dedup.verify import posted_keys
from pipelines.records import Document

_TIME = pa.timestamp("us", "UTC")
PLACE = ("day", "part", "row_index")
"""Where a row stands in the log: the day and name of its part, and its number there."""
INPUT = [*DOCUMENT_COLUMNS, *PLACE]
DOCUMENTS: pa.Schema = pa.schema(
    [
        ("article_id", pa.string()),
        ("day", pa.string()),
        ("part", pa.string()),
        ("row_index", pa.int64()),
        ("text", pa.int64()),
        ("words", pa.int32()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("host", pa.string()),
        ("canonical_url", pa.string()),
        ("published_at", _TIME),
        ("modified_at", _TIME),
        ("fetched_at", _TIME),
        ("agencies", pa.list_(pa.string())),
        ("syndicated_from", pa.string()),
        ("syndicated_url", pa.string()),
        ("url_hash", pa.int64()),
        ("said_host", pa.string()),
        ("points_to", pa.string()),
        ("shingles", pa.binary()),
        ("bands", pa.binary()),
    ]
)
"""``text`` is the hash of the matching form: equal for equal texts. The rest is what ``dedup`` and ``corpus`` call so."""
POSTINGS: pa.Schema = pa.schema([("key", pa.int64()), ("text", pa.int64()), ("source", pa.int32()), ("url", pa.int64())])
_TEXTS_AT_ONCE = 512


def describe_documents(batches: Batches, *, parameters: DedupParameters) -> Iterator[pa.RecordBatch]:
    """Yield DOCUMENTS rows for log rows with the columns of INPUT."""
    for batch in batches:
        if batch.num_rows:
            yield _describe(pa.Table.from_batches([batch]), parameters.sample_every)


def _describe(table: pa.Table, sample_every: int) -> pa.RecordBatch:
    documents = list(documents_from_table(table.select(DOCUMENT_COLUMNS)))
    shingled = shingle_documents(documents)
    shingles = [text.shingles for text in shingled]
    rows: list[dict[str, Any]] = []
    for document, text in zip(documents, shingled, strict=True):
        member = describe_member(document, text=text.digest, words=text.words)
        said_host, _, _, points_to = said_values(
            url=document.url,
            host=document.host,
            canonical_url=document.canonical_url,
            agencies=document.agencies,
            syndicated_from=document.syndicated_from,
        )
        row = {name: getattr(member, name) for name in Member.__slots__}
        rows.append({**row, "url_hash": member.identity_hash, "said_host": said_host, "points_to": points_to})
    found = pa.Table.from_pylist(rows, schema=pa.schema([field for field in DOCUMENTS if field.name not in (*PLACE, "shingles", "bands")]))
    columns = {
        **{name: found[name] for name in found.column_names},
        **{name: table[name] for name in PLACE},
        "shingles": pa.array(pack_shingles(shorten(shingles, sample_every), sample_every), pa.binary()),
        "bands": pa.array([encode(keys) for keys in band_keys(shingles)], pa.binary()),
    }
    (batch,) = pa.table({name: columns[name] for name in DOCUMENTS.names}, schema=DOCUMENTS).combine_chunks().to_batches()
    return batch


def as_member(row: Mapping[str, Any], text: int) -> Member:
    """Return a DOCUMENTS row as a member of a story whose texts are numbered."""
    facts = {name: row[name] for name in Member.__slots__ if name not in ("text", "words", "agencies")}
    return describe_member(Document(**facts, text="", agencies=tuple(row["agencies"] or ())), text=text, words=row["words"])


def post_documents(batches: Batches, *, sources: Mapping[str, int], sample_every: int) -> Iterator[pa.RecordBatch]:
    """Yield POSTINGS: one row for each document and key that its text may be posted under. sources: number by name."""
    for batch in batches:
        for begin in range(0, batch.num_rows, _TEXTS_AT_ONCE):
            some = batch.slice(begin, _TEXTS_AT_ONCE)
            rows, keys = posted(some, sample_every)
            numbers = np.array([sources[name] for name in some["source"].to_pylist()], np.int32)
            columns = [keys, integers(some["text"])[rows], numbers[rows], integers(some["url_hash"])[rows]]
            yield pa.record_batch([pa.array(column) for column in columns], schema=POSTINGS)


def posted(batch: pa.RecordBatch, sample_every: int) -> tuple[Any, Any]:
    """Return row numbers and keys, parallel int64 arrays sorted by both, of the keys that each row's text may be posted under."""
    shingles = dict(enumerate(unpack_shingles(batch["shingles"].to_pylist())))
    bands = {row: decode(keys) for row, keys in enumerate(batch["bands"].to_pylist())}
    packed = posted_keys(shingles, bands, sample_every)
    return (packed >> np.uint64(32)).astype(np.int64), packed.astype(np.uint32).astype(np.int64)


def integers(column: pa.Array | pa.ChunkedArray) -> Any:
    """Return a column of whole numbers without nulls as a numpy array of its type."""
    return column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
