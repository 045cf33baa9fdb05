"""Exports: the stories of ``corpus/``, all or some of their columns and rows, as files to hand on.

A folder of Parquet or JSON lines, or a Hugging Face dataset with its card. It is written beside its place and put there whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.corpus.card import write_card
from pipelines.corpus.files import COMPACT_LEVEL, ROWS_PER_GROUP, Layout, sync_folder
from pipelines.corpus.schema import CORPUS, describe_file
from pipelines.corpus.signatures import iterate_signed_corpus
from pipelines.errors import CorpusError

Format = Literal["parquet", "jsonl", "huggingface"]
FORMATS: tuple[Format, ...] = get_args(Format)
EXPORTED: pa.Schema = CORPUS.append(pa.field("crawl_date", pa.date32()))
"""The columns of an export: those of ``corpus/``, and the day a story was first seen, which is a folder's name there."""
SHARD_ROWS = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What is exported: stories that meet all of these. Empty and None choose all."""

    columns: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    """``pt`` also chooses ``pt-BR``."""
    agencies: frozenset[str] = frozenset()
    """Codes of which the story bears one at least."""
    sources: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None
    """First and last day (UTC) on which a story was first seen."""

    def check(self) -> None:
        """Raise CorpusError for a column that does not exist or days in the wrong order."""
        if unknown := [name for name in self.columns if name not in EXPORTED.names]:
            raise CorpusError(f"columns: expected some of {', '.join(EXPORTED.names)}, got {', '.join(unknown)}")
        if len(set(self.columns)) != len(self.columns):
            raise CorpusError(f"columns: expected each once, got {', '.join(self.columns)}")
        if self.since and self.until and self.since > self.until:
            raise CorpusError(f"since: expected a day up to {self.until}, got {self.since}")


@dataclass(slots=True)
class Exported:
    """What an export holds."""

    rows: int = 0
    files: int = 0
    size: int = 0
    """Bytes of the shards."""
    languages: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    first_day: str | None = None
    last_day: str | None = None


def export_corpus(layout: Layout, target: Path, *, format: Format, choice: Choice, shard_rows: int = SHARD_ROWS) -> Exported:
    """Write the chosen stories below a new folder, target, and return what it holds. About 5,000 rows are in memory at a time.

    Rows stand in the order of days and parts. Raises CorpusError when target is there already or cannot be written, when a choice makes no
    sense, and StoreDamaged when a file cannot be read; then nothing is left behind.
    """
    choice.check()
    if shard_rows < 1:
        raise CorpusError(f"shard-rows: expected a number from 1, got {shard_rows}")
    target = target.absolute()
    if target.exists() or target.is_symlink():
        raise CorpusError(f"{target}: expected a path where nothing is yet; an export overwrites nothing")
    if not target.parent.is_dir():
        raise CorpusError(f"{target}: expected its folder {target.parent} to be there, found none")
    if layout.root.resolve() in (resolved := target.resolve()).parents:
        raise CorpusError(f"{resolved}: expected a place outside {layout.root}")
    box = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        os.mkdir(box)  # noqa: PTH102 - beside the other calls that touch the disk
        exported = _write_shards(layout, box, format, choice, shard_rows)
        if format == "huggingface":
            write_card(box / "README.md", exported, choose_schema(choice))
        sync_folder(box)
        _put_in_place(box, target)
    except OSError as error:
        raise CorpusError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(box, ignore_errors=True)
    return exported


def choose_schema(choice: Choice) -> pa.Schema:
    """Return the columns of an export, in the order asked for."""
    return pa.schema([EXPORTED.field(name) for name in choice.columns or EXPORTED.names])


def _put_in_place(box: Path, target: Path) -> None:
    if target.exists():  # Renaming would replace an empty folder in silence.
        raise CorpusError(f"{target}: expected a path where nothing is yet; somebody made it meanwhile")
    os.rename(box, target)  # noqa: PTH104
    sync_folder(target.parent)


def _write_shards(layout: Layout, box: Path, format: Format, choice: Choice, shard_rows: int) -> Exported:
    exported, schema = Exported(), choose_schema(choice).with_metadata(describe_file("corpus", layout.parameters))
    folder, stem = (box / "data", "train") if format == "huggingface" else (box, "part")
    folder.mkdir(exist_ok=True)
    suffix, open_shard = (".jsonl.zst", _open_jsonl) if format == "jsonl" else (".parquet", _open_parquet)
    shards: list[Path] = []
    with contextlib.ExitStack() as stack:
        write: Callable[[pa.Table], None] | None = None
        room = 0
        for day, table in chosen_tables(layout, choice):
            _count(exported, day, table)
            rows = table.select(schema.names).cast(schema)
            while rows.num_rows:
                if write is None or not room:
                    stack.close()
                    shards.append(folder / f"{stem}-{len(shards):05d}{suffix}")
                    write, room = stack.enter_context(open_shard(shards[-1], schema)), shard_rows
                write(rows.slice(0, room))
                rows, room = rows.slice(room), max(0, room - rows.num_rows)
        if not shards:  # An export without rows still has its columns.
            shards.append(folder / f"{stem}-00000{suffix}")
            stack.enter_context(open_shard(shards[-1], schema))
    if format == "huggingface":
        for number, path in enumerate(shards):
            path.rename(path.with_name(f"{stem}-{number:05d}-of-{len(shards):05d}{suffix}"))
    exported.files, exported.size = len(shards), sum(path.stat().st_size for path in folder.iterdir())
    sync_folder(folder)
    return exported


def chosen_tables(layout: Layout, choice: Choice) -> Iterator[tuple[str, pa.Table]]:
    """Yield (day, some chosen rows), at most a row group at a time, with the columns of the choice and those it asks about."""
    names = [*dict.fromkeys([*(choice.columns or EXPORTED.names), "language", "agencies", "source"])]
    columns = [name for name in names if name != "crawl_date"]
    for name, day in sorted(layout.parts("corpus").items(), key=lambda item: (item[1], item[0])):
        first_seen = date.fromisoformat(day)
        if (choice.since and first_seen < choice.since) or (choice.until and first_seen > choice.until):
            continue
        for table in iterate_signed_corpus(layout, layout.path("corpus", day, name), columns):
            if (rows := _filter(table, choice)).num_rows:
                yield day, rows.append_column("crawl_date", pa.array([first_seen] * rows.num_rows, pa.date32()))


def _filter(table: pa.Table, choice: Choice) -> pa.Table:
    keep: list[Sequence[bool]] = []
    if choice.languages:
        wanted = {name.casefold() for name in choice.languages}
        keep.append([_has_language(value, wanted) for value in table["language"].to_pylist()])
    if choice.sources:
        keep.append(pc.is_in(table["source"], pa.array(sorted(choice.sources))).to_pylist())
    if choice.agencies:
        keep.append([not choice.agencies.isdisjoint(value or ()) for value in table["agencies"].to_pylist()])
    return table.filter(pa.array([all(row) for row in zip(*keep, strict=True)], pa.bool_())) if keep else table


def _has_language(value: str | None, wanted: Collection[str]) -> bool:
    tag = (value or "").casefold()
    return tag in wanted or tag.partition("-")[0] in wanted


def _count(exported: Exported, day: str, table: pa.Table) -> None:
    exported.rows += table.num_rows
    exported.languages.update(value for value in table["language"].to_pylist() if value)
    exported.sources.update(value for value in table["source"].to_pylist() if value)
    exported.first_day = min(day, exported.first_day or day)
    exported.last_day = max(day, exported.last_day or day)


@contextlib.contextmanager
def _open_parquet(path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    with path.open("xb") as file:
        with pq.ParquetWriter(
            file, schema, compression="zstd", compression_level=COMPACT_LEVEL, write_page_index=True, write_page_checksum=True
        ) as writer:
            yield lambda table: writer.write_table(table, row_group_size=ROWS_PER_GROUP)
        _sync(file)


@contextlib.contextmanager
def _open_jsonl(path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    with path.open("xb") as file:
        with pa.CompressedOutputStream(pa.PythonFile(file, "w"), "zstd") as packed:

            def write(table: pa.Table) -> None:
                packed.write("".join(json.dumps(_plain(row), ensure_ascii=False) + "\n" for row in table.to_pylist()).encode())

            yield write
        _sync(file)


def _sync(file: Any) -> None:
    if not file.closed:
        file.flush()
        os.fsync(file.fileno())


def _plain(value: Any) -> Any:
    """A value as JSON has it: times and days in ISO 8601, bytes as hex digits."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.hex() if isinstance(value, bytes) else value
