"""The table of agencies (``agencies.toml``) and the ways to look one up: by name, by code in a slug, by host.

Names are sure, short codes are not ("AP", "PA", "sid"): how far a form may be trusted depends on where it stands, so there is one
function for each kind of place.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.attribute.wordlists import is_latin, spaced_words
from pipelines.urls import host_of, registrable_domain

_EDGES = " \t.,;:|•·*–—-\"'“”„«»‘’"
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_CODES = re.compile(r"[^\W\d_a-z]{2,8}(?:[-–][^\W\d_a-z]{2,8}){1,2}")
_SLUG_SEPARATOR = re.compile(r"\s*[/,;+&]\s*|\s+(?:and|und|et|y|e|og|och|en)\s+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Agency:
    """One agency; the meaning of the fields stands at the head of ``agencies.toml``."""

    code: str
    country: str
    names: tuple[str, ...] = ()
    slugs: tuple[str, ...] = ()
    bracketed: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    outlet_hosts: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()

    def is_ruled_out(self, line: str) -> bool:
        """Say whether the line holds words with which this agency's code means something else."""
        folded = line.casefold()
        return any(words.casefold() in folded for words in self.must_not_match)


@dataclass(frozen=True, slots=True)
class Slug:
    """What the inside of a bracket or a slash group says: ``dpa/gem`` is DPA and the rest ``gem``."""

    codes: tuple[str, ...]
    rest: tuple[str, ...]


@cache
def load_agencies() -> tuple[Agency, ...]:
    """Return every agency of ``agencies.toml``, in its order."""
    table = tomllib.loads(Path(__file__).with_name("agencies.toml").read_text(encoding="utf-8"))
    return tuple(
        Agency(
            code=entry["code"],
            country=entry["country"],
            names=tuple(name for names in entry.get("names", {}).values() for name in names),
            **{key: tuple(entry.get(key, ())) for key in ("slugs", "bracketed", "hosts", "outlet_hosts", "must_not_match")},
        )
        for entry in table["agency"]
    )


@cache
def _by_name() -> dict[str, Agency]:
    return {name.casefold(): agency for agency in load_agencies() for name in agency.names}


@cache
def _by_slug() -> dict[str, Agency]:
    return {slug: agency for agency in load_agencies() for slug in agency.slugs}


@cache
def _by_bracket() -> dict[str, Agency]:
    return {form: agency for agency in load_agencies() for form in agency.bracketed}


@cache
def _by_host() -> dict[str, Agency]:
    return {host: agency for agency in load_agencies() for host in agency.hosts}


@cache
def _by_code() -> dict[str, Agency]:
    return {agency.code: agency for agency in load_agencies()}


def _either(forms: list[str]) -> str:
    return "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))


@cache
def _name_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_either(list(_by_name()))})(?!\w)", re.IGNORECASE)


def _cases(word: str) -> frozenset[str]:
    """A word as it is printed: in small letters, in capitals, with a capital, as the table writes it."""
    return frozenset((word, word.lower(), word.upper(), word.title()))


@cache
def _forms_by_key() -> dict[str, tuple[tuple[frozenset[str], ...], ...]]:
    """The longest word of every form, in each case, and all words of the forms whose it is; codes of one word are in ``_code_words``."""
    found: dict[str, list[tuple[frozenset[str], ...]]] = {}
    codes = [form for form in (*_by_slug(), *_by_bracket()) if len(spaced_words(form).split()) > 1]
    for form in (*(name for agency in load_agencies() for name in agency.names), *codes):
        if words := spaced_words(form).split():
            for key in _cases(max(words, key=lambda word: (len(word), word.lower()))):
                found.setdefault(key, []).append(tuple(map(_cases, words)))
    return {key: tuple(forms) for key, forms in found.items()}


@cache
def _code_words() -> frozenset[str]:
    """Every code of one word, as the table writes it and as author fields do ("Dpa", "Pti", "AFP")."""
    forms = {*_by_slug(), *_by_bracket()}
    forms |= {change(slug) for slug in _by_slug() for change in (str.upper, str.lower, str.title)}
    words = [spaced_words(form).split() for form in forms]
    return frozenset(found[0] for found in words if len(found) == 1 and len(found[0]) > 1)


@cache
def _key_words() -> frozenset[str]:
    """Words of which one stands in every text with a form: those of codes, and the longest of each name."""
    return _code_words().union(_forms_by_key())


@cache
def _unspaced_pattern() -> re.Pattern[str]:
    return re.compile(_either([form for form in (*_by_name(), *_by_bracket()) if _UNSPACED.search(form)]))


