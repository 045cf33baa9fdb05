"""Where documents stand, as a table of their own: Parquet or JSON lines, written in batches and put in place whole."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import CorpusError
from pipelines.records import Membership

WRITABLE = (".parquet", ".jsonl", ".jsonl.gz")
PLACEMENTS = pa.schema(
    [
        ("article_id", pa.string()),
        ("story_id", pa.string()),
        ("relation", pa.string()),
        ("jaccard", pa.float64()),
        ("containment", pa.float64()),
        ("is_canonical", pa.bool_()),
    ]
)

Write = Callable[[Sequence[Membership]], None]


def check_target(path: Path) -> None:
    """Raise CorpusError, naming the path, if no placements can be written there. A file that is there will be replaced."""
    if not path.name.lower().endswith(WRITABLE):
        raise CorpusError(f"{path}: expected a name that ends in {', '.join(WRITABLE)}")
    if path.is_dir():
        raise CorpusError(f"{path}: expected a file to write, found a folder")
    if not path.parent.is_dir():
        raise CorpusError(f"{path}: expected its folder to be there, found none")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise CorpusError(f"{path}: expected a folder that can be written, found one without write permission")


@contextlib.contextmanager
def open_placements(path: Path) -> Iterator[Write]:
    """Give a function that writes memberships; the file appears under its name when the block ends well, whole, and not at all otherwise."""
    # The suffix at the end says how the file is written.
    temporary = path.with_name(f".{secrets.token_hex(8)}.{path.name}")
    try:
        with temporary.open("xb") as file, _open_writer(path, file) as write:
            yield write
        temporary.replace(path)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _open_writer(path: Path, file: IO[bytes]) -> Iterator[Write]:
    if path.name.lower().endswith(".parquet"):
        with pq.ParquetWriter(file, PLACEMENTS, compression="zstd", write_page_checksum=True) as writer:
            yield lambda memberships: writer.write_table(pa.Table.from_pylist(list(map(as_row, memberships)), PLACEMENTS))
    elif path.name.lower().endswith(".gz"):
        with gzip.open(file, "wt", encoding="utf-8", compresslevel=6) as text:
            yield lambda memberships: text.writelines(map(_as_line, memberships))
    else:
        yield lambda memberships: file.writelines(_as_line(membership).encode() for membership in memberships)


def as_row(membership: Membership) -> dict[str, Any]:
    """Return a membership as a row of PLACEMENTS."""
    return {
        "article_id": membership.article_id,
        "story_id": membership.story_id,
        "relation": membership.relation,
        "jaccard": membership.jaccard,
        "containment": membership.containment,
        "is_canonical": membership.relation is None,
    }


def _as_line(membership: Membership) -> str:
    return json.dumps(as_row(membership), ensure_ascii=False) + "\n"
