"""What a line of an article that speaks of it can say: the record that the readers of lines share, and the cheap test before them.

A *section* is a table of ``lines.toml``: its patterns, and the cues without one of which none of them can match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pipelines.attribute.wordlists import is_latin, load_table, spaced_words

LineKind = Literal["contributors", "copyright", "source_line", "agency_line"]
Section = Literal["certain", "source", "provider", "copyright", "contributors", "phrases", "agencies", "original_link"]
Cues = Mapping[str, tuple[Section, ...]]
"""The cues that stand somewhere in a text, each with the sections whose it is."""
MAX_LINE_WORDS = 60
MAX_LINE_CHARS = 600
START_CHARS = 64
"""How much of a line the cues of patterns that only match at its start are looked for in."""
_AT_START: tuple[Section, ...] = ("provider", "copyright", "contributors")
_ANYWHERE: tuple[Section, ...] = ("certain", "source", "phrases", "agencies", "original_link")
_ALL = _ANYWHERE + _AT_START


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One such line and what it says."""

    kind: LineKind
    text: str
    signal: str
    agencies: tuple[str, ...] = ()
    """Agencies whose copy it declares this to be."""
    credited: tuple[str, ...] = ()
    confidence: float = 0.75
    origin: str | None = None
    """The outlet named: a domain if known, else the name as printed."""
    has_staff: bool = False
    has_unnamed_agencies: bool = False


@cache
def section_table(section: Section) -> dict[str, Any]:
    """Return one table of ``lines.toml``."""
    return dict(load_table("lines")[section])


@cache
def section_pattern(section: Section, key: str, *, after_signs: bool = False) -> re.Pattern[str]:
    """Return the patterns of one list as one; after_signs: up to three signs may come before."""
    joined = "|".join(f"(?:{pattern})" for pattern in section_table(section)[key])
    return re.compile(rf"\W{{0,3}}?(?:{joined})" if after_signs else rf"(?:{joined})", re.IGNORECASE)


@cache
def _owners(sections: tuple[Section, ...], kind: Literal["words", "signs"]) -> dict[str, tuple[Section, ...]]:
    """The cues of some sections, and whose each of them is: words, and signs, which are parts of words."""
    cues = dict.fromkeys(cue for section in sections for cue in section_table(section)[kind])
    return {cue: tuple(section for section in sections if cue in section_table(section)[kind]) for cue in cues}


@cache
def _words(sections: tuple[Section, ...]) -> frozenset[str]:
    return frozenset(_owners(sections, "words"))


@cache
def _sign_letters(sections: tuple[Section, ...]) -> str:
    """The first letters of all signs; of those that count anywhere, all are of other scripts than Latin."""
    return "".join(sorted({sign[0] for sign in _owners(sections, "signs")}))


def find_cues(texts: Sequence[str], *, only: tuple[Section, ...] = ()) -> Cues:
    """Return the cues that stand in any of the texts: the cheap test before the patterns, never a proof.

    only: the sections that matter, all of them patterns that match anywhere; () looks for all sections.
    """
    whole = "\n".join(texts)
    spaced = spaced_words(whole, lower=True)
    present = _words(only or _ALL).intersection(spaced.split())
    anywhere = only or _ANYWHERE
    owners = _owners(anywhere, "words")
    found = {word: owners[word] for word in present if word in owners}
    if not is_latin(spaced) and any(map(whole.__contains__, _sign_letters(anywhere))):
        found |= {sign: sections for sign, sections in _owners(anywhere, "signs").items() if sign in whole}
    if not only:
        starts = "\n".join([text[:START_CHARS] for text in texts]).lower()
        for word in present:
            if word in starts:
                found[word] = _owners(_ALL, "words")[word]
        at_start = _owners(_AT_START, "signs")
        if any(map(starts.__contains__, at_start)):
            found |= {sign: sections for sign, sections in at_start.items() if sign in starts}
    return found


def sections_in(text: str, cues: Cues) -> list[Section]:
    """Return the sections whose cues, of those found in a larger text, stand in this one, perhaps more than once."""
    folded = text.lower()
    return [section for cue, sections in cues.items() if cue in folded for section in sections]
