"""Which copy of a story stands for it, and how the others differ from it: pure functions of a story's members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.errors import DedupError
from pipelines.records import Document, Relation
from pipelines.urls import host_of, identity_url, is_same_site, registrable_domain

COMPLETE = 0.9
"""A text with this share of the longest one's words is as complete."""
COPY_JACCARD = 0.9
EXCERPT_CONTAINMENT = 0.9
EXCERPT_LENGTH = 0.8
_NEVER = datetime.max.replace(tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One document of a story: the facts by which its canonical copy is chosen. Times are aware UTC."""

    article_id: str
    source: str
    url: str
    host: str
    canonical_url: str | None
    published_at: datetime | None
    modified_at: datetime | None
    fetched_at: datetime
    agencies: tuple[str, ...]
    syndicated_from: str | None
    syndicated_url: str | None
    text: int
    """Equal for equal matching forms, and only for these."""
    words: int

    @property
    def identity(self) -> str:
        """The URL of which this is a version; the article itself where no URL is known."""
        return identity_url(self.url, self.canonical_url) if self.url else self.article_id


def describe_member(document: Document, *, text: int, words: int) -> Member:
    """Return what canonical choice needs of a document. Raises DedupError for a time without a zone: it cannot be ordered."""
    for name in ("fetched_at", "published_at", "modified_at"):
        time = getattr(document, name)
        if time is not None and time.tzinfo is None:
            raise DedupError(f"{document.article_id}: {name} must be an aware UTC time, got {time.isoformat()}")
    return Member(
        article_id=document.article_id,
        source=document.source,
        url=document.url,
        host=document.host or host_of(document.url),
        canonical_url=document.canonical_url,
        published_at=document.published_at,
        modified_at=document.modified_at,
        fetched_at=document.fetched_at,
        agencies=document.agencies,
        syndicated_from=document.syndicated_from,
        syndicated_url=document.syndicated_url,
        text=text,
        words=words,
    )


def first_fetched(members: Iterable[Member]) -> Member:
    """Return the member whose article_id is the story's id."""
    return min(members, key=lambda member: (member.fetched_at, member.article_id))


def choose_canonical(members: Sequence[Member], *, agency_hosts: Mapping[str, str] | None = None) -> Member:
    """Return the canonical copy of a story, by a total order: the same for any order of members.

    1. named as the origin by the most other sites, and naming none of the members' sites itself; 2. on the own site of an agency
    that the story is credited to (agency_hosts: registrable domain to agency code); 3. not syndicated; 4. the newest version of its
    URL; 5. complete, at least 0.9 of the longest member's words; 6. published first, unknown last; 7. fetched first; 8. smallest id.
    """
    if not members:
        raise ValueError("a story has at least one member")
    votes = count_origin_votes(members)
    agencies = {agency for member in members for agency in member.agencies}
    newest = _newest_versions(members)
    longest = max(member.words for member in members)

    def rank(member: Member) -> tuple[int, bool, bool, bool, bool, datetime, datetime, str]:
        return (
            -votes[member.article_id],
            (agency_hosts or {}).get(registrable_domain(member.host)) not in agencies,
            is_syndicated(member),
            newest[member.identity] != member.article_id,
            member.words < COMPLETE * longest,
            member.published_at or _NEVER,
            member.fetched_at,
            member.article_id,
        )

    return min(members, key=rank)


def is_syndicated(member: Member) -> bool:
    """Say whether a member names another outlet as its origin, in words or by a canonical URL on another site."""
    return bool(member.syndicated_from or member.syndicated_url or _foreign_canonical(member))


def count_origin_votes(members: Sequence[Member]) -> Counter[str]:
    """Return for each member how many sites among the others name it as the origin; none for one that names a member's site itself.

    A URL names one member (all versions of it), a domain or a name everything the story has from that outlet.
    """
    votes: Counter[str] = Counter()
    syndicated = [member for member in members if is_syndicated(member)]
    if not syndicated:
        return votes
    by_url, by_site = _group_by_url(members), _group_by_site(members)
    voters: dict[str, set[str]] = {}
    borrowed: set[str] = set()
    for member in syndicated:
        for other in _named_by(member, by_url, by_site):
            borrowed.add(member.article_id)
            voters.setdefault(other.article_id, set()).add(_site(member))
    votes.update({article_id: len(sites) for article_id, sites in voters.items() if article_id not in borrowed})
    return votes


def relate(member: Member, canonical: Member, *, jaccard: float, containment: float) -> Relation:
    """Return how a member differs from the canonical copy; jaccard and containment are those of all their shingles.

    exact: equal matching form. revision: another text under the same URL. copy: Jaccard at least 0.9. update: another text of the
    same source under another URL. excerpt: at most 0.8 of the canonical copy's words, 0.9 of it found there. edited: anything else.
    """
    if member.text == canonical.text:
        return "exact"
    if member.identity == canonical.identity:
        return "revision"
    if jaccard >= COPY_JACCARD:
        return "copy"
    if member.source == canonical.source != "":
        return "update"
    if containment >= EXCERPT_CONTAINMENT and member.words <= EXCERPT_LENGTH * canonical.words:
        return "excerpt"
    return "edited"


def _newest_versions(members: Sequence[Member]) -> dict[str, str]:
    """Return for each URL the article_id of its newest version: seen last; then changed last, smallest id."""
    by_id = sorted(members, key=lambda member: member.article_id, reverse=True)
    by_time = sorted(by_id, key=lambda member: (member.fetched_at, member.modified_at or _LONG_AGO))
    return {member.identity: member.article_id for member in by_time}


def _named_by(member: Member, by_url: Mapping[str, list[Member]], by_site: Mapping[str, list[Member]]) -> list[Member]:
    """Return the members on other sites that a member names as its origin: by URL, else by domain or name."""
    urls = {url for url in (member.syndicated_url, _foreign_canonical(member)) if url}
    names = {registrable_domain(url) for url in urls}
    if name := member.syndicated_from:
        names.add(registrable_domain(name) if "." in name else name.casefold())
    named = [other for url in urls for other in by_url.get(url, ())] or [other for name in names for other in by_site.get(name, ())]
    return [other for other in named if _site(other) != _site(member)]


def _group_by_url(members: Sequence[Member]) -> dict[str, list[Member]]:
    groups: dict[str, list[Member]] = {}
    for member in members:
        for url in {member.url, member.identity}:
            groups.setdefault(url, []).append(member)
    return groups


def _group_by_site(members: Sequence[Member]) -> dict[str, list[Member]]:
    """Members by registrable domain, and by the name of their source."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        for name in {_site(member), member.source.casefold()}:
            groups.setdefault(name, []).append(member)
    return groups


def _foreign_canonical(member: Member) -> str | None:
    if member.canonical_url and member.url and not is_same_site(member.url, member.canonical_url):
        return member.canonical_url
    return None


def _site(member: Member) -> str:
    """The registrable domain of a member, or its source where no host is known."""
    return registrable_domain(member.host) if member.host else member.source.casefold()
