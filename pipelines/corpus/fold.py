"""Folding: log parts go into the dedup index, and every article learns its place in a story.

All of it under the fold lock. The index decides outside the write transaction, for only the holder of the lock changes it; one short
transaction then writes index, places, dirty bits and the state of the parts together. Small parts are folded together: what a fold reads of
a story, and how often an index grows by a file, is then asked once for all of them.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar

from pipelines.corpus.files import Layout
from pipelines.corpus.objects import Place
from pipelines.corpus.parts import Overview, read_first_rows, read_overview
from pipelines.corpus.rows import DOCUMENT_COLUMNS, documents_from_table
from pipelines.corpus.signatures import SIGNATURE, own_parameters
from pipelines.corpus.state import COPIES_DIRTY, CORPUS_DIRTY, FOLDED, select_in
from pipelines.corpus.story import said_values
from pipelines.corpus.told import load_said
from pipelines.errors import CorpusError, StoreDamaged
from pipelines.records import Document, Membership
from pipelines.sqlite import transaction

logger = logging.getLogger(__name__)


class Fold(Protocol):
    """What an index decided and has not written yet."""

    @property
    def memberships(self) -> Sequence[Membership]:
        """Complete rows for every member of every story that it touches."""
        ...


F = TypeVar("F", bound=Fold)

MAX_FOLD_ROWS = 2_000
MAX_FOLD_BYTES = 32_000_000
"""Of parts that are folded together, rows and bytes of their texts, which are in memory then. A larger part is folded by itself."""


class StoryIndex(Protocol[F]):
    """The dedup index as the store needs it. It keeps its tables on the store's connection, so that one transaction covers both."""

    def refresh(self) -> None:
        """Forget what is cached: another process may have folded. Called right after the fold lock is taken."""
        ...

    def prepare(self, documents: Sequence[Document], moved: Sequence[Document] = ()) -> F:
        """Decide where new documents belong; moved ones are known and turned out to have been fetched earlier."""
        ...

    def prepare_settle(self, limit: int = 5000) -> F | None:
        """Decide about documents whose judgment was put off; None when none is left."""
        ...

    def write(self, fold: F) -> None:
        """Write what was decided, inside the caller's transaction."""
        ...

    def finish(self, fold: F) -> None:
        """Called after the commit."""
        ...

    def abandon(self, fold: F) -> None:
        """Called after a rollback."""
        ...

    def clear(self) -> None:
        """Forget every document."""
        ...

    def statistics(self) -> dict[str, int]:
        """Return how much it holds, and what it did since it was opened."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPart:
    """A part of ``articles/`` as the registry knows it."""

    id: int
    name: str
    day: str


@dataclass(frozen=True, kw_only=True)
class UnfoldedPart(LogPart):
    """A part that is to be folded."""

    path: Place

    @cached_property
    def overview(self) -> Overview:
        """What is known of it without its texts, read once. Raises StoreDamaged."""
        return read_overview(self.path)


class Owner(NamedTuple):
    """The row of the log that owns an article: when it was fetched, in microseconds since 1970, and its part."""

    fetched_us: int
    name: str
    day: str

    @property
    def place(self) -> tuple[str, str]:
        """Day and name of the part."""
        return self.day, self.name


@dataclass(frozen=True, slots=True)
class Member:
    """One article's place: the log part and fetch that own it, its story, the canonical copy and how it differs from that."""

    part: int
    fetched_us: int
    story_id: bytes
    canonical_id: bytes
    relation: str | None
    jaccard: float | None
    containment: float | None


def unfolded_parts(connection: sqlite3.Connection, layout: Layout) -> Iterator[list[UnfoldedPart]]:
    """Yield the registered parts that are not in the index yet, in the order of their names, those that are folded together as one list."""
    query = "SELECT id, name, day, row_count FROM part WHERE dataset = 'articles' AND state = 0 ORDER BY name"
    together: list[UnfoldedPart] = []
    rows = size = 0
    for number, name, day, own_rows in connection.execute(query).fetchall():
        part = UnfoldedPart(id=number, name=name, day=day, path=layout.path("articles", day, name))
        own_size = _text_bytes(part)
        rows, size = rows + own_rows, size + own_size
        if together and (rows > MAX_FOLD_ROWS or size > MAX_FOLD_BYTES):
            yield together
            together, rows, size = [], own_rows, own_size
        together.append(part)
    if together:
        yield together


def _text_bytes(part: UnfoldedPart) -> int:
    try:
        return part.overview.text_bytes
    except StoreDamaged:  # said when it is folded
        return MAX_FOLD_BYTES