@cache
def _prose_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w/])(?:(?i:{_either(list(_by_name()))})|{_either(list(_by_slug()))})(?!\w)")


def agency_by_code(code: str) -> Agency | None:
    """Return the agency with this code of ours."""
    return _by_code().get(code)


def agency_of_name(text: str) -> Agency | None:
    """Return the agency whose name or code the whole text is: names in any case, codes in the table's case."""
    bare = text.strip(_EDGES)
    agency = _by_name().get(bare.casefold()) or _by_slug().get(bare)
    return None if agency is None or agency.is_ruled_out(text) else agency


def agency_in_brackets(text: str) -> Agency | None:
    """Return the agency that a whole text names where only an agency can stand: in brackets, after "Source:", behind place and date."""
    return agency_of_name(text) or _by_bracket().get(text.strip(_EDGES))


def agency_of_author(text: str) -> Agency | None:
    """Return the agency that a whole author field names, codes in any case: extractors title-case them ("Dpa", "Pti")."""
    bare = text.strip(_EDGES)
    return agency_of_name(text) or _by_slug().get(bare.upper()) or _by_slug().get(bare.lower())


def agency_of_host(host_or_url: str) -> Agency | None:
    """Return the agency on whose own site this host or URL lies."""
    host = host_of(host_or_url) if "://" in host_or_url else host_or_url.lower()
    return _by_host().get(host) or _by_host().get(registrable_domain(host))


def is_outlet_host(agency: Agency, host_or_url: str) -> bool:
    """Say whether the agency's name is the outlet's own there: CNN on cnn.com is no wire copy."""
    return registrable_domain(host_or_url) in agency.outlet_hosts


def read_slug(inside: str) -> Slug:
    """Read the inside of a bracket or slash group: ``dpa/lno``, ``APA/sda/dpa``, ``AFP, EFE y Reuters``, ``Korr. ТАСС``.

    Codes are in the order in which they stand, without repeats.
    """
    codes: dict[str, None] = {}
    rest: list[str] = []
    for part in (bare for piece in _SLUG_SEPARATOR.split(inside) for bare in split_codes(piece.strip(_EDGES))):
        agency = agency_in_brackets(part) or _first_word_agency(part)
        if agency is not None and not agency.is_ruled_out(inside):
            codes[agency.code] = None
        elif part:
            rest.append(part)
    return Slug(tuple(codes), tuple(rest))


def split_codes(part: str) -> list[str]:
    """Cut ``NTB-AFP`` into two codes; anything else stays one part."""
    if _CODES.fullmatch(part) and not agency_of_name(part):
        pieces = re.split("[-–]", part)
        if all(agency_of_name(piece) for piece in pieces):
            return pieces
    return [part]


def _first_word_agency(part: str) -> Agency | None:
    """``KUNA ndr`` and ``Корр. ТАСС``: the agency is one word of at most three."""
    words = part.split()
    if not 2 <= len(words) <= 3:
        return None
    found = [agency for word in words if (agency := _by_slug().get(word) or _by_name().get(word.casefold()))]
    return found[0] if len(found) == 1 else None


def has_agency_form(text: str) -> bool:
    """Say whether the words of some form of an agency stand in the text: the cheap test before a careful one, never a proof."""
    spaced = spaced_words(text)
    words = spaced.split()
    if not _key_words().isdisjoint(words):
        present = set(words)
        if not _code_words().isdisjoint(present):
            return True
        forms = (form for key in _key_words() & present for form in _forms_by_key()[key])
        if any(all(map(present.intersection, form)) for form in forms):
            return True
    return not is_latin(spaced) and _UNSPACED.search(spaced) is not None and _unspaced_pattern().search(spaced) is not None


def agencies_in_credit(line: str) -> tuple[str, ...]:
    """Return the codes of the agencies named in a credit or contributor line, in their order: names anywhere, codes as whole words.

    Only for lines that are known to be credits: in prose a code is no proof.
    """
    codes: dict[str, None] = {}
    for match in _prose_pattern().finditer(line):
        agency = agency_of_name(match.group())
        if agency is not None and not agency.is_ruled_out(line):
            codes[agency.code] = None
    return tuple(codes)


def ends_with_name(text: str) -> tuple[str, Agency] | None:
    """Split ``Jane Doe The Associated Press`` into the words before and the agency, if a full name ends the text."""
    last = None
    for last in _name_pattern().finditer(text):  # noqa: B007 - only the last one matters
        pass
    if last is None or text[last.end() :].strip(_EDGES):
        return None
    return text[: last.start()].strip(_EDGES), _by_name()[last.group().casefold()]
