"""What the files of ``corpus/`` and ``copies/`` must hold: which rows, the state says; what stands in them, the log parts that own them.

Only articles whose row is not right yet are read, and a log part that several files need, once for all of them.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.corpus.files import Layout
from pipelines.corpus.fold import LogPart, find_owners
from pipelines.corpus.parts import read_first_rows
from pipelines.corpus.schema import ARTICLES, COPIES, CORPUS
from pipelines.corpus.signatures import read_signed_rows
from pipelines.corpus.story import STORY_SIGNALS, StoryNotes, annotate_row, told_in
from pipelines.errors import StoreDamaged
from pipelines.records import Evidence

NO_NOTES = StoryNotes()
KEY_COLUMNS = ("story_id", "article_id", "fetched_at", "provenance")
"""What decides whether a corpus row is still right."""

_FROM_LOG = [name for name in COPIES.names if name in ARTICLES.names]
_JUDGED = [name for name in COPIES.names if name not in ARTICLES.names]
_FIRSTS = "SELECT story_id, canonical_id, fetched_us FROM member WHERE part = ? AND story_id = article_id ORDER BY fetched_us, story_id"
_COPIES = (
    "SELECT article_id, story_id, canonical_id, relation, jaccard, containment, fetched_us FROM member "
    "WHERE part = ? AND canonical_id != article_id ORDER BY fetched_us, article_id"
)

Places = Sequence[int | None]
"""For each wanted row where the present file has it; None where its content has to come from the log."""


@dataclass(frozen=True, slots=True)
class WantedStories:
    """The rows that a corpus part must hold, in order: the stories whose first member is in the log part of its name, as they were first seen."""

    part: LogPart
    story_ids: list[str]
    article_ids: list[str]
    """Of the canonical copies."""
    fetched_us: list[int]
    elsewhere: Mapping[str, tuple[str, str]]
    """{article_id: (day, name)} of the canonical copies that another log part owns."""
    waiting: int = 0
    """Stories that are not wanted yet."""


@dataclass(frozen=True, slots=True)
class Need:
    """A corpus part that is not as it must be."""

    wanted: WantedStories
    notes: Mapping[str, StoryNotes]
    """{story_id: what its other copies tell}, where they tell something."""
    places: Places


def wanted_stories(
    connection: sqlite3.Connection, part: LogPart, *, before_us: int | None = None, shown: Collection[str] = frozenset()
) -> WantedStories:
    """Return the rows that a corpus part must hold; stories first fetched at before_us or later wait, unless they are shown already."""
    every = connection.execute(_FIRSTS, (part.id,)).fetchall()
    rows = [row for row in every if before_us is None or row[2] < before_us or row[0].hex() in shown]
    others = find_owners(connection, (copy for story, copy, _ in rows if copy != story))
    return WantedStories(
        part,
        [story.hex() for story, _, _ in rows],
        [copy.hex() for _, copy, _ in rows],
        [fetched_us if copy == story else others[copy].fetched_us for story, copy, fetched_us in rows],
        {article.hex(): owner.place for article, owner in others.items() if owner.place != (part.day, part.name)},
        len(every) - len(rows),
    )


def find_places(
    wanted: WantedStories, notes: Mapping[str, StoryNotes], present: pa.Table | None, moved: Collection[str] = frozenset()
) -> Places:
    """Return where a corpus file, of which KEY_COLUMNS are given, already has the wanted rows, with what their stories tell.

    moved: articles whose row in the log is another one than before. Compared in Arrow: as Python objects, keys take ten times as long.
    """
    if present is None:
        return [None] * len(wanted.story_ids)
    place = pc.index_in(pa.array(wanted.story_ids, pa.string()), value_set=present["story_id"].combine_chunks())
    is_same = pc.and_(
        pc.equal(present["article_id"].take(place), pa.array(wanted.article_ids, pa.string())),
        pc.equal(present["fetched_at"].cast(pa.int64()).take(place), pa.array(wanted.fetched_us, pa.int64())),
    )
    found: list[int | None] = pc.if_else(is_same, place, None).to_pylist()
    told = _find_told(present["provenance"].combine_chunks())
    for index, (story, article, row) in enumerate(zip(wanted.story_ids, wanted.article_ids, found, strict=True)):
        if row is not None and (article in moved or told.get(row, ()) != notes.get(story, NO_NOTES).evidence):
            found[index] = None
    return found


def _find_told(provenance: pa.ListArray) -> dict[int, tuple[Evidence, ...]]:
    """Return {row: the evidence that it has from its story} for the rows that have any."""
    is_told = pc.is_in(pc.struct_field(pc.list_flatten(provenance), "signal"), value_set=pa.array(sorted(STORY_SIGNALS), pa.string()))
    rows = pc.list_parent_indices(provenance).filter(is_told).unique().to_pylist()
    return {row: told_in(provenance[row].as_py()) for row in rows}


def rows_from_log(layout: Layout, needs: Iterable[Need], *, damage: list[StoreDamaged]) -> pa.Table:
    """Return the rows of corpus parts that are in no place yet, as the corpus shows them, in any order.

    Log parts that cannot be read go into damage, and their rows are missing.
    """
    owned: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    stories: dict[str, tuple[str, StoryNotes]] = {}
    for need in needs:
        wanted, home = need.wanted, (need.wanted.part.day, need.wanted.part.name)
        for story, article, fetched_us, place in zip(wanted.story_ids, wanted.article_ids, wanted.fetched_us, need.places, strict=True):
            if place is None:
                owned[wanted.elsewhere.get(article, home)][article] = fetched_us
                stories[article] = story, need.notes.get(story, NO_NOTES)
    tables = [CORPUS.empty_table()]
    for (day, name), fetched in sorted(owned.items()):
        try:
            table = read_signed_rows(layout, layout.path("articles", day, name), fetched, ARTICLES.names)
        except StoreDamaged as error:
            damage.append(error)
            continue
        shown = [stories[article] for article in table["article_id"].to_pylist()]
        table = table.append_column(CORPUS.field("story_id"), pa.array([story for story, _ in shown], pa.string()))
        tables.append(annotate_table(table, [notes for _, notes in shown]))
    return pa.concat_tables(tables)


def keep_shown(need: Need, present: pa.Table | None, added_at: Mapping[str, int]) -> tuple[Need, set[str]]:
    """Return the need without the stories whose log part cannot be read, and the article_ids of the rows that stay in their stead.

    Such a story keeps the row that the present file has of it, if any.
    """
    shown = {} if present is None else {story: row for row, story in enumerate(present["story_id"].to_pylist())}
    places: list[int | None] = []
    stories: list[str] = []
    kept: set[str] = set()
    for story, place in zip(need.wanted.story_ids, need.places, strict=True):
        is_lost = place is None and story not in added_at
        if present is not None and is_lost and story in shown:
            kept.add(present["article_id"][shown[story]].as_py())
        if not is_lost or story in shown:
            stories.append(story)
            places.append(shown[story] if is_lost else place)
    return replace(need, wanted=replace(need.wanted, story_ids=stories), places=places), kept


def corpus_table(need: Need, present: pa.Table | None, added: pa.Table, added_at: Mapping[str, int]) -> pa.Table:
    """Return a corpus part: rows in their places from the present file, the others from added, where {story_id: row} are."""
    base = pa.concat_tables([CORPUS.empty_table(), *([] if present is None else [present])])
    missing = [added_at[story] for story, place in zip(need.wanted.story_ids, need.places, strict=True) if place is None]
    table = pa.concat_tables([base, added.take(pa.array(missing, pa.int64()))])
    behind = count(base.num_rows)
    return table.take(pa.array([next(behind) if place is None else place for place in need.places], pa.int64())).combine_chunks()


def copies_table(connection: sqlite3.Connection, layout: Layout, part: LogPart, *, without: Collection[str] = frozenset()) -> pa.Table:
    """Return a copies part: the articles that this log part owns and that are not canonical, in the order they were fetched.

    without: articles that the corpus still shows.
    """
    rows = [row for row in connection.execute(_COPIES, (part.id,)) if row[0].hex() not in without]
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


def annotate_table(table: pa.Table, notes: Sequence[StoryNotes]) -> pa.Table:
    """Return rows of the log as the corpus shows them, with what their stories tell."""
    told = [index for index, note in enumerate(notes) if note.evidence]
    if not told:
        return table
    rows = table.take(told).to_pylist()
    changed = pa.Table.from_pylist([annotate_row(row, notes[index]) for index, row in zip(told, rows, strict=True)], schema=table.schema)
    places = {index: table.num_rows + place for place, index in enumerate(told)}
    return pa.concat_tables([table, changed]).take([places.get(index, index) for index in range(table.num_rows)])


def _in_order(table: pa.Table, column: str, order: list[str]) -> pa.Table:
    """Return the rows of a table sorted as the values of a column stand in a list."""
    place: Mapping[str, int] = {value: index for index, value in enumerate(table[column].to_pylist())}
    return table.take(pa.array([place[value] for value in order], pa.int64())).combine_chunks()
