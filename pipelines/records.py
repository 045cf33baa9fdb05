"""The records that travel between the stages: what each stage takes and gives.

Plain frozen dataclasses, so that they pickle into worker processes and back. Every stage knows this module and no stage knows
another: a field's meaning is documented here once. Column types on disk stand in ``pipelines/corpus/schema.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SCHEMA_VERSION = 1

SourceKind = Literal["wire", "outlet", "syndicator"]
Channel = Literal["feed", "sitemap", "section", "request"]
ProvenanceMode = Literal["wire", "mixed", "none", "unknown"]
BlockKind = Literal["paragraph", "heading", "list_item", "quote", "table", "standfirst"]
Relation = Literal["exact", "copy", "excerpt", "edited", "update", "revision"]


def _bytes_as_hex(value: bytes | None) -> str | None:
    """How a feed export shows binary columns."""
    return value.hex() if value is not None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One entry of the catalogue: a site we crawl and where its new articles are announced."""

    name: str
    """Our name for it: ``a-z0-9-``, unique in the catalogue."""
    kind: SourceKind
    """``wire`` an agency's own site, ``outlet`` a newsroom, ``syndicator`` a republisher."""
    home: str
    language: str = "und"
    """BCP 47; ``und`` when the entry does not say."""
    country: str = "ZZ"
    """ISO 3166-1 alpha-2; ``ZZ`` when the entry does not say."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    article_urls: tuple[str, ...] = ()
    """Regular expressions searched in the URL's path; empty: every path may be an article."""
    allow_domains: tuple[str, ...] = ()
    """Further registrable domains whose links are followed."""
    delay_seconds: float | None = None
    max_age_days: float | None = None
    enabled: bool = True
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovered:
    """A URL that a feed, a sitemap or a section page named, with what it said about it."""

    url: str
    """Absolute, as named: this is what is requested. ``urls.clean_url`` of it is the key by which it is known."""
    found_in: str
    """The feed, sitemap or page that named it."""
    channel: Channel
    title: str | None = None
    published_at: datetime | None = None
    """Aware UTC."""
    modified_at: datetime | None = None
    """Aware UTC; a sitemap's ``lastmod``."""
    language: str | None = None
    """As a news sitemap names it."""
    tags: tuple[str, ...] = ()
    """Categories of the feed, keywords of the news sitemap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedPage:
    """A page as it came from the network or an archive: the input of ``chain.process_page``."""

    url: str
    """Final URL, after redirects."""
    body: bytes = field(repr=False)
    encoding: str | None
    """Charset of the HTTP header; None lets the bytes decide."""
    fetched_at: datetime
    """Aware UTC."""
    source: str
    run_id: str = ""
    requested_url: str | None = None
    """The URL that was asked for, when a redirect changed it."""
    hint: Discovered | None = None
    """What the feed or sitemap said of this page."""
    tdm_reserved: bool | None = None
    """What the site's tdmrep.json or the answer's header says of text and data mining; the page's own word counts more."""
    training_refused: tuple[str, ...] = ()
    """Known training crawlers that robots.txt refuses the page, though not everybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """Why a URL or page did not become an article. Counted, and a row in ``rejected/``."""

    url: str
    stage: str
    """discover, fetch, extract, scrub, attribute or store."""
    reason: str
    """One snake_case word, listed in ``docs/stats.md``."""
    source: str = ""
    detail: str = ""
    fetched_at: datetime | None = None
    run_id: str = ""
    requested_url: str | None = None
    is_final: bool = True
    """False: the same URL may succeed later (time-out, 5xx, dead worker), so it is asked again with back-off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """What we remember of a feed, sitemap or section page between runs: for conditional requests, and when to ask it again."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    """As the server sent it."""
    fetched_at: datetime | None = None
    """Last time it answered with a body; aware UTC."""
    unchanged_count: int = 0
    """Answers 304 in a row since then."""
    asked_at: datetime | None = None
    """Last time it answered at all, 304 included; aware UTC."""
    new_per_hour: float | None = None
    """How many URLs new to us it names, smoothed; None until it has answered twice."""
    failures: int = 0
    """Times in a row that it gave nothing that can be read."""
    due_at: datetime | None = None
    """When a scheduled run asks it again; aware UTC. None: at once."""
    lastmod: datetime | None = None
    """Of a child sitemap: what its index said of it when it was last read to the end; aware UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revisit:
    """A stored article that is fetched again at certain ages, to see whether its text changed."""

    url: str
    source: str
    text_sha256: bytes = field(repr=False)
    """Of the text that we have, whatever source memory cuts from it."""
    first_fetched_at: datetime
    """Its age counts from here; aware UTC."""
    due_at: datetime | None
    """Aware UTC; None after the last visit."""
    etag: str | None = None
    last_modified: str | None = None


