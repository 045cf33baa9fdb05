"""What a fold tells the corpus: for every member of a story, its canonical copy and its relation to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import tables
from pipelines.dedup.arrays import distinct
from pipelines.dedup.canonical import Member, choose_canonical, first_fetched, relate
from pipelines.dedup.verify import similarity
from pipelines.dedup.work import Work
from pipelines.records import Membership


def describe_stories(work: Work, labels: Iterable[int], agency_hosts: Mapping[str, str]) -> list[Membership]:
    """Return the rows of every member of the stories with these labels."""
    stories = work.state.stories
    texts_of = {label: stories.members(label) for label in sorted(labels)}
    members = _members_by_text(work, [text for texts in texts_of.values() for text in texts])
    several = [text for texts in texts_of.values() if len(texts) > 1 for text in texts]
    work.shingles.update(tables.read_shingles(work.connection, [text for text in several if text not in work.shingles]))
    rows: list[Membership] = []
    for texts in texts_of.values():
        # A text whose documents have all moved away has no members.
        if own := [member for text in texts for member in members.get(text, ())]:
            rows += describe_story(own, work.shingles, agency_hosts)
    return rows


def describe_story(members: list[Member], shingles: Mapping[int, NDArray[np.uint32]], agency_hosts: Mapping[str, str]) -> list[Membership]:
    """Return the rows of one story's members; shingles by text, needed where the story has several texts."""
    story_id = first_fetched(members).article_id
    canonical = choose_canonical(members, agency_hosts=agency_hosts) if len(members) > 1 else members[0]
    measured: dict[int, tuple[float, float]] = {canonical.text: (1.0, 1.0)}
    others = {member.text for member in members} - measured.keys()
    whole = distinct(shingles[canonical.text]) if others else np.zeros(0, np.uint32)
    for text in others:
        measured[text] = similarity(distinct(shingles[text]), whole)
    rows = []
    for member in members:
        jaccard, containment = measured[member.text]
        is_canonical = member is canonical
        rows.append(
            Membership(
                article_id=member.article_id,
                story_id=story_id,
                canonical_article_id=canonical.article_id,
                relation=None if is_canonical else relate(member, canonical, jaccard=jaccard, containment=containment),
                jaccard=None if is_canonical else jaccard,
                containment=None if is_canonical else containment,
            )
        )
    return rows


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
