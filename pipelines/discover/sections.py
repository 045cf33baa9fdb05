"""Section and home pages: the links on them that look like articles, for sites without a feed or sitemap.

Every sign is language-neutral: the shape of the address, the length of the link's text, whether it is a headline, where it stands, what the
links in the same place of the page's repeated structure are like, and whether other addresses lie below it. No sign decides alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import unquote, urlsplit

from pipelines.discover.body import MIB, describe, html_to_utf8, root_name, unpack
from pipelines.discover.filter import is_media_file
from pipelines.discover.links import Link, links_of
from pipelines.discover.reading import Reading
from pipelines.errors import DiscoveryError
from pipelines.records import Discovered
from pipelines.text import count_words

MAX_SECTION_BYTES = 8 * MIB
ENOUGH = 3.0
"""The score from which a link is taken for an article; chosen on the invented section pages of ``tests/pages/sections``."""

# What a path shows. Dates as /2026/10/03/, /2026-10-03-, /20261003, /2026/1003/, /202610/03/; a slug is four words or more; an id five
# digits or more, or a long token with digits in it (c0ez1k4, 3a9f…).
_DATE = re.compile(
    r"/(?:19|20)\d\d[/-](?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/-]\d{1,2})?(?=[/-])|[/-](?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d(?=\D|$)"
    r"|/(?:19|20)\d\d[/-]?(?:0[1-9]|1[0-2])[/-]?[0-3]\d/",
    re.IGNORECASE,
)
_NUMBER_ID = re.compile(r"(?:^|\D)\d{5,}(?:\D|$)")
_TOKEN_ID = re.compile(r"(?=[a-z]*\d)[a-z0-9]{7,}$|[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_QUERY_ID = re.compile(r"(?:^|&)\w*id=\d{3,}", re.IGNORECASE)
_PAGING = re.compile(r"(?:^|&)(?:page|p|seite|pagina|offset|start)=\d|(?:^|&)sort=", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(?:html?|shtml|xhtml|php|aspx?|ece|cms|jsp)$", re.IGNORECASE)
_SLUG_WORDS = re.compile(r"[-_+ ]+")
_NOT_ARTICLES = frozenset(
    """
    tag tags topic topics thema themen category categories kategorie categoria author authors autor autoren auteur profile search suche login
    signin register subscribe abo about about-us contact kontakt privacy terms impressum imprint newsletter newsletters rss feed feeds sitemap
    page shop jobs careers advertise help faq cookies account user users wp-content wp-admin cdn-cgi
    """.split()
)
# Lists of articles, and on some sites the folder that all articles lie in.
_ARCHIVES = frozenset({"archive", "archives", "archiv"})


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a link is judged by beside itself: the page that it stands on."""

    below: Counter[str]
    """Path -> how many other links lie below it."""
    own_path: str
    words_by_place: dict[str, float]
    """Signature of a repeated structure, of three addresses at least -> median number of words of its links."""


def read_section(body: bytes, url: str, *, encoding: str | None = None, article_urls: Sequence[str] = ()) -> Reading:
    """Return the links of a section page to pages of its own site that look like articles, in page order, each once.

    The title is the text of the link. With article_urls, the paths that one of these regular expressions finds are the articles;
    without, ``score_link`` decides. encoding is the HTTP header's charset. Raises DiscoveryError when the body is no HTML, naming what
    it is.
    """
    data, problems = unpack(body, max_bytes=MAX_SECTION_BYTES)
    data = html_to_utf8(data, encoding)
    if not data.strip() or b"<" not in data or root_name(data) in ("rss", "feed", "RDF", "urlset", "sitemapindex"):
        raise DiscoveryError(f"{url}: expected an HTML page, found {describe(data)}")
    notes = list(problems)
    links = links_of(data, url, notes)
    entries = tuple(
        Discovered(url=link.url, found_in=url, channel="section", title=link.text or None)
        for link in choose_links(links, url, article_urls)
    )
    if not entries:
        notes.append(f"none of its {len(links)} links looks like an article")
    return Reading(entries=entries, problems=tuple(notes))


def choose_links(links: Sequence[Link], url: str, article_urls: Sequence[str] = ()) -> list[Link]:
    """Return those of a page's links that are articles: by the patterns where there are any, else by their score."""
    if article_urls:
        patterns = [re.compile(pattern) for pattern in article_urls]
        return [link for link in links if any(pattern.search(urlsplit(link.url).path) for pattern in patterns)]
    facts = page_facts(links, url)
    return [link for link in links if score_link(link, facts) >= ENOUGH]


