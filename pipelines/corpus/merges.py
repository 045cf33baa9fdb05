"""Merged parts: a part whose metadata names the log parts that it replaces (``merges``).

Its rename into ``articles/`` commits the compaction, so recovery needs no journal: the registry learns of it, the derived files of the old
names become one file in one step for readers, and the old log parts go. Every step may be repeated. The old names stay in the registry as
tombstones, for a late retry of their batch must not resurrect them. All of it under the fold lock.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa

from pipelines.corpus.exchange import exchange_folders
from pipelines.corpus.files import COMPACT_LEVEL, Layout, sync_folder, write_parquet
from pipelines.corpus.objects import ObjectPath, Place
from pipelines.corpus.parts import read_derived, read_merges
from pipelines.corpus.schema import SCHEMAS, describe_file
from pipelines.corpus.signatures import sign_corpus
from pipelines.corpus.state import COPIES_DIRTY, CORPUS_DIRTY, FOLDED, MERGE_UNFINISHED, MERGED, REGISTERED
from pipelines.sqlite import transaction

logger = logging.getLogger(__name__)

# What makes the one step impossible on a file system, besides a missing exchange: no hard links there.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
_ORDERS = {
    "corpus": ("story_id", "SELECT story_id FROM member WHERE part = ? AND story_id = article_id ORDER BY fetched_us, story_id"),
    "copies": ("article_id", "SELECT article_id FROM member WHERE part = ? AND canonical_id != article_id ORDER BY fetched_us, article_id"),
}


def merged_parts(connection: sqlite3.Connection) -> dict[str, str]:
    """Return {name: day} of the log parts that were merged into others."""
    return dict(connection.execute("SELECT name, day FROM part WHERE dataset = 'articles' AND state = ?", (MERGED,)))


def adopt_merge(connection: sqlite3.Connection, day: str, name: str, merges: Sequence[str], row_count: int) -> None:
    """Enter a merged part: it owns what the old parts owned, and these are tombstones from now on. Inside the caller's transaction.

    Where an old part is unknown or not folded (the state is new, or an older copy of it), the merged part is folded like a new one.
    """
    states = {old: _state_of(connection, old) for old in merges}
    state = FOLDED if all(found in (FOLDED, MERGED) for found in states.values()) else REGISTERED
    connection.execute(
        "INSERT INTO part(dataset, name, day, row_count, state, dirty) VALUES ('articles', ?, ?, ?, ?, ?) ON CONFLICT(dataset, name) "
        "DO UPDATE SET row_count = excluded.row_count, state = excluded.state, dirty = excluded.dirty",
        (name, day, row_count, state, CORPUS_DIRTY | COPIES_DIRTY | MERGE_UNFINISHED),
    )
    for old in merges:
        connection.execute(
            "UPDATE member SET part = (SELECT id FROM part WHERE dataset = 'articles' AND name = ?) "
            "WHERE part = (SELECT id FROM part WHERE dataset = 'articles' AND name = ?)",
            (name, old),
        )
        connection.execute(
            "INSERT INTO part(dataset, name, day, row_count, state) VALUES ('articles', ?, ?, 0, ?) "
            "ON CONFLICT(dataset, name) DO UPDATE SET row_count = 0, state = excluded.state, dirty = 0",
            (old, day, MERGED),
        )


def finish_merges(connection: sqlite3.Connection, layout: Layout) -> None:
    """Bring every merge to its end: the derived files of the old names become one, then the old log parts go."""
    query = "SELECT id, name, day FROM part WHERE dirty & ? ORDER BY day, name"
    for part, name, day in connection.execute(query, (MERGE_UNFINISHED,)).fetchall():
        merges = read_merges(layout.path("articles", day, name), "articles")
        for dataset in ("copies", "corpus"):
            _swap(connection, layout, dataset, part, name, day, merges)
        _unlink(layout.path("articles", day, old) for old in merges)
        with transaction(connection):
            connection.execute("UPDATE part SET dirty = dirty & ~? WHERE id = ?", (MERGE_UNFINISHED, part))


def remove_merged(layout: Layout, found: dict[str, str]) -> None:
    """Unlink log parts that came back under a name that was merged: a batch that was retried late, whose rows the merged part holds."""
    for name, day in sorted(found.items()):
        path = layout.path("articles", day, name)
        if path.exists():
            logger.info("%s: removed, its rows are in a merged part", path)
            _unlink([path])


def _state_of(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute("SELECT state FROM part WHERE dataset = 'articles' AND name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def _swap(
    connection: sqlite3.Connection,
    layout: Layout,
    dataset: Literal["corpus", "copies"],
    part: int,
    name: str,
    day: str,
    merges: Sequence[str],
) -> None:
    """Put one file with the rows of the old ones in their place. What readers find does not change: that is the next publish's work."""
    final = layout.path(dataset, day, name)
    old = [path for merged in sorted(merges) if (path := layout.path(dataset, day, merged)).exists()]
    if not old:
        return
    if final.exists():  # a killed process had put it there in two steps
        _unlink(old)
        return
    read = [(path, table) for path in old if (table := read_derived(path, dataset)) is not None]
    tables = [sign_corpus(layout, path, table) if dataset == "corpus" else table for path, table in read]
    column, query = _ORDERS[dataset]
    order = [row[0].hex() for row in connection.execute(query, (part,))]
    table = _sorted(pa.concat_tables([SCHEMAS[dataset].empty_table(), *tables]), column, order)
    if isinstance(final, ObjectPath):
        # No two objects change places: a plain reader may find rows twice until the last one is deleted, but never misses one.
        layout.write(dataset, day, name, table, level=COMPACT_LEVEL)
        _unlink(old)
        return
    described = table.replace_schema_metadata(describe_file(dataset, layout.parameters))
    box = layout.make_swap_folder()
    try:
        if not _exchange(final, old, described, box):
            # Readers may find rows twice between the rename and the last unlink.
            layout.write(dataset, day, name, table, level=COMPACT_LEVEL)
            _unlink(old)
    finally:
        shutil.rmtree(box, ignore_errors=True)


def _exchange(final: Path, old: Sequence[Place], table: pa.Table, box: Path) -> bool:
    """Make the day's folder anew beside the old one, with links to the files that stay, and let both change places."""
    new = box / final.parent.name
    os.mkdir(new)  # noqa: PTH102
    gone = {path.name for path in old}
    for entry in os.scandir(final.parent):
        if entry.name not in gone:
            try:
                os.link(entry.path, new / entry.name)
            except OSError as error:
                if error.errno in _NO_LINKS:
                    return False
                raise
    descriptor = os.open(new / final.name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        write_parquet(table, file, level=COMPACT_LEVEL)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(new)
    if not exchange_folders(final.parent, new):
        return False
    sync_folder(final.parent.parent)
    return True


def _sorted(table: pa.Table, column: str, order: Sequence[str]) -> pa.Table:
    """Return the rows as the next publish wants them; what it is about to drop comes last."""
    place = {value: index for index, value in enumerate(order)}
    places = [place.get(value, len(place)) for value in table[column].to_pylist()]
    return table.take(pa.array(sorted(range(table.num_rows), key=places.__getitem__), pa.int64())).combine_chunks()


def _unlink(paths: Iterable[Place]) -> None:
    """Remove files of one folder; those that are gone already are no error."""
    folders: set[Path] = set()
    for path in paths:
        if isinstance(path, ObjectPath):
            path.unlink(missing_ok=True)
            continue
        folders.add(path.parent)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - beside the other calls that touch the disk
    for folder in folders:
        sync_folder(folder)