def fold_parts(
    connection: sqlite3.Connection,
    layout: Layout,
    index: StoryIndex[Any],
    *,
    damage: list[StoreDamaged] | None = None,
    counts: Counter[str] | None = None,
) -> int:
    """Fold every unfolded part and return how many there were.

    Raises StoreDamaged for one that cannot be read; given a list for damage, it is noted there, stays unfolded, and the others are folded.
    counts: gets ``other_signatures``, the articles of parts whose ``minhash`` column is of other parameters; the index does not need it.
    """
    counts = Counter() if counts is None else counts
    number = 0
    for parts in unfolded_parts(connection, layout):
        number += len(parts)
        try:
            fold_together(connection, layout, index, parts, counts)
        except StoreDamaged:
            _fold_singly(connection, layout, index, parts, counts, damage)
    if number:
        logger.info("folded %d parts", number)
    return number


def _fold_singly(
    connection: sqlite3.Connection,
    layout: Layout,
    index: StoryIndex[Any],
    parts: Iterable[UnfoldedPart],
    counts: Counter[str],
    damage: list[StoreDamaged] | None,
) -> None:
    """Fold parts one by one where one of them cannot be read."""
    for part in parts:
        try:
            fold_together(connection, layout, index, [part], counts)
        except StoreDamaged as error:
            if damage is None:
                raise
            damage.append(error)


def fold_together(
    connection: sqlite3.Connection, layout: Layout, index: StoryIndex[Any], parts: Sequence[UnfoldedPart], counts: Counter[str]
) -> None:
    """Fold some parts in one step; counts as for ``fold_parts``.

    Of several log rows with one article_id the earliest (fetched_at, part name) owns it; the rest are repeats.
    """
    owners: dict[str, Owner] = {}
    for part in parts:
        for article, fetched_us in part.overview.fetches.items():
            owner = Owner(fetched_us, part.name, part.day)
            owners[article] = min(owner, owners.get(article, owner))
    known = {article.hex(): owner for article, owner in find_owners(connection, map(bytes.fromhex, owners)).items()}
    moved = {article for article, owner in known.items() if owners[article] < owner}
    wanted: dict[str, dict[str, int]] = {part.name: {} for part in parts}
    for article, owner in owners.items():
        if article not in known or article in moved:
            wanted[owner.name][article] = owner.fetched_us
    if not any(wanted.values()):
        with transaction(connection):
            _close_parts(connection, parts)
        return
    owned = {article: (part.id, fetched_us) for part in parts for article, fetched_us in wanted[part.name].items()}
    tables = (read_first_rows(part.path, own, DOCUMENT_COLUMNS) for part in parts if (own := wanted[part.name]))
    documents = [document for table in tables for document in documents_from_table(table)]
    fold = index.prepare(
        [document for document in documents if document.article_id not in moved],
        moved=[document for document in documents if document.article_id in moved],
    )
    write_fold(connection, index, fold, parts=parts, owned=owned, moved=moved, documents=documents)
    expected = own_parameters(layout)
    for part in parts:
        if (own := wanted[part.name]) and (found := part.overview.parameters.get(SIGNATURE)) != expected:
            logger.warning(
                "%s: expected signatures (minhash) as %s, found %s; its articles get new ones in the corpus", part.path, expected, found
            )
            counts["other_signatures"] += len(own)


def find_owners(connection: sqlite3.Connection, article_ids: Iterable[bytes]) -> dict[bytes, Owner]:
    """Return which row of the log owns each article; articles that no folded row has are left out."""
    query = "SELECT article_id, fetched_us, name, day FROM member JOIN part ON part.id = member.part WHERE article_id IN ({})"
    return {row[0]: Owner(*row[1:]) for row in select_in(connection, query, article_ids)}


def settle(connection: sqlite3.Connection, index: StoryIndex[Any]) -> int:
    """Let the index judge again what it put off, and return in how many steps."""
    steps = 0
    while (fold := index.prepare_settle()) is not None:
        write_fold(connection, index, fold)
        steps += 1
    return steps


def write_fold(
    connection: sqlite3.Connection,
    index: StoryIndex[F],
    fold: F,
    *,
    parts: Sequence[LogPart] = (),
    owned: Mapping[str, tuple[int, int]] | None = None,
    moved: Iterable[str] = (),
    documents: Sequence[Document] = (),
) -> None:
    """Write one decision in one transaction: index, places of its articles, dirty parts, and that these parts are folded.

    owned are the articles that rows of these parts own from now on, {article_id: (part, fetched_at in microseconds)}; documents are those rows.
    """
    try:
        before = load_members(connection, (membership.article_id for membership in fold.memberships))
        after = _members(fold.memberships, before, owned or {})
        said = {bytes.fromhex(document.article_id): _said(document) for document in documents}
        dirty = _dirty_parts(connection, before, after, said)
        with transaction(connection):
            index.write(fold)
            _save_members(connection, before, after)
            connection.executemany(
                "INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?, ?)", [(article, *row) for article, row in sorted(said.items())]
            )
            connection.executemany("INSERT OR IGNORE INTO moved VALUES (?)", sorted((bytes.fromhex(article),) for article in moved))
            connection.executemany("UPDATE part SET dirty = dirty | ? WHERE id = ?", [(bits, number) for number, bits in dirty.items()])
            _close_parts(connection, parts)
    except BaseException:
        index.abandon(fold)
        raise
    index.finish(fold)


