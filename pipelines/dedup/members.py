"""The members of a story: the facts of its documents by which a canonical copy is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.dedup.shingles import shingle_documents
from pipelines.dedup.tokens import hash64
from pipelines.errors import DedupError
from pipelines.records import Document
from pipelines.urls import host_of, identity_url, is_same_site, registrable_domain


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

    @property
    def identity_hash(self) -> int:
        """Signed 64-bit hash of the identity: what boilerplate counts as a URL."""
        return hash64(self.identity.encode("utf-8", "surrogatepass"))

    @property
    def site(self) -> str:
        """The registrable domain, or the source where no host is known."""
        return registrable_domain(self.host) if self.host else self.source.casefold()

    @property
    def foreign_canonical(self) -> str | None:
        """The canonical URL if it lies on another site: that says syndication."""
        if self.canonical_url and self.url and not is_same_site(self.url, self.canonical_url):
            return self.canonical_url
        return None

    @property
    def is_syndicated(self) -> bool:
        """Whether it names another outlet as its origin, in words or by a canonical URL on another site."""
        return bool(self.syndicated_from or self.syndicated_url or self.foreign_canonical)


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
        canonical_url=document.canonical_url if document.canonical_url != document.url else None,
        published_at=document.published_at,
        modified_at=document.modified_at,
        fetched_at=document.fetched_at,
        agencies=document.agencies,
        syndicated_from=document.syndicated_from,
        syndicated_url=document.syndicated_url,
        text=text,
        words=words,
    )


def describe_members(documents: Sequence[Document]) -> list[Member]:
    """Return documents as members of one story, as the index sees them: texts of equal matching form have one number."""
    shingled = shingle_documents(documents)
    numbers = {text.digest: number for number, text in enumerate(shingled)}
    return [
        describe_member(document, text=numbers[text.digest], words=text.words) for document, text in zip(documents, shingled, strict=True)
    ]


def first_fetched(members: Iterable[Member]) -> Member:
    """Return the member whose article_id is the story's id."""
    return min(members, key=lambda member: (member.fetched_at, member.article_id))
