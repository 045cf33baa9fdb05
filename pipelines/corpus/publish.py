"""Publishing: the dirty files of ``corpus/`` and ``copies/`` are made equal to what the index says.

Each step compares the present file with the wanted one and writes only a difference, so that a crash anywhere needs no journal. Shrinking
comes before writing: "parts that lose before parts that gain" is no order, since a part can lose one story and gain another. A reader
that looks at any instant finds no story and no article twice.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from pipelines.corpus.files import Layout
from pipelines.corpus.fold import LogPart
from pipelines.corpus.merges import finish_merges
from pipelines.corpus.parts import read_derived, read_first_rows
from pipelines.corpus.rows import microseconds_of
from pipelines.corpus.schema import ARTICLES, COPIES, CORPUS
from pipelines.corpus.state import COPIES_DIRTY, CORPUS_DIRTY, drop_flag, get_flag
from pipelines.corpus.story import StoryNotes, annotate_row, told_in
from pipelines.corpus.told import learn_moves, tell_stories
from pipelines.records import Evidence
from pipelines.sqlite import transaction

logger = logging.getLogger(__name__)

Derived = Literal["corpus", "copies"]
NO_NOTES = StoryNotes()
_Key = tuple[str, str, int, tuple[Evidence, ...]]
_KEY_COLUMNS = ("story_id", "article_id", "fetched_at", "provenance")

_FROM_LOG = [name for name in COPIES.names if name in ARTICLES.names]
_JUDGED = [name for name in COPIES.names if name not in ARTICLES.names]


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A row that a corpus part must hold: the story, and the log row of its canonical copy."""

    story_id: str
    article_id: str
    fetched_us: int
    day: str
    name: str
    notes: StoryNotes = NO_NOTES
    """What the story's other copies tell."""