def page_facts(links: Sequence[Link], url: str) -> PageFacts:
    """Return what the links of a page say about each other; url is the page's."""
    below: Counter[str] = Counter()
    words: defaultdict[str, list[int]] = defaultdict(list)
    for link in links:
        segments = _segments(urlsplit(link.url).path)
        below.update("/".join(segments[:depth]) for depth in range(1, len(segments)))
        for signature in link.signatures:
            words[signature].append(count_words(link.text))
    return PageFacts(
        below=below,
        own_path="/".join(_segments(urlsplit(url).path)),
        words_by_place={signature: median(counts) for signature, counts in words.items() if len(counts) >= 3},
    )


def score_link(link: Link, facts: PageFacts) -> float:
    """Return how much speaks for a link being an article, about -8 to 9; ENOUGH is what it takes."""
    address = score_address(link.url)
    if address is None:
        return -8.0
    return address + _score_text(link, has_clear_address=address >= 3) + _score_place(link, facts)


def score_address(url: str) -> float | None:
    """Return what the shape of an address says, 0 to 3; None for one that is no article's: a home page, a file, a tag, a list's next page."""
    parts = urlsplit(url)
    segments = _segments(parts.path)
    has_query_id = _QUERY_ID.search(parts.query) is not None
    if (not segments and not has_query_id) or is_media_file(parts.path) or any(segment in _NOT_ARTICLES for segment in segments):
        return None
    if _PAGING.search(parts.query) and not has_query_id:
        return None
    slug = _slug_of(segments)
    words = [word for word in _SLUG_WORDS.split(slug) if word]
    has_number = _NUMBER_ID.search(slug) is not None
    if slug in _ARCHIVES or (not _ARCHIVES.isdisjoint(segments) and not has_number and len(words) < 2):
        return None
    is_date_alone = slug.isdigit() and len(slug) <= 8 and not has_query_id
    if _DATE.search(parts.path) and not is_date_alone:
        return 3.0 if len(slug) > 2 else 0.0
    if len(words) >= 4 and len(slug) >= 20:
        return 3.0
    if has_number or has_query_id:
        return 2.0
    if _TOKEN_ID.search(slug):
        return 1.5
    is_file = bool(segments) and _EXTENSION.search(segments[-1]) is not None
    return 0.5 * (min(len(words), 4) - 1 + is_file)


def _slug_of(segments: Sequence[str]) -> str:
    """Return what names the page in a path: the last segment without its extension, the one before it if that says more (``…/slug-4711/article``)."""
    last = [_EXTENSION.sub("", segment) for segment in segments[-2:]]
    if len(last) == 2 and len(_SLUG_WORDS.split(last[0])) >= 4 > len(_SLUG_WORDS.split(last[1])) and last[1].isalpha():
        return last[0]
    return last[-1] if last else ""


def _score_text(link: Link, *, has_clear_address: bool) -> float:
    words = count_words(link.text)
    score = 2.0 if words >= 6 else 1.5 if words >= 4 else 0.5 if words == 3 else -1.0 if link.text and not has_clear_address else 0.0
    slug = unquote(_slug_of(_segments(urlsplit(link.url).path)))
    # A name as address: a person, a topic, a place. A headline is longer.
    is_name = words <= 3 and [*_SLUG_WORDS.split(slug)] == link.text.lower().split()
    return score + (1.0 if link.is_headline else 0.0) - (1.5 if is_name else 0.0)


def _score_place(link: Link, facts: PageFacts) -> float:
    path = "/".join(_segments(urlsplit(link.url).path))
    is_hub = facts.below[path] >= 2 or (path and f"{facts.own_path}/".startswith(f"{path}/"))
    typical = [facts.words_by_place[signature] for signature in link.signatures if signature in facts.words_by_place]
    company = (1.0 if max(typical) >= 4 else -1.0 if max(typical) <= 2 else 0.0) if typical else 0.0
    return company - (3.0 if link.is_furniture else 0.0) - (3.0 if is_hub else 0.0)


def looks_like_article(url: str, link_text: str = "") -> bool:
    """Say whether an address and the text of its link look like an article's, without a page around them."""
    return score_link(Link(url=url, text=link_text, is_furniture=False), PageFacts(Counter(), "", {})) >= ENOUGH


def _segments(path: str) -> list[str]:
    return [segment.lower() for segment in path.split("/") if segment]