def load_members(connection: sqlite3.Connection, article_ids: Iterable[str]) -> dict[bytes, Member]:
    """Return what the store knows of these articles."""
    query = (
        "SELECT article_id, part, fetched_us, story_id, canonical_id, relation, jaccard, containment FROM member WHERE article_id IN ({})"
    )
    return {row[0]: Member(*row[1:]) for row in select_in(connection, query, map(bytes.fromhex, article_ids))}


def _said(document: Document) -> tuple[str, str, str | None, str | None]:
    return said_values(
        url=document.url,
        host=document.host,
        canonical_url=document.canonical_url,
        agencies=document.agencies,
        syndicated_from=document.syndicated_from,
    )


def _close_parts(connection: sqlite3.Connection, parts: Iterable[LogPart]) -> None:
    # Always dirty: files of their names may be left from an older state.
    rows = [(FOLDED, CORPUS_DIRTY | COPIES_DIRTY, part.id) for part in parts]
    connection.executemany("UPDATE part SET state = ?, dirty = ? WHERE id = ?", rows)


def _members(
    memberships: Sequence[Membership], before: Mapping[bytes, Member], owned: Mapping[str, tuple[int, int]]
) -> dict[bytes, Member]:
    after: dict[bytes, Member] = {}
    for item in memberships:
        article = bytes.fromhex(item.article_id)
        if item.article_id in owned:
            where = owned[item.article_id]
        elif article in before:
            where = before[article].part, before[article].fetched_us
        else:
            raise CorpusError(f"index: expected memberships of articles in the log, found {item.article_id}")
        story_id, canonical_id = bytes.fromhex(item.story_id), bytes.fromhex(item.canonical_article_id)
        after[article] = Member(*where, story_id, canonical_id, item.relation, item.jaccard, item.containment)
    for article_id in owned:
        if bytes.fromhex(article_id) not in after:
            raise CorpusError(f"index: expected a membership for every document, found none for {article_id}")
    return after


def _save_members(connection: sqlite3.Connection, before: Mapping[bytes, Member], after: Mapping[bytes, Member]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (article, row.part, row.fetched_us, row.story_id, row.canonical_id, row.relation, row.jaccard, row.containment)
            for article, row in sorted(after.items())
            if before.get(article) != row
        ),
    )


def _dirty_parts(
    connection: sqlite3.Connection,
    before: Mapping[bytes, Member],
    after: Mapping[bytes, Member],
    said: Mapping[bytes, tuple[str, str, str | None, str | None]],
) -> dict[int, int]:
    """Return {part: bits} of the derived files that show these articles, or what they say of their story, differently before and after."""
    said_before = load_said(connection, after.keys() | before.keys())
    said_after = said_before | {article: row[:3] for article, row in said.items()}
    dirty: dict[int, int] = defaultdict(int)
    for part, bit, *_ in _places(connection, before, said_before) ^ _places(connection, after, said_after):
        dirty[part] |= bit
    return dirty


def _places(
    connection: sqlite3.Connection, members: Mapping[bytes, Member], said: Mapping[bytes, tuple[object, ...]]
) -> set[tuple[int, int, bytes, object]]:
    """Return where articles show: the part, the dataset's bit, and all that the row says.

    A story shows in the corpus part of its first member, so that it never moves between files when a better copy takes it over. What a
    copy says of agencies and origin shows in its story's row.
    """
    firsts = {row.story_id for row in members.values()}
    part_of = {article: members[article].part for article in firsts & members.keys()}
    part_of |= dict(select_in(connection, "SELECT article_id, part FROM member WHERE article_id IN ({})", firsts - members.keys()))
    places: set[tuple[int, int, bytes, object]] = set()
    for article, row in members.items():
        story_part = part_of.get(row.story_id)
        if row.canonical_id != article:
            places.add((row.part, COPIES_DIRTY, article, row))
        elif story_part is not None:
            places.add((story_part, CORPUS_DIRTY, article, row))
        if article in said and story_part is not None:
            places.add((story_part, CORPUS_DIRTY, article, (row.story_id, row.relation, said[article])))
    return places
