"""What a good crawl of the newsroom must find: every article as it should stand in the log, every URL that must be refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from newsroom.manuscripts import Manuscript, manuscripts_of_edition, plain_paragraph, read_manuscripts
from newsroom.pages import insert_texts
from newsroom.sites import Site, read_sites
from newsroom.world import announce_all


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedArticle:
    """One article and all that is true of it; field names are those of the corpus columns where there is one."""

    url: str
    """Final URL, without tracking parameters."""
    source: str
    story: str
    """Articles with the same story are copies of one text."""
    copy_of: str | None
    """URL of the article that this one was made from; None for a story's first."""
    edit: str | None
    """How it differs from ``copy_of``, in words."""
    title: str
    standfirst: str | None
    paragraphs: tuple[str, ...] = field(repr=False)
    """The body, nothing else: no dateline removed, no credit or contributor line left in."""
    furniture: tuple[str, ...] = field(repr=False)
    """Words that stand on the page among or around the paragraphs and must not be in the text."""
    authors: tuple[str, ...]
    """People only."""
    language: str
    section: str
    published_at: datetime
    """Aware UTC, as is ``modified_at``."""
    modified_at: datetime | None
    """None: never modified; such a page repeats its time of publication."""
    agencies: tuple[str, ...]
    credited_agencies: tuple[str, ...]
    provenance_mode: str
    """wire, mixed or none; a crawl may say unknown for none where the page names no author."""
    syndicated_from: str | None
    syndicated_url: str | None
    dateline: str | None
    contributors: tuple[str, ...]
    """Lines such as "With files from …" and "(Reporting by …)", which stand on the page and not in the text."""
    copyright: str | None
    canonical_url: str
    requested_url: str
    """As the source's first endpoint names it: with tracking parameters, or a redirect."""
    found_in: tuple[str, ...]
    """Endpoints that name it."""

    @property
    def text(self) -> str:
        """The body as the corpus holds it: paragraphs parted by one blank line."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedRejection:
    """A URL that the newsroom announces and that must not become an article."""

    url: str
    source: str
    fault: str
    """What is wrong: not_found, robots, no_text, too_short, not_a_feed, private_address, off_site."""
    stages: tuple[str, ...]
    """Stages that may refuse it; empty: it is not even followed, so no row need tell of it."""


def load_truth(edition: int = 1) -> list[ExpectedArticle]:
    """Return every article of an edition, ordered by source and URL."""
    manuscripts = manuscripts_of_edition(edition)
    sites = read_sites()
    origins = {one.story: sites[one.site].url_of(one.path) for one in read_manuscripts() if one.edit is None}
    expected = [_expect(sites[one.site], one, manuscripts, origins) for one in manuscripts]
    return sorted(expected, key=lambda article: (article.source, article.url))


def load_rejections() -> list[ExpectedRejection]:
    """Return every announced URL that must be refused, ordered by source and URL."""
    return sorted(
        (
            ExpectedRejection(url=fault.url, source=site.name, fault=fault.fault, stages=fault.stages)
            for site in read_sites().values()
            for fault in site.faults
        ),
        key=lambda rejection: (rejection.source, rejection.url),
    )


def _expect(site: Site, manuscript: Manuscript, manuscripts: Sequence[Manuscript], origins: dict[str, str]) -> ExpectedArticle:
    url = site.url_of(manuscript.path)
    named = list(_named_in(site, manuscript))
    contributors = tuple(insert.text for insert in manuscript.inserts if insert.kind in ("contributors", "signoff"))
    copyrights = [insert.text for insert in manuscript.inserts if insert.kind == "copyright"]
    modified = manuscript.modified_at
    return ExpectedArticle(
        url=url,
        source=site.name,
        story=manuscript.story,
        copy_of=origins[manuscript.story] if manuscript.edit and origins[manuscript.story] != url else None,
        edit=manuscript.edit,
        title=manuscript.title,
        standfirst=manuscript.standfirst or None,
        paragraphs=tuple(plain_paragraph(paragraph) for paragraph in manuscript.paragraphs),
        furniture=(*insert_texts(site, manuscript.inserts), *site.furniture),
        authors=manuscript.authors,
        language=site.language,
        section=manuscript.section,
        published_at=manuscript.published_at.astimezone(UTC),
        modified_at=modified.astimezone(UTC) if modified else None,
        agencies=manuscript.agencies,
        credited_agencies=manuscript.credited_agencies,
        provenance_mode=manuscript.mode,
        syndicated_from=manuscript.syndicated_from,
        syndicated_url=manuscript.syndicated_url,
        dateline=manuscript.dateline,
        contributors=contributors,
        copyright=copyrights[0] if copyrights else None,
        canonical_url=manuscript.canonical or url,
        requested_url=named[0][1],
        found_in=tuple(endpoint for endpoint, _ in named),
    )


def _named_in(site: Site, manuscript: Manuscript) -> Iterator[tuple[str, str]]:
    """The endpoints that name an article, each with the URL it gives."""
    for endpoint in site.endpoints:
        if endpoint.kind not in ("sitemap_index", "html_as_feed"):
            for _, entry in announce_all(site, endpoint, [manuscript]):
                yield site.url_of(endpoint.path), entry.url