INDEXED_TAGS = ("h1", "h2", "link", "meta", "p", "title")
"""What stages look for by tag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedPage:
    """One page parsed once; handed from stage to stage inside a worker, never pickled."""

    url: str
    tree: HtmlElement = field(repr=False)
    """Root of the only parse of this page. Read it; a stage that changes it works on its own copy."""
    indexed: tuple[tuple[str, HtmlElement], ...] = field(repr=False)
    """(tag, element) in page order of every element with one of INDEXED_TAGS; ``elements`` looks them up."""
    marked: Mapping[str, Sequence[HtmlElement]] = field(default_factory=dict, repr=False)
    """The elements that microdata or RDFa name, by the value of ``itemprop`` or ``property``: those in page order, then these."""
    json_ld: tuple[Mapping[str, Any], ...] = field(repr=False)
    """Every JSON-LD object of the page, ``@graph`` flattened, in page order."""
    meta: Mapping[str, str] = field(repr=False)
    """First non-empty content of each ``<meta>``, by lower-case property, name or itemprop."""
    article_ld: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The one JSON-LD object that describes this article; empty if there is none."""
    canonical_url: str | None = None
    """``<link rel=canonical>``, absolute and cleaned; None if absent or not http(s)."""
    site_name: str | None = None

    def elements(self, *tags: str) -> list[HtmlElement]:
        """Return the elements with one of these tags, all of INDEXED_TAGS, in page order: without another pass over the tree."""
        return [element for tag, element in self.indexed if tag in tags]

    @property
    def title(self) -> str:
        """Text of the first ``<title>``; "" if there is none. ``tree.find`` would go through the whole page: it looks one element ahead."""
        return next((element.text or "" for tag, element in self.indexed if tag == "title"), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One paragraph-like piece of text that extraction kept."""

    text: str
    """NFC, single spaces, no line breaks."""
    kind: BlockKind = "paragraph"
    position: int = 0
    """Place on the page: blocks and removed pieces sort by it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """A piece of text that was cut, and why. Nothing is cut without one of these."""

    reason: str
    text: str
    position: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """How a provenance field got its value."""

    field: str
    value: str
    signal: str
    """Which rule spoke, e.g. ``dateline``, ``json_ld_author``, ``byline``, ``source_line``."""
    evidence: str
    """The words on the page, at most 300 characters."""
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An article in the making: extraction fills it, scrubbing cuts lines, attribution lifts lines into fields."""

    url: str
    canonical_url: str | None
    title: str | None
    standfirst: str | None
    blocks: tuple[Block, ...] = field(repr=False)
    removed: tuple[Removed, ...] = field(default=(), repr=False)
    authors: tuple[str, ...] = ()
    byline: tuple[str, ...] = ()
    """Who the page's metadata say it is by, people or not, as written."""
    language: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    date_source: str | None = None
    is_free: bool | None = None
    tdm_reserved: bool | None = None
    quality: float | None = None
    extractor: str = ""

    @property
    def text(self) -> str:
        """The body: blocks joined by one blank line."""
        return "\n\n".join(block.text for block in self.blocks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Who wrote the text and where it was taken from; the provenance columns of an article."""

    agencies: tuple[str, ...] = ()
    credited_agencies: tuple[str, ...] = ()
    mode: ProvenanceMode = "unknown"
    syndicated_from: str | None = None
    syndicated_url: str | None = None
    dateline: str | None = None
    contributors: tuple[str, ...] = ()
    copyright: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Article:
    """One version of one article: a row of ``articles/``. Fields in the order of the columns; their meaning is in docs/columns.md.

    published_at and modified_at are aware, in the offset that the publisher states; the columns are in UTC.
    """

    article_id: str
    url: str
    canonical_url: str | None
    source: str
    host: str
    title: str | None
    standfirst: str | None
    text: str = field(repr=False)
    authors: tuple[str, ...]
    language: str | None
    section: str | None
    tags: tuple[str, ...]
    published_at: datetime | None
    modified_at: datetime | None
    fetched_at: datetime
    date_source: str | None
    agencies: tuple[str, ...]
    credited_agencies: tuple[str, ...]
    provenance_mode: ProvenanceMode
    syndicated_from: str | None
    syndicated_url: str | None
    dateline: str | None
    contributors: tuple[str, ...]
    copyright: str | None
    provenance: tuple[Evidence, ...] = field(repr=False)
    is_free: bool | None
    tdm_reserved: bool | None
    word_count: int
    text_sha256: bytes = field(repr=False, metadata={"serializer": _bytes_as_hex})
    minhash: bytes | None = field(repr=False, metadata={"serializer": _bytes_as_hex})
    removed: tuple[Removed, ...] = field(repr=False)
    quality: float | None
    extractor: str
    run_id: str
    schema_version: int = SCHEMA_VERSION
    extra: str | None = field(default=None, repr=False)
    """JSON object or None; ``requested_url`` when a redirect led here, ``found_in`` and ``channel`` of what named it, ``training_refused``:
    known training crawlers that robots.txt refuses it, ``byline``: who the page says it is by where ``authors`` is empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineNote:
    """The short lines of one article, from which the boilerplate of its source is learned; every number is a signed 64-bit hash."""

    body: int
    """Of the running text: mostly equal for two versions of one text, whatever its short lines are."""
    edge: tuple[int, ...]
    """Lines above or below the running text, and lines that were cut as ``repeated_on_source``."""
    inside: tuple[int, ...]
    """Lines between its long paragraphs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLines:
    """The short lines that are known as boilerplate of one source, by the hashes of LineNote."""

    edge: frozenset[int] = frozenset()
    """Cut above and below the running text."""
    anywhere: frozenset[int] = frozenset()
    """On so many articles that they are cut between long paragraphs too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What dedup needs of an article: its text, and the facts by which a canonical copy is chosen."""

    article_id: str
    text: str = field(repr=False)
    source: str
    """Boilerplate is learned per source; none where it is "" (unknown)."""
    fetched_at: datetime
    url: str = ""
    host: str = ""
    canonical_url: str | None = None
    title: str | None = None
    dateline: str | None = None
    """Masked for matching."""
    language: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    agencies: tuple[str, ...] = ()
    syndicated_from: str | None = None
    syndicated_url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """Where one article stands: its story, the story's canonical copy, and how it differs from that copy."""

    article_id: str
    story_id: str
    canonical_article_id: str
    relation: Relation | None
    """None for the canonical copy itself."""
    jaccard: float | None
    containment: float | None


def make_article_id(identity_url: str, text_sha256: bytes) -> str:
    """Return the article's id: 32 hex digits of BLAKE2b over its identity URL and text hash; the same on every machine.

    identity_url is the declared canonical URL when it lies on the page's own registrable domain, else the page's URL
    (``urls.identity_url``): a canonical on another domain says syndication, it is no identity.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(identity_url.encode("utf-8", "surrogatepass"))
    digest.update(b"\0")
    digest.update(text_sha256)
    return digest.hexdigest()
