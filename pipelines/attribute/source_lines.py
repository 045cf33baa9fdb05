"""Lines that name the outlet a text was taken from: source sentences, provider lines, "Source: X"."""

from __future__ import annotations

import re
from functools import cache

from pipelines.attribute.agencies import agencies_in_credit, agency_of_name, ends_with_name, read_slug
from pipelines.attribute.line_sections import Line, section_pattern, section_table
from pipelines.attribute.outlets import is_known_outlet, read_outlet_name

MAX_POINTER_CHARS = 300
_ORIGIN = r"(?P<origin>.{2,90}?)"
_SENTENCE_STARTS = re.compile(r"(?:^|[.!?:。！？؟][\s\"“”„(*|_–—-]*)(?=\S)")
_ORIGINALLY = re.compile(
    r"original|first|previous|initial|re-?publish|reprint|reproduc|syndicat|belongs|courtesy|arrangement|repost|cross-?post|zuerst|ursprünglich|zunächst|"
    r"primera|prima|d.abord|eerder|oorspronkelijk|eerst|zeitung|magazin|zeitschrift|publi(?:é|cad|cat)|först|ursprung|først|opprinn|oprinde|"
    r"pierwotn|ukazał|opublikowan|původně|nejprve|eredetileg|ini[țţ]ial|впервые|оригинал|вперше|ilk|ini|đầu|αρχικά|πρώτα|この|転載|本文|自|于|刊|먼저|처음|최초|هذا",
    re.IGNORECASE,
)


@cache
def _sentence_patterns() -> tuple[re.Pattern[str], ...]:
    table = section_table("source")
    return tuple(
        re.compile(sentence.replace("{X}", _ORIGIN) + (table["ends"] if sentence.endswith("{X}") else ""), re.IGNORECASE)
        for sentence in table["sentences"]
    )


@cache
def _provider_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern.replace("{X}", _ORIGIN), re.IGNORECASE) for pattern in section_table("provider")["lines"])


@cache
def _provider_cues() -> tuple[str, ...]:
    return (*section_table("provider")["words"], *section_table("provider")["signs"])


@cache
def _label_pattern() -> re.Pattern[str]:
    return re.compile(section_table("label")["line"].replace("{X}", _ORIGIN), re.IGNORECASE)


def match_source(text: str) -> re.Match[str] | None:
    """Return the first source sentence of a text; "a study that first appeared in Nature", in the middle of one, is prose."""
    for start in (match.end() for match in _SENTENCE_STARTS.finditer(text)):
        for pattern in _sentence_patterns():
            if (match := pattern.match(text, start)) is not None:
                return match
    return _match_german_relative(text)


def _match_german_relative(text: str) -> re.Match[str] | None:
    """``Dieser Artikel ist eine Übersetzung, im Original ist er in … erschienen``: after a comma."""
    place = text.casefold().find(", im original ")
    if place < 0:
        return None
    found = (pattern.match(text, place + 2) for pattern in _sentence_patterns())
    return next((match for match in found if match), None)


def read_source(text: str) -> Line | None:
    """Return what a source sentence says; None if there is none in the text."""
    return source_line(text, match) if (match := match_source(text)) else None


def source_line(text: str, match: re.Match[str]) -> Line:
    """Return the line that a matched source sentence is."""
    words = match.group("origin")
    ended = ends_with_name(words)
    agency = agency_of_name(words) or (ended[1] if ended else None)
    origin = None if agency else read_outlet_name(words)
    # Without "originally", "first" or "re-", the verb also speaks of reports and studies: then only outlets that we know.
    is_plain = not _ORIGINALLY.search(match.group()) and not (origin and is_known_outlet(origin))
    return Line(
        kind="source_line",
        text=text,
        signal="data_label" if is_plain else "source_line",
        agencies=(agency.code,) if agency else (),
        confidence=0.6 if is_plain and not agency else 0.9,
        origin=origin,
    )


def read_provider(text: str) -> Line | None:
    """``© Provided by The Guardian``, ``Bereitgestellt von dpa``: an outlet, or an agency."""
    for pattern in _provider_patterns():
        if match := pattern.match(text):
            words = match.group("origin")
            agency = agency_of_name(words)
            origin = None if agency else read_outlet_name(words)
            if agency or origin:
                codes = (agency.code,) if agency else ()
                return Line(kind="source_line", text=text, signal="provider_line", agencies=codes, origin=origin, confidence=0.85)
    return None


def points_to_original(text: str) -> bool:
    """Say whether a short paragraph sends its readers to the original article; where that is, its link says."""
    return len(text) <= MAX_POINTER_CHARS and section_pattern("original_link", "patterns").search(text) is not None


def has_provider_cue(text: str) -> bool:
    """Say whether words of a provider line stand anywhere in a text."""
    return any(map(text.lower().__contains__, _provider_cues()))


def read_feed_note(text: str) -> Line | None:
    """``This story has not been edited by … and is auto-generated from a syndicated feed``: some agency's copy, named or not."""
    if not section_pattern("agencies", "feed_notes", after_signs=True).match(text):
        return None
    return Line(
        kind="source_line", text=text, signal="feed_note", agencies=agencies_in_credit(text), confidence=0.75, has_unnamed_agencies=True
    )


def read_label(text: str, whole: str) -> Line | None:
    """``Source: X`` says something only if X is an agency, a known outlet or a host; data sources are not ours to judge.

    text: what is looked at; whole: the words that the line keeps.
    """
    match = _label_pattern().match(text)
    if match is None:
        return None
    slug = read_slug(match.group("origin"))
    if slug.codes:
        return Line(kind="agency_line", text=whole, signal="closing_slug", agencies=slug.codes, confidence=0.8, has_staff=bool(slug.rest))
    origin = read_outlet_name(match.group("origin"))
    if origin and "." in origin and " " not in origin:
        # An unknown host behind "Source:" is mostly where data came from.
        signal = "source_label" if is_known_outlet(origin) else "data_label"
        return Line(kind="source_line", text=whole, signal=signal, origin=origin, confidence=0.7)
    return None


def has_label(text: str) -> bool:
    """Say whether a line opens with a source label."""
    return _label_pattern().match(text) is not None
