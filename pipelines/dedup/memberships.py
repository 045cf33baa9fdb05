"""What a fold tells the corpus: for every member of a story, its canonical copy and its relation to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import tables
from pipelines.dedup.canonical import choose_canonical, relate
from pipelines.dedup.members import Member, first_fetched
from pipelines.dedup.state import IndexState
from pipelines.dedup.verify import distinct_shingles, similarity
from pipelines.dedup.work import Work
from pipelines.records import Membership, Relation

ReadShingles = Callable[[list[int]], Mapping[int, NDArray[np.uint32]]]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
_DOCUMENTS_AT_ONCE = 2000
_ROWS_AT_ONCE = 5000


def describe_stories(work: Work, labels: Iterable[int], agency_hosts: Mapping[str, str]) -> list[Membership]:
    """Return the rows of every member of the stories with these labels."""
    stories = work.state.stories
    texts_of = {label: stories.members(label) for label in sorted(labels)}
    members = _members_by_text(work, [text for texts in texts_of.values() for text in texts])
    several = [text for texts in texts_of.values() if len(texts) > 1 for text in texts]
    work.fetch_shingles(several)
    shingles = distinct_shingles({text: work.shingles[text] for text in several})
    rows: list[Membership] = []
    for texts in texts_of.values():
        # A text whose documents have all moved away has no members.
        if own := [member for text in texts for member in members.get(text, ())]:
            rows += describe_story(own, shingles, agency_hosts)
    return rows


def describe_story(members: list[Member], shingles: Mapping[int, NDArray[np.uint32]], agency_hosts: Mapping[str, str]) -> list[Membership]:
    """Return the rows of one story's members; shingles by text, sorted and distinct, needed where the story has several texts."""
    story_id = first_fetched(members).article_id
    canonical = choose_canonical(members, agency_hosts=agency_hosts) if len(members) > 1 else members[0]
    measured: dict[int, tuple[float, float]] = {canonical.text: (1.0, 1.0)}
    others = {member.text for member in members} - measured.keys()
    for text in others:
        measured[text] = similarity(shingles[text], shingles[canonical.text])
    rows = []
    for member in members:
        jaccard, containment = measured[member.text]
        is_canonical = member is canonical
        rows.append(
            Membership(
                article_id=member.article_id,
                story_id=story_id,
                canonical_article_id=canonical.article_id,
                relation=None
                if is_canonical
                else relate(member, canonical, jaccard=jaccard, containment=containment, agency_hosts=agency_hosts),
                jaccard=None if is_canonical else jaccard,
                containment=None if is_canonical else containment,
            )
        )
    return rows


def describe_everything(
    connection: sqlite3.Connection, state: IndexState, agency_hosts: Mapping[str, str], read_shingles: ReadShingles
) -> Iterator[list[Membership]]:
    """Yield the row of every document, in the order of their numbers; about 40 bytes a document are held in memory."""
    numbers, texts = tables.read_numbers(connection, "SELECT id, text FROM dedup_document ORDER BY id", 2).T
    standing = Standing.alone(numbers)
    for own in _stories_of_several(state.stories.labels(texts.astype(np.uint32))):
        place_of = dict(zip(numbers[own].tolist(), own.tolist(), strict=True))
        told = sorted(set(texts[own].tolist()))
        several = [text for text in told if len(state.stories.members(state.stories.label(text))) > 1]
        standing.place(connection, state, place_of, told, agency_hosts, distinct_shingles(read_shingles(several)))
    yield from standing.rows(connection, numbers)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where documents stand, as arrays by place: who names the story, who is canonical, and how each differs from that."""

    story: NDArray[np.int64]
    """Number of the document whose article_id is the story's id."""
    canonical: NDArray[np.int64]
    relation: NDArray[np.int8]
    """Place in RELATIONS; -1 for the canonical copy."""
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]

    @classmethod
    def alone(cls, numbers: NDArray[np.int64]) -> Standing:
        """Every document is a story of its own."""
        count = len(numbers)
        return cls(numbers.copy(), numbers.copy(), np.full(count, -1, np.int8), np.zeros(count), np.zeros(count))

    def place(
        self,
        connection: sqlite3.Connection,
        state: IndexState,
        place_of: Mapping[int, int],
        texts: list[int],
        agency_hosts: Mapping[str, str],
        shingles: Mapping[int, NDArray[np.uint32]],
    ) -> None:
        """Take in the stories that these texts tell, all texts of each; place_of: place by document number; shingles as ``describe_story`` needs them."""
        members: dict[int, list[Member]] = {}
        number_of: dict[str, int] = {}
        for member, _, number in tables.read_numbered_members(connection, texts, state.source_names):
            members.setdefault(state.stories.label(member.text), []).append(member)
            number_of[member.article_id] = number
        rows = [row for story in members.values() for row in describe_story(story, shingles, agency_hosts)]
        places = [place_of[number_of[row.article_id]] for row in rows]
        self.story[places] = [number_of[row.story_id] for row in rows]
        self.canonical[places] = [number_of[row.canonical_article_id] for row in rows]
        self.relation[places] = [-1 if row.relation is None else RELATIONS.index(row.relation) for row in rows]
        self.jaccard[places] = [row.jaccard or 0 for row in rows]
        self.containment[places] = [row.containment or 0 for row in rows]

    def rows(self, connection: sqlite3.Connection, numbers: NDArray[np.int64]) -> Iterator[list[Membership]]:
        """Yield the memberships of the documents with these numbers, one for each place."""
        for begin in range(0, len(numbers), _ROWS_AT_ONCE):
            some = slice(begin, begin + _ROWS_AT_ONCE)
            wanted = {number for column in (numbers, self.story, self.canonical) for number in column[some].tolist()}
            name = tables.find_article_ids(connection, sorted(wanted))
            columns = (
                column[some].tolist() for column in (numbers, self.story, self.canonical, self.relation, self.jaccard, self.containment)
            )
            yield [
                Membership(
                    article_id=name[number],
                    story_id=name[story],
                    canonical_article_id=name[canonical],
                    relation=None if relation < 0 else RELATIONS[relation],
                    jaccard=None if relation < 0 else jaccard,
                    containment=None if relation < 0 else containment,
                )
                for number, story, canonical, relation, jaccard, containment in zip(*columns, strict=True)
            ]


def _stories_of_several(labels: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the places of documents that are not alone in their story, about ``_DOCUMENTS_AT_ONCE`` at a time and whole stories."""
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(labels) else np.zeros(0, np.int64)
    sizes = np.diff(np.append(starts, len(labels)))
    several = np.repeat(sizes > 1, sizes)
    order, sizes = order[several], sizes[sizes > 1]
    begin = 0
    for end in np.cumsum(sizes).tolist():
        if end - begin >= _DOCUMENTS_AT_ONCE or end == len(order):
            yield order[begin:end]
            begin = end


def _members_by_text(work: Work, texts: list[int]) -> dict[int, list[Member]]:
    """The documents of texts: those of the tables, as far as this fold did not change them, and those of this fold."""
    known = [text for text in texts if text < work.first_new_text]
    stored = [
        member for member, _ in tables.read_members(work.connection, known, work.state.source_names) if member.article_id not in work.moved
    ]
    wanted = set(texts)
    members: dict[int, list[Member]] = {}
    for member in (*stored, *(arrival.member for arrival in work.arrivals)):
        if member.text in wanted:
            members.setdefault(member.text, []).append(member)
    return members
