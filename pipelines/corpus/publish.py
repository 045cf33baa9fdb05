"""Publishing: the dirty files of ``corpus/`` and ``copies/`` are made equal to what the index says.

Each step compares the present file with the wanted one and writes only a difference, so that a crash anywhere needs no journal. Shrinking
comes before writing: "parts that lose before parts that gain" is no order, since a part can lose one story and gain another. A reader
that looks at any instant finds no story and no article twice.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.corpus.derived import (
    KEY_COLUMNS,
    Need,
    WantedStories,
    copies_table,
    corpus_table,
    find_places,
    keep_shown,
    rows_from_log,
    wanted_stories,
)
from pipelines.corpus.files import Layout
from pipelines.corpus.fold import LogPart
from pipelines.corpus.merges import finish_merges
from pipelines.corpus.parts import read_derived
from pipelines.corpus.signatures import sign_corpus
from pipelines.corpus.state import COPIES_DIRTY, CORPUS_DIRTY, drop_flag, get_flag
from pipelines.corpus.story import StoryNotes
from pipelines.corpus.told import learn_moves, tell_stories
from pipelines.errors import StoreDamaged
from pipelines.sqlite import transaction

logger = logging.getLogger(__name__)

Derived = Literal["corpus", "copies"]

MAX_ROWS_READ = 5_000
"""Rows of the log for corpus parts that are written together: with their texts, in memory."""
MAX_ROWS_HELD = 50_000
"""Rows of corpus parts whose keys stay in memory from the shrinking to the writing: 30 MB."""


def publish_parts(
    connection: sqlite3.Connection, layout: Layout, *, outlet_hosts: Mapping[str, str] | None = None, before_us: int | None = None
) -> int:
    """Bring every dirty file up to date and return how many were written. Under the fold lock.

    outlet_hosts: {registrable domain: agency code} of outlets whose name is also a wire's. before_us: stories that were first fetched then or
    later, in microseconds since 1970, and do not show yet are left for a later publish (``watermarks.py``). Log parts that cannot be
    read hold up only what stands in them: when all else is written, StoreDamaged names the first of them.
    """
    # A compactor may have died since the last recovery.
    finish_merges(connection, layout)
    moves = learn_moves(connection)
    query = "SELECT id, name, day, dirty FROM part WHERE dirty != 0 ORDER BY day, name"
    todo = [(LogPart(id=part, name=name, day=day), dirty) for part, name, day, dirty in connection.execute(query)]
    if not todo:
        return 0
    # After a rebuild the present files prove nothing: every row is read from the log and compared whole.
    is_trusted = not get_flag(connection, "distrust_derived")
    moved = {article.hex() for (article,) in connection.execute("SELECT article_id FROM moved")}
    corpus_parts = [part for part, dirty in todo if dirty & CORPUS_DIRTY]
    copies_parts = [part for part, dirty in todo if dirty & COPIES_DIRTY]
    written = 0
    for part in copies_parts:
        written += _shrink_copies(connection, layout, part)
    corpus = _CorpusParts(connection, layout, before_us=before_us)
    for part in corpus_parts:
        written += corpus.shrink(part)
    tell = partial(tell_stories, connection, moves=moves, outlet_hosts=outlet_hosts or {})
    trouble = _Trouble()
    for group in corpus.group_needs(corpus_parts, tell=tell, moved=moved, is_trusted=is_trusted):
        written += _write_group(layout, group, trouble)
    for number in corpus.waiting:
        trouble.late[number] |= CORPUS_DIRTY
    for part in copies_parts:
        written += _write_copies(connection, layout, part, trouble)
    with transaction(connection):
        connection.executemany("UPDATE part SET dirty = ? WHERE id = ?", [(trouble.late.get(part.id, 0), part.id) for part, _ in todo])
        if not trouble.damage:
            connection.execute("DELETE FROM moved")
            drop_flag(connection, "distrust_derived")
    logger.info("published %d files of %d parts", written, len(todo))
    if trouble.damage:
        raise StoreDamaged(f"{trouble.damage[0]}; what does not stand in it is published")
    return written


@dataclass(slots=True)
class _Trouble:
    """What log parts that cannot be read leave undone."""

    damage: list[StoreDamaged] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    """Articles that corpus goes on showing, though a better copy that cannot be read took over: not to be shown in copies as well."""
    late: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """{part: the bits of its files that are not as they must be}"""


def _shrink_copies(connection: sqlite3.Connection, layout: Layout, part: LogPart) -> int:
    """Drop the rows of articles that became canonical, or went to another part."""
    ids = read_derived(layout.path("copies", part.day, part.name), "copies", ["article_id"])
    if ids is None:
        return 0
    query = "SELECT article_id FROM member WHERE part = ? AND canonical_id != article_id"
    keep = [article.hex() for (article,) in connection.execute(query, (part.id,))]
    return _shrink(layout, "copies", part, ids["article_id"], keep)


def _shrink(layout: Layout, dataset: Derived, part: LogPart, ids: pa.ChunkedArray, keep: Sequence[str]) -> int:
    stays = pc.is_in(ids, value_set=pa.array(keep, pa.string()))
    if not pc.any(pc.invert(stays)).as_py():
        return 0
    present = read_derived(layout.path(dataset, part.day, part.name), dataset)
    if present is None:
        return 0
    layout.write(dataset, part.day, part.name, present.filter(stays))
    return 1


class _CorpusParts:
    """The dirty files of ``corpus/``: what they must hold and do hold, looked up once for both steps as far as memory goes."""

    def __init__(self, connection: sqlite3.Connection, layout: Layout, *, before_us: int | None) -> None:
        self._connection, self._layout, self._before_us = connection, layout, before_us
        self.waiting: set[int] = set()
        """Numbers of the parts with stories that are left for later."""
        self._seen: dict[LogPart, tuple[WantedStories, pa.Table | None]] = {}
        self._held = 0

    def shrink(self, part: LogPart) -> int:
        """Drop the rows of stories that left the part."""
        wanted, keys = self._look(part)
        if keys is not None and (written := _shrink(self._layout, "corpus", part, keys["story_id"], wanted.story_ids)):
            return written
        if self._held < MAX_ROWS_HELD:
            self._seen[part] = wanted, keys
            self._held += len(wanted.story_ids)
        return 0

    def group_needs(
        self,
        parts: Iterable[LogPart],
        *,
        tell: Callable[[int], Mapping[str, StoryNotes]],
        moved: Collection[str],
        is_trusted: bool,
    ) -> Iterator[list[Need]]:
        """Yield the parts that are not right, some at a time: better copies of many old stories mostly lie in one new log part."""
        group: list[Need] = []
        missing = rows = 0
        for part in parts:
            wanted, keys = self._seen.pop(part) if part in self._seen else self._look(part)
            notes = tell(part.id)
            places = find_places(wanted, notes, keys if is_trusted else None, moved)
            if is_trusted and keys is not None and keys.num_rows == len(places) and list(places) == list(range(len(places))):
                continue
            group.append(Need(wanted, notes, places))
            missing, rows = missing + sum(place is None for place in places), rows + len(places)
            if missing >= MAX_ROWS_READ or rows >= MAX_ROWS_HELD:
                yield group
                group, missing, rows = [], 0, 0
        if group:
            yield group

    def _look(self, part: LogPart) -> tuple[WantedStories, pa.Table | None]:
        keys = read_derived(self._layout.path("corpus", part.day, part.name), "corpus", KEY_COLUMNS)
        shown = frozenset[str]() if self._before_us is None or keys is None else frozenset(keys["story_id"].to_pylist())
        wanted = wanted_stories(self._connection, part, before_us=self._before_us, shown=shown)
        if wanted.waiting:
            self.waiting.add(part.id)
        return wanted, keys


def _write_group(layout: Layout, group: Sequence[Need], trouble: _Trouble) -> int:
    added = rows_from_log(layout, group, damage=trouble.damage)
    added_at = {story: index for index, story in enumerate(added["story_id"].to_pylist())}
    written = 0
    for need in group:
        part = need.wanted.part
        present = read_derived(path := layout.path("corpus", part.day, part.name), "corpus")
        if present is None and any(place is not None for place in need.places):
            # Its keys could be read, and its texts cannot.
            written += _write_group(layout, [Need(need.wanted, need.notes, find_places(need.wanted, need.notes, None))], trouble)
            continue
        readable, kept = keep_shown(need, present, added_at) if trouble.damage else (need, frozenset())
        if len(readable.places) < len(need.places) or kept:
            trouble.kept |= kept
            trouble.late[part.id] |= CORPUS_DIRTY
        base = None if present is None else sign_corpus(layout, path, present)
        written += _write_difference(layout, "corpus", part, corpus_table(readable, base, added, added_at), present)
    return written


def _write_copies(connection: sqlite3.Connection, layout: Layout, part: LogPart, trouble: _Trouble) -> int:
    present = read_derived(layout.path("copies", part.day, part.name), "copies")
    if trouble.kept:
        trouble.late[part.id] |= COPIES_DIRTY
    try:
        table = copies_table(connection, layout, part, without=trouble.kept)
    except StoreDamaged as error:
        trouble.damage.append(error)
        trouble.late[part.id] |= COPIES_DIRTY
        return 0
    return _write_difference(layout, "copies", part, table, present)


def _write_difference(layout: Layout, dataset: Derived, part: LogPart, table: pa.Table, present: pa.Table | None) -> int:
    """An emptied part stays as a file with no rows: a reader that has just listed it must find it."""
    exists = layout.path(dataset, part.day, part.name).exists()
    if (present is not None and present.equals(table)) or (not table.num_rows and not exists):
        return 0
    layout.write(dataset, part.day, part.name, table)
    return 1
