"""What a home page says of its site: its feeds, its sections, its language, its country and its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from pipelines.discover.body import html_to_utf8, unpack
from pipelines.discover.endpoints import find_feeds
from pipelines.discover.entry import is_country, is_language
from pipelines.discover.links import links_of, parse_html
from pipelines.discover.sections import MAX_SECTION_BYTES, page_facts, score_address
from pipelines.urls import host_of, registrable_domain

MAX_SECTIONS = 12
MAX_NAME_CHARS = 40
# Country-code domains that are mostly bought for their sound. Source: ICANN's and Google's lists of generic country-code domains.
_GENERIC_DOMAINS = frozenset("ac ad ai as bz cc cd co dj fm io la me ms nu sc sr su tk tv ws gg im sh st to ly vc ag eu".split())
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    """What could be read from a home page; what it does not say is None or empty."""

    url: str
    feeds: tuple[str, ...]
    sections: tuple[str, ...]
    """Pages of its menu that other pages lie below, or that look like it, in page order."""
    language: str | None
    country: str | None
    site_name: str | None


def read_home_page(body: bytes, url: str, *, encoding: str | None = None) -> HomePage:
    """Return what a home page says of its site; url is where it was found in the end."""
    data, _ = unpack(body, max_bytes=MAX_SECTION_BYTES)
    data = html_to_utf8(data, encoding)
    root = parse_html(data)
    locale = _meta(root, "og:locale")
    said = [tag for tag in (_attribute(root, "lang"), _attribute(root, "{http://www.w3.org/XML/1998/namespace}lang"), locale) if tag]
    languages = [tag for tag in map(normalize_language, said) if tag]
    return HomePage(
        url=url,
        feeds=find_feeds(data, url),
        sections=find_sections(data, url),
        language=languages[0] if languages else None,
        country=guess_country(url, languages),
        site_name=_meta(root, "og:site_name") or _meta(root, "application-name"),
    )


def find_sections(data: bytes, url: str) -> tuple[str, ...]:
    """Return the section pages that a page's menus name, at most 12: addresses of one or two words below which others lie, or short ones."""
    links = links_of(data, url, [])
    facts = page_facts(links, url)
    found = []
    for link in links:
        address = score_address(link.url)
        segments = [segment for segment in urlsplit(link.url).path.split("/") if segment]
        is_menu = link.is_furniture and 0 < len(link.text) <= 40 and len(segments) == 1 and host_of(link.url) == host_of(url)
        if is_menu and address is not None and address < 2 and not urlsplit(link.url).query:
            found.append((-facts.below["/".join(segments).lower()], link.url))
    busiest = {address for _, address in sorted(found)[:MAX_SECTIONS]}
    return tuple(link.url for link in links if link.url in busiest)


def normalize_language(tag: str) -> str | None:
    """Return a language tag as the catalogue takes it ("en_us" is "en-US"), without what it does not take; None for no language."""
    parts = tag.strip().replace("_", "-").split("-")
    language = parts[0].lower()
    extras = [part.title() if len(part) == 4 else part.upper() for part in parts[1:3] if part.isalpha() and len(part) in (2, 4)]
    return next((candidate for candidate in ("-".join([language, *extras]), language) if is_language(candidate)), None)


def guess_country(url: str, languages: Collection[str]) -> str | None:
    """Return the country of a site by its domain, else by the region of the languages it names; None if neither says."""
    domain = host_of(url).rpartition(".")[2]
    if len(domain) == 2 and domain not in _GENERIC_DOMAINS:
        country = "GB" if domain == "uk" else domain.upper()
        if is_country(country):
            return country
    regions = (tag.rpartition("-")[2] for tag in languages if "-" in tag)
    return next((region for region in regions if len(region) == 2 and is_country(region)), None)


def make_name(home: HomePage, taken: Collection[str]) -> str:
    """Return a name for a source that is not taken: the site's own in the letters of names, else its domain's."""
    own = _slug(home.site_name or "")
    domain = _slug(registrable_domain(home.url).partition(".")[0]) or _slug(host_of(home.url)) or "site"
    base = own if 3 <= len(own) <= MAX_NAME_CHARS else domain[:MAX_NAME_CHARS].strip("-")
    candidates = (base, domain, *(f"{base}-{number}" for number in range(2, 1000)))
    return next(name for name in candidates if name and name not in taken)


def _slug(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    # What is mostly written in other letters has no name in ours.
    return _NOT_A_LETTER.sub("-", letters).strip("-") if len(letters) * 2 >= len(text) else ""


def _attribute(root: Any, name: str) -> str | None:
    return (root.get(name) or None) if root is not None else None


def _meta(root: Any, name: str) -> str | None:
    if root is None:
        return None
    metas = islice(root.iter("meta"), 500)
    values = ((meta.get("content") or "").strip() for meta in metas if name in (meta.get("property"), meta.get("name")))
    return next((" ".join(value.split())[:100] for value in values if value), None)
