"""Recovery: what a killed process left undone is done, at every start and before every fold.

All of it under the fold lock, and the registry is read before the disk: live writers rename and register without the lock, so the other
order would call a new part registered but missing.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from typing import Any, Literal

from pipelines.corpus.files import Layout
from pipelines.corpus.fold import StoryIndex
from pipelines.corpus.log import LogDataset, register_stranger
from pipelines.corpus.merges import adopt_merge, finish_merges, merged_parts, remove_merged
from pipelines.corpus.parts import read_merges
from pipelines.corpus.source_lines import NoteLines
from pipelines.corpus.state import COPIES_DIRTY, CORPUS_DIRTY, FOLDED, MERGED, REGISTERED, drop_flag, get_flag, set_flags
from pipelines.errors import StoreDamaged
from pipelines.sqlite import transaction

logger = logging.getLogger(__name__)

# Of each derived dataset the bit for a file that is not right, and which members of a part it shows.
_SHOWN: tuple[tuple[Literal["corpus", "copies"], int, str], ...] = (
    ("corpus", CORPUS_DIRTY, "story_id = article_id"),
    ("copies", COPIES_DIRTY, "canonical_id != article_id"),
)


def reconcile_log(
    connection: sqlite3.Connection, layout: Layout, *, note_lines: NoteLines | None = None, damage: list[StoreDamaged] | None = None
) -> None:
    """Make the registry equal to the disk: register parts that no one registered, raise StoreDamaged for a part that is gone.

    One that cannot be read is StoreDamaged too; given a list for damage, it is noted there, and the others are registered.
    """
    for dataset in ("articles", "rejected"):
        known = registered_parts(connection, dataset)
        on_disk = layout.parts(dataset)
        merged = set(merged_parts(connection)) if dataset == "articles" else set()
        strangers = sorted(on_disk.keys() - known.keys())
        unreadable: set[str] = set()
        for name in strangers:
            if name in merged:
                continue
            path = layout.path(dataset, on_disk[name], name)
            try:
                # A merged part is older by name than what it replaces, so it comes first.
                merges = read_merges(path, dataset)
                with transaction(connection):
                    row_count = register_stranger(connection, dataset, on_disk[name], name, path, note_lines=note_lines)
                    if merges:
                        adopt_merge(connection, on_disk[name], name, merges, row_count)
            except StoreDamaged as error:
                if damage is None:
                    raise
                damage.append(error)
                unreadable.add(name)
                continue
            merged.update(merges)
        if registered := [name for name in strangers if name not in merged | unreadable]:
            logger.info("registered %d parts of %s that were on disk only, e.g. %s", len(registered), dataset, registered[0])
        _face_missing(connection, layout, dataset, {name: known[name] for name in known.keys() - on_disk.keys() - merged})
        if dataset == "articles":
            finish_merges(connection, layout)
            remove_merged(layout, {name: on_disk[name] for name in merged & on_disk.keys()})


def registered_parts(connection: sqlite3.Connection, dataset: LogDataset) -> dict[str, str]:
    """Return {part name: day} of the registry, without those that were merged into others."""
    return dict(connection.execute("SELECT name, day FROM part WHERE dataset = ? AND state != ?", (dataset, MERGED)))


def clear_index_if_asked(connection: sqlite3.Connection, index: StoryIndex[Any]) -> None:
    """Empty the index when the state was made anew or a rebuild began; a kill in between asks again."""
    if get_flag(connection, "clear_index"):
        index.clear()
        drop_flag(connection, "clear_index")


def start_rebuild(connection: sqlite3.Connection) -> None:
    """Forget everything that the log can tell: registry, places, lines, index. URL state and endpoints stay.

    Files of ``corpus/`` and ``copies/`` stay as they are until the next publish, which compares them whole with the log.
    """
    with transaction(connection):
        connection.execute("DELETE FROM member")
        for table in ("moved", "said", "host_move"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("DELETE FROM part")
        connection.execute("DELETE FROM source_line")
        set_flags(connection, "clear_index", "distrust_derived")


def distrust_index(connection: sqlite3.Connection) -> None:
    """Forget what the index decided, so that every registered part is folded anew, and the index is emptied before."""
    with transaction(connection):
        connection.execute("DELETE FROM member")
        connection.execute("UPDATE part SET state = ? WHERE dataset = 'articles' AND state != ?", (REGISTERED, MERGED))
        set_flags(connection, "clear_index", "distrust_derived")


def mark_missing(connection: sqlite3.Connection, layout: Layout) -> None:
    """Have the next publish write again what was deleted from ``corpus/`` and ``copies/``: the state knows that rows belong there."""
    for dataset, bit, is_shown in _SHOWN:
        on_disk = layout.parts(dataset)
        query = "SELECT id, name, day FROM part WHERE dataset = 'articles' AND state = ? AND NOT dirty & ?"
        absent = [row for row in connection.execute(query, (FOLDED, bit)) if on_disk.get(row[1]) != row[2]]
        holds_rows = f"SELECT 1 FROM member WHERE part = ? AND {is_shown} LIMIT 1"
        lost = [row for row in absent if connection.execute(holds_rows, (row[0],)).fetchone()]
        if lost:
            logger.warning(
                "%s: gone, with %d more; written again from the log", layout.path(dataset, lost[0][2], lost[0][1]), len(lost) - 1
            )
            with transaction(connection):
                connection.executemany("UPDATE part SET dirty = dirty | ? WHERE id = ?", [(bit, part) for part, _, _ in lost])


def remove_orphans(connection: sqlite3.Connection, layout: Layout) -> None:
    """Remove files of ``corpus/`` and ``copies/`` whose log part does not exist. Files of foreign names are left for verify to report.

    Where the log part is there and cannot be read, they may be the last that is left of its articles.
    """
    known = layout.parts("articles") | registered_parts(connection, "articles")
    for dataset, _, _ in _SHOWN:
        on_disk = layout.parts(dataset)
        for name, day in on_disk.items():
            if known.get(name) != day:
                path = layout.path(dataset, day, name)
                logger.warning("%s: removed, the log has no part of that name", path)
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()


def _face_missing(connection: sqlite3.Connection, layout: Layout, dataset: LogDataset, missing: dict[str, str]) -> None:
    if not missing:
        return
    name = min(missing)
    path = layout.path(dataset, missing[name], name)
    if dataset == "articles":
        raise StoreDamaged(
            f"{path}: expected {len(missing)} registered log parts that are gone, this is the first; "
            "put them back from a copy, or take the log as it stands with: scrapy corpus rebuild"
        )
    # What was rejected may be thrown away by its owner; the URLs stay known.
    logger.warning("%d parts of rejected/ are gone and no longer counted, e.g. %s", len(missing), path)
    with transaction(connection):
        connection.executemany("DELETE FROM part WHERE dataset = ? AND name = ?", [(dataset, gone) for gone in missing])
