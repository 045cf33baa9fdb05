"""Which copy of a story stands for it, and how the others differ from it: pure functions of a story's members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from pipelines.dedup.lineages import find_lineages, hands, newest_versions, own_agency, version_time
from pipelines.dedup.members import Member
from pipelines.dedup.origins import origin_votes
from pipelines.records import Relation

COMPLETE = 0.9
"""A text with this share of the longest one's words is as complete."""
COPY_JACCARD = 0.9
EXCERPT_CONTAINMENT = 0.9
EXCERPT_LENGTH = 0.8
_NEVER = datetime.max.replace(tzinfo=UTC)
_NO_HOSTS: Mapping[str, str] = MappingProxyType({})


class Rank(NamedTuple):
    """Where a member of a story stands; the smallest stands for the story. The fields are the rules, in the order in which they decide."""

    fewer_name_it: int
    """Minus the other sources that name it or a version of it as the origin."""
    not_on_agency_site: bool
    """False on the own site of an agency that the story is credited to."""
    syndicated: bool
    older_version: bool
    fewer_name_this_version: int
    incomplete: bool
    """Under 0.9 of the longest member's words."""
    published_at: datetime
    """Unknown is last."""
    fetched_at: datetime
    article_id: str


def choose_canonical(members: Sequence[Member], *, agency_hosts: Mapping[str, str] = _NO_HOSTS) -> Member:
    """Return the canonical copy of a story, by a total order: the same for any order of members.

    1. it or a version of it named as the origin by the most other sources; 2. on the own site of an agency that the story is
    credited to (agency_hosts: registrable domain to agency code); 3. not syndicated; 4. the newest version of its lineage; 5. named as
    the origin itself; 6. complete, at least 0.9 of the longest member's words; 7. published first, unknown last; 8. fetched first; 9. smallest id.
    """
    if not members:
        raise ValueError("a story has at least one member")
    ranks = rank_members(members, agency_hosts=agency_hosts)
    return min(members, key=lambda member: ranks[member.article_id])


def rank_members(members: Sequence[Member], *, agency_hosts: Mapping[str, str] = _NO_HOSTS) -> dict[str, Rank]:
    """Return {article_id: rank} of the members of a story; the smallest rank is the canonical copy's."""
    votes = origin_votes(members)
    lineages = find_lineages(members, agency_hosts)
    votes_of_lineage = _count_for_lineages(votes, lineages)
    newest = {article_id for lineage in lineages for article_id in newest_versions(lineage)}
    agencies = {agency for member in members for agency in member.agencies}
    longest = max((member.words for member in members), default=0)
    return {
        member.article_id: Rank(
            fewer_name_it=-votes_of_lineage.get(member.article_id, 0),
            not_on_agency_site=own_agency(member, agency_hosts) not in agencies,
            syndicated=member.is_syndicated,
            older_version=member.article_id not in newest,
            fewer_name_this_version=-len(votes.get(member.article_id, ())),
            incomplete=member.words < COMPLETE * longest,
            published_at=member.published_at or _NEVER,
            fetched_at=member.fetched_at,
            article_id=member.article_id,
        )
        for member in members
    }


def deciding_rule(one: Rank, other: Rank) -> str:
    """Return the field of Rank that decides between two members: the first in which they differ."""
    return next(name for name, mine, yours in zip(Rank._fields, one, other, strict=True) if mine != yours)


def relate(
    member: Member, canonical: Member, *, jaccard: float, containment: float, agency_hosts: Mapping[str, str] = _NO_HOSTS
) -> Relation:
    """Return how a member differs from the canonical copy; jaccard and containment are those of all their shingles.

    exact: equal matching form. revision: another text under the same URL. update: another text by the same source or agency under
    another URL, unless it is an excerpt that came later. copy: Jaccard at least 0.9. excerpt: at most 0.8 of the canonical
    copy's words, 0.9 of it found there. edited: anything else.
    """
    if member.text == canonical.text:
        return "exact"
    if member.identity == canonical.identity:
        return "revision"
    is_excerpt = containment >= EXCERPT_CONTAINMENT and member.words <= EXCERPT_LENGTH * canonical.words
    # The first mark is the URL, and these two differ in it.
    is_of_one_hand = hands(member, agency_hosts)[1:] == hands(canonical, agency_hosts)[1:] != ()
    if is_of_one_hand and not (is_excerpt and version_time(member) > version_time(canonical)):
        return "update"
    if jaccard >= COPY_JACCARD:
        return "copy"
    return "excerpt" if is_excerpt else "edited"


def _count_for_lineages(votes: Mapping[str, set[str]], lineages: Sequence[Sequence[Member]]) -> dict[str, int]:
    """Return for each member that names no origin itself how many sources name it or another version by its hand."""
    counts: dict[str, int] = {}
    for lineage in lineages if votes else ():
        own = [member for member in lineage if member.article_id in votes or not member.is_syndicated]
        voters = set().union(*(votes.get(member.article_id, ()) for member in own))
        counts.update((member.article_id, len(voters)) for member in own)
    return counts
