"""Outlets by name and domain: turning the name in a source line into a domain, and knowing the page's own brand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pipelines.attribute.wordlists import load_table, word_set
from pipelines.urls import registrable_domain

_HOST = re.compile(r"(?:https?://)?((?:[\w-]{1,63}\.)+[^\W\d_]{2,24})(?:/\S*)?", re.IGNORECASE)
_NOT_ALNUM = re.compile(r"[\W_]+")
_LEADING_ARTICLE = re.compile(r"^(?:the|der|die|das|le|la|les|el|il)\s+", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“„«‘'»]([^\"“”„«»’]{2,60})[\"”“»’'«]")
_ISSUE = re.compile(r"[\s,]*(?:(?:issue|nr\.?|no\.?|heft|ausgabe|vol\.?|n°)\s*)?\d{1,4}(?:[/.-]\d{1,4})?$", re.IGNORECASE)
_MAX_NAME_WORDS = 6
_SECOND_LEVEL_BRANDS = re.compile(r"(?:online|digital|news|com|de|tv)$")


def name_key(name: str) -> str:
    """Return the form in which outlet names compare: no leading article, no spaces or signs, lower case."""
    return _NOT_ALNUM.sub("", _LEADING_ARTICLE.sub("", name.strip()).casefold())


@cache
def _domains_by_name() -> dict[str, str]:
    table = load_table("outlets")["domains"]
    return {name_key(name): registrable_domain(domain) for domain, names in table.items() for name in names}


def domain_of_outlet(name: str) -> str | None:
    """Return the registrable domain of a known outlet's name, or of a name that is itself a host ("Nbcnews.com")."""
    if domain := _domains_by_name().get(name_key(name)):
        return domain
    host = _HOST.fullmatch(name.strip())
    return registrable_domain(host.group(1)) if host else None


def is_known_outlet(domain: str) -> bool:
    """Say whether a domain stands in ``outlets.toml``."""
    return domain in _known_domains()


@cache
def _known_domains() -> frozenset[str]:
    return frozenset(_domains_by_name().values())


def is_platform(domain: str) -> bool:
    """Say whether a domain carries everybody's pages or none, so that it names no outlet."""
    return domain in word_set_of_platforms()


@cache
def word_set_of_platforms() -> frozenset[str]:
    """Return the domains of ``outlets.toml`` that are platforms."""
    return frozenset(load_table("outlets")["platforms"]["domains"])


def is_own_brand(name_or_domain: str, *, url: str, brands: Iterable[str]) -> bool:
    """Say whether an outlet is the page's own: its domain, the same name under another suffix, or a name that the page gives itself."""
    domain = domain_of_outlet(name_or_domain)
    own_domain = registrable_domain(url)
    own_label = name_key(own_domain.partition(".")[0])
    keys = {name_key(brand) for brand in brands} | {own_label}
    candidates = {name_key(name_or_domain)}
    if domain:
        if domain == own_domain:
            return True
        candidates.add(name_key(domain.partition(".")[0]))
        keys |= {known for brand in brands if (known := domain_of_outlet(brand))}
        candidates.add(domain)
    return any(_same_brand(candidate, key) for candidate in candidates for key in keys if candidate and key)


def _same_brand(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short) and _SECOND_LEVEL_BRANDS.search(long[len(short) :]) is not None


def bears_name(url: str, brand: str) -> bool:
    """Say whether a site's domain has to do with a name: ``waz.de`` and "Westdeutsche Allgemeine Zeitung", ``abendblatt.de`` and "Hamburger Abendblatt"."""
    label = registrable_domain(url).partition(".")[0]
    key, short = name_key(brand), name_key(label)
    words = [word.casefold() for word in re.split(r"[\W_]+", brand) if word]
    initials = "".join(word[0] for word in words)
    if not key or not short or short in key or key in short:
        return True
    return short.startswith(initials[:3]) or initials.startswith(short) or any(len(word) >= 4 and word in short for word in words)


def read_outlet_name(words: str) -> str | None:
    """Return the outlet named by the words of a source line: its domain if known, else the name as printed; None if it is no name.

    ``der israelischen Tageszeitung Haaretz`` is haaretz.com; a date, a link text ("here") or a clause is no name.
    """
    words = words.strip(" \t.,;:|–—-*")
    if quoted := _QUOTED.search(words):
        return domain_of_outlet(quoted.group(1)) or _printed_name(quoted.group(1))
    words = words.strip("\"“”„«»‘’'")
    if (domain := domain_of_outlet(words)) is not None:
        return domain
    if host := next((found for part in words.split() if (found := _HOST.fullmatch(part.strip("(),")))), None):
        return registrable_domain(host.group(1))
    pieces = words.split()
    for size in range(min(4, len(pieces)), 0, -1):
        if _may_precede_name(pieces[: -size or None]) and (domain := _domains_by_name().get(name_key(" ".join(pieces[-size:])))):
            return domain
        if size >= 2 and (domain := _domains_by_name().get(name_key(" ".join(pieces[:size])))) is not None:
            return domain
    return _printed_name(words)


def _may_precede_name(words: list[str]) -> bool:
    """Whether the words before a name only describe it: small words, or a kind of outlet right before it."""
    return not words or words[-1][:1].islower() or words[-1].casefold().strip(",") in _kinds()


def _printed_name(words: str) -> str | None:
    articles = word_set_of_articles()
    pieces = _ISSUE.sub("", words).split()
    while pieces and pieces[0].casefold() in articles and pieces[0].casefold() != "the":
        pieces = pieces[1:]
    small = {"of", "and", "the", "de", "la", "für", "&", "for", "in", "und", "del", "du", "des", "on"}
    if not 0 < len(pieces) <= _MAX_NAME_WORDS or pieces[0][0].isdigit() or pieces[0].islower():
        return None
    if any(piece[0].islower() and piece not in small for piece in pieces) or _is_time(pieces):
        return None
    return " ".join(pieces)


@cache
def _kinds() -> frozenset[str]:
    return frozenset(load_table("outlets")["names"]["kinds"])


@cache
def word_set_of_articles() -> frozenset[str]:
    """Return the words that may stand in front of an outlet's name."""
    return frozenset(load_table("lines")["source"]["articles"])


def _is_time(pieces: list[str]) -> bool:
    times = word_set("dateline", "months") | word_set("dateline", "weekdays")
    return any(piece.casefold().strip(".,") in times for piece in pieces)