def publish_parts(connection: sqlite3.Connection, layout: Layout, *, outlet_hosts: Mapping[str, str] | None = None) -> int:
    """Bring every dirty file up to date and return how many were written. Under the fold lock.

    outlet_hosts: {registrable domain: agency code} of outlets whose name is also a wire's.
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
    for part in corpus_parts:
        written += _shrink_corpus(connection, layout, part)
    for part in corpus_parts:
        notes = tell_stories(connection, part.id, moves=moves, outlet_hosts=outlet_hosts or {})
        written += _write_corpus(layout, part, wanted_stories(connection, part, notes), moved=moved, is_trusted=is_trusted)
    for part in copies_parts:
        written += _write_copies(connection, layout, part)
    with transaction(connection):
        connection.executemany("UPDATE part SET dirty = 0 WHERE id = ?", [(part.id,) for part, _ in todo])
        connection.execute("DELETE FROM moved")
        drop_flag(connection, "distrust_derived")
    logger.info("published %d files of %d parts", written, len(todo))
    return written


def wanted_stories(connection: sqlite3.Connection, part: LogPart, notes: Mapping[str, StoryNotes]) -> list[StoryRow]:
    """Return the rows of a corpus part: the stories whose first member is in the log part of its name, as they were first seen.

    notes: {story_id: what its copies tell}.
    """
    query = (
        "SELECT first.story_id, copy.article_id, copy.fetched_us, part.day, part.name FROM member AS first "
        "JOIN member AS copy ON copy.article_id = first.canonical_id JOIN part ON part.id = copy.part "
        "WHERE first.part = ? AND first.story_id = first.article_id ORDER BY first.fetched_us, first.story_id"
    )
    rows = connection.execute(query, (part.id,))
    return [
        StoryRow(story.hex(), article.hex(), fetched_us, day, name, notes.get(story.hex(), NO_NOTES))
        for story, article, fetched_us, day, name in rows
    ]


def copies_table(connection: sqlite3.Connection, layout: Layout, part: LogPart) -> pa.Table:
    """Return a copies part: the articles that this log part owns and that are not canonical, in the order they were fetched."""
    query = (
        "SELECT article_id, story_id, canonical_id, relation, jaccard, containment, fetched_us FROM member "
        "WHERE part = ? AND canonical_id != article_id ORDER BY fetched_us, article_id"
    )
    rows = connection.execute(query, (part.id,)).fetchall()
    if not rows:
        return COPIES.empty_table()
    fetched = {article.hex(): fetched_us for article, *_, fetched_us in rows}
    found = _in_order(read_first_rows(layout.path("articles", part.day, part.name), fetched, _FROM_LOG), "article_id", list(fetched))
    judged = {
        "story_id": [row[1].hex() for row in rows],
        "canonical_article_id": [row[2].hex() for row in rows],
        **{name: [row[index] for row in rows] for index, name in enumerate(("relation", "jaccard", "containment"), start=3)},
    }
    columns = {name: pa.array(judged[name], COPIES.field(name).type) for name in _JUDGED}
    return pa.table({name: columns.get(name, found[name] if name in _FROM_LOG else None) for name in COPIES.names}, schema=COPIES)


def corpus_table(layout: Layout, wanted: list[StoryRow], present: pa.Table | None, moved: Collection[str]) -> pa.Table:
    """Return a corpus part: rows that are right already come from the present file, the others from the log parts of their copies."""
    tables = [CORPUS.empty_table()]
    right: set[str] = set()
    if present is not None:
        says = {_wanted_key(row): row.story_id for row in wanted if row.article_id not in moved}
        found = [says.pop(key, None) for key in _corpus_keys(present)]
        tables.append(present.filter(pa.array([story is not None for story in found], pa.bool_())))
        right = {story for story in found if story is not None}
    missing: dict[tuple[str, str], dict[str, StoryRow]] = defaultdict(dict)
    for row in wanted:
        if row.story_id not in right:
            missing[row.day, row.name][row.article_id] = row
    for (day, name), rows in sorted(missing.items()):
        fetched = {article: row.fetched_us for article, row in rows.items()}
        table = read_first_rows(layout.path("articles", day, name), fetched, ARTICLES.names)
        shown = [rows[article] for article in table["article_id"].to_pylist()]
        table = table.append_column(CORPUS.field("story_id"), pa.array([row.story_id for row in shown], pa.string()))
        tables.append(annotate_table(table, [row.notes for row in shown]))
    return _in_order(pa.concat_tables(tables), "story_id", [row.story_id for row in wanted])


def _shrink_copies(connection: sqlite3.Connection, layout: Layout, part: LogPart) -> int:
    """Drop the rows of articles that became canonical, or went to another part."""
    query = "SELECT article_id FROM member WHERE part = ? AND canonical_id != article_id"
    keep = {article.hex() for (article,) in connection.execute(query, (part.id,))}
    return _shrink(layout, "copies", part, "article_id", keep)


def _shrink_corpus(connection: sqlite3.Connection, layout: Layout, part: LogPart) -> int:
    """Drop the rows of stories that left the part."""
    query = "SELECT story_id FROM member WHERE part = ? AND story_id = article_id"
    keep = {story.hex() for (story,) in connection.execute(query, (part.id,))}
    return _shrink(layout, "corpus", part, "story_id", keep)


def _shrink(layout: Layout, dataset: Derived, part: LogPart, column: str, keep: Collection[str]) -> int:
    path = layout.path(dataset, part.day, part.name)
    ids = read_derived(path, dataset, [column])
    if ids is None or all(value in keep for value in ids[column].to_pylist()):
        return 0
    present = read_derived(path, dataset)
    if present is None:
        return 0
    mask = pa.array([value in keep for value in present[column].to_pylist()], pa.bool_())
    layout.write(dataset, part.day, part.name, present.filter(mask))
    return 1


def _write_corpus(layout: Layout, part: LogPart, wanted: list[StoryRow], *, moved: Collection[str], is_trusted: bool) -> int:
    path = layout.path("corpus", part.day, part.name)
    if is_trusted and not any(row.article_id in moved for row in wanted):
        keys = read_derived(path, "corpus", _KEY_COLUMNS)
        if keys is not None and _corpus_keys(keys) == [_wanted_key(row) for row in wanted]:
            return 0
    present = read_derived(path, "corpus")
    table = corpus_table(layout, wanted, present if is_trusted else None, moved)
    return _write_difference(layout, "corpus", part, table, present)


def _write_copies(connection: sqlite3.Connection, layout: Layout, part: LogPart) -> int:
    present = read_derived(layout.path("copies", part.day, part.name), "copies")
    return _write_difference(layout, "copies", part, copies_table(connection, layout, part), present)


def _write_difference(layout: Layout, dataset: Derived, part: LogPart, table: pa.Table, present: pa.Table | None) -> int:
    """An emptied part stays as a file with no rows: a reader that has just listed it must find it."""
    exists = layout.path(dataset, part.day, part.name).exists()
    if (present is not None and present.equals(table)) or (not table.num_rows and not exists):
        return 0
    layout.write(dataset, part.day, part.name, table)
    return 1


def annotate_table(table: pa.Table, notes: Sequence[StoryNotes]) -> pa.Table:
    """Return rows of the log as the corpus shows them, with what their stories tell."""
    told = [index for index, note in enumerate(notes) if note.evidence]
    if not told:
        return table
    rows = table.take(told).to_pylist()
    changed = pa.Table.from_pylist([annotate_row(row, notes[index]) for index, row in zip(told, rows, strict=True)], schema=table.schema)
    places = {index: table.num_rows + place for place, index in enumerate(told)}
    return pa.concat_tables([table, changed]).take([places.get(index, index) for index in range(table.num_rows)])


def _wanted_key(row: StoryRow) -> _Key:
    return row.story_id, row.article_id, row.fetched_us, row.notes.evidence


def _corpus_keys(table: pa.Table) -> list[_Key]:
    """Return what decides whether a corpus row is still right."""
    told = map(told_in, table["provenance"].to_pylist())
    columns = (table["story_id"].to_pylist(), table["article_id"].to_pylist(), microseconds_of(table["fetched_at"]), told)
    return list(zip(*columns, strict=True))


def _in_order(table: pa.Table, column: str, order: list[str]) -> pa.Table:
    """Return the rows of a table sorted as the values of a column stand in a list."""
    place: Mapping[str, int] = {value: index for index, value in enumerate(table[column].to_pylist())}
    return table.take(pa.array([place[value] for value in order], pa.int64())).combine_chunks()
