"""The columns of the four datasets, and what every file says about itself.

One fixed schema from version 1 on, every column nullable: a file with one column more is an error in Polars and Hugging Face, and
silently cut in pandas, DuckDB and Spark. For the same readers' sake no ``timestamp[ns]``, ``map``, ``uint64`` or Arrow dictionary type, and
the partition key is no column. Meanings stand in docs/columns.md.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa

from pipelines.errors import StoreDamaged, StoreVersion
from pipelines.records import SCHEMA_VERSION

Dataset = Literal["articles", "corpus", "copies", "rejected"]

_TIME = pa.timestamp("us", "UTC")
_STRINGS = pa.list_(pa.string())
_PROVENANCE = pa.list_(
    pa.struct(
        [
            ("field", pa.string()),
            ("value", pa.string()),
            ("signal", pa.string()),
            ("evidence", pa.string()),
            ("confidence", pa.float32()),
        ]
    )
)
_REMOVED = pa.list_(pa.struct([("reason", pa.string()), ("text", pa.string())]))

ARTICLES: pa.Schema = pa.schema(
    [
        ("article_id", pa.string()),
        ("url", pa.string()),
        ("canonical_url", pa.string()),
        ("source", pa.string()),
        ("host", pa.string()),
        ("title", pa.string()),
        ("standfirst", pa.string()),
        ("text", pa.string()),
        ("authors", _STRINGS),
        ("language", pa.string()),
        ("section", pa.string()),
        ("tags", _STRINGS),
        ("published_at", _TIME),
        ("modified_at", _TIME),
        ("fetched_at", _TIME),
        ("date_source", pa.string()),
        ("agencies", _STRINGS),
        ("credited_agencies", _STRINGS),
        ("provenance_mode", pa.string()),
        ("syndicated_from", pa.string()),
        ("syndicated_url", pa.string()),
        ("dateline", pa.string()),
        ("contributors", _STRINGS),
        ("copyright", pa.string()),
        ("provenance", _PROVENANCE),
        ("is_free", pa.bool_()),
        ("tdm_reserved", pa.bool_()),
        ("word_count", pa.int32()),
        ("text_sha256", pa.binary(32)),
        ("minhash", pa.binary()),
        ("removed", _REMOVED),
        ("quality", pa.float32()),
        ("extractor", pa.string()),
        ("run_id", pa.string()),
        ("schema_version", pa.int16()),
        ("extra", pa.string()),
    ]
)
CORPUS: pa.Schema = ARTICLES.append(pa.field("story_id", pa.string()))
COPIES: pa.Schema = pa.schema(
    [
        ("article_id", pa.string()),
        ("story_id", pa.string()),
        ("canonical_article_id", pa.string()),
        ("relation", pa.string()),
        ("jaccard", pa.float32()),
        ("containment", pa.float32()),
        ("url", pa.string()),
        ("source", pa.string()),
        ("title", pa.string()),
        ("agencies", _STRINGS),
        ("published_at", _TIME),
        ("fetched_at", _TIME),
        ("run_id", pa.string()),
        ("schema_version", pa.int16()),
    ]
)
REJECTED: pa.Schema = pa.schema(
    [
        ("url", pa.string()),
        ("source", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("fetched_at", _TIME),
        ("run_id", pa.string()),
        ("requested_url", pa.string()),
        ("is_final", pa.bool_()),
        ("schema_version", pa.int16()),
    ]
)
SCHEMAS: Mapping[Dataset, pa.Schema] = {"articles": ARTICLES, "corpus": CORPUS, "copies": COPIES, "rejected": REJECTED}

# Few values that repeat: worth a Parquet dictionary (an encoding, invisible to readers). In text, URLs and ids it gains nothing and costs CPU.
REPEATING_COLUMNS = (
    "source host language section date_source provenance_mode extractor run_id relation stage reason "
    "authors.list.element tags.list.element agencies.list.element credited_agencies.list.element "
    "provenance.list.element.field provenance.list.element.signal removed.list.element.reason"
).split()
BLOOM_COLUMNS = ("article_id", "url")

_METADATA_KEY = b"copydesk"
_CHECKSUM_KEY = b"copydesk.crc32"
"""Of the value above: Parquet has checksums for pages only."""


def describe_file(dataset: Dataset, parameters: Mapping[str, Any], merges: Sequence[str] = ()) -> dict[bytes, bytes]:
    """Return the key-value metadata of a file: JSON with dataset, schema_version, stage parameters and ``merges``.

    ``merges`` names the log parts that a compacted part replaces; a part written by a crawl replaces none.
    """
    said: dict[str, Any] = {"dataset": dataset, "schema_version": SCHEMA_VERSION, "parameters": dict(parameters), "merges": list(merges)}
    packed = json.dumps(said, sort_keys=True).encode()
    return {_METADATA_KEY: packed, _CHECKSUM_KEY: _checksum(packed)}


def read_description(schema: pa.Schema) -> dict[str, Any]:
    """Return what a file says of itself (see describe_file), {} if it is none of ours."""
    try:
        said = json.loads((schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _checksum(packed: bytes) -> bytes:
    return f"{zlib.crc32(packed):08x}".encode()


def check_file(name: str, schema: pa.Schema, dataset: Dataset) -> None:
    """Raise StoreVersion when a file was not written as this dataset by this version of the schema, StoreDamaged when its description or columns were changed since.

    Files from before there was a checksum have none to compare.
    """
    metadata = schema.metadata or {}
    packed = metadata.get(_METADATA_KEY, b"")
    if (expected := metadata.get(_CHECKSUM_KEY)) not in (None, _checksum(packed)):
        raise StoreDamaged(f"{name}: expected a description of checksum {expected!r}, found {_checksum(packed)!r}: {packed!r}")
    found = read_description(schema).get("schema_version")
    if found != SCHEMA_VERSION:
        raise StoreVersion(f"{name}: expected a file of schema version {SCHEMA_VERSION}, found {found or 'a file without one'}")
    if not schema.remove_metadata().equals(SCHEMAS[dataset]):
        different = sorted(set(map(str, schema)) ^ set(map(str, SCHEMAS[dataset])))
        raise StoreDamaged(f"{name}: expected the columns of {dataset!r}, found others: {', '.join(different[:4]) or 'another order'}")
