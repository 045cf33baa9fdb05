"""What a line of an article that speaks of it can say: the record that the readers of lines share, and the cheap test before them.

A *section* is a table of ``lines.toml``: its patterns, and the cues without one of which none of them can match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pipelines.attribute.wordlists import load_table, spaced_words

LineKind = Literal["contributors", "copyright", "source_line", "agency_line"]
Section = Literal["certain", "source", "provider", "copyright", "contributors", "phrases", "agencies", "original_link"]
Cues = Mapping[Section, tuple[str, ...]]
"""The sections of which cues stand somewhere in a text, with these cues."""
MAX_LINE_WORDS = 60
MAX_LINE_CHARS = 600
START_CHARS = 64
"""How much of a line the cues of patterns that only match at its start are looked for in."""
_AT_START: tuple[Section, ...] = ("provider", "copyright", "contributors")
_ANYWHERE: tuple[Section, ...] = ("certain", "source", "phrases", "agencies", "original_link")


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
def _cue_words(sections: tuple[Section, ...]) -> frozenset[str]:
    return frozenset(word for section in sections for word in section_table(section)["words"])


def find_cues(texts: Sequence[str], *, only: tuple[Section, ...] = ()) -> Cues:
    """Return the cues that stand in any of the texts: the cheap test before the patterns, never a proof.

    only: the sections that matter, all of them patterns that match anywhere; () looks for all sections.
    """
    found: dict[Section, tuple[str, ...]] = {}
    _collect_cues(found, only or _ANYWHERE, "\n".join(texts).lower())
    if not only:
        _collect_cues(found, _AT_START, "\n".join([text[:START_CHARS] for text in texts]).lower())
    return found


def _collect_cues(found: dict[Section, tuple[str, ...]], sections: tuple[Section, ...], whole: str) -> None:
    words = _cue_words(sections).intersection(spaced_words(whole).split())
    for section in sections:
        table = section_table(section)
        present = [word for word in table["words"] if word in words] if words else []
        if table["signs"]:
            present += [sign for sign in table["signs"] if sign in whole]
        if present:
            found[section] = tuple(present)


def sections_in(text: str, cues: Cues) -> list[Section]:
    """Return the sections whose cues, of those found in a larger text, stand in this one."""
    folded = text.lower()
    return [section for section, present in cues.items() if any(cue in folded for cue in present)]
