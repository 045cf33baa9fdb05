"""The word lists of this package, read once and compiled."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_EDGE_SIGNS = " \t.:;,!?…|-–—•*>»›→\"'“”„()[]"


@dataclass(frozen=True, slots=True)
class LineRule:
    """One reason for which whole lines are cut; see ``line_rules.toml`` for how its lists are read."""

    reason: str
    max_chars: int
    labels: re.Pattern[str] | None
    opens: re.Pattern[str] | None
    capitals: re.Pattern[str] | None
    lines: frozenset[str]
    patterns: re.Pattern[str] | None
    vocabulary: frozenset[str]
    core: frozenset[str]


def fold(text: str) -> str:
    """Return text in the form the lists are written in: lower case, straight apostrophes."""
    return text.replace("’", "'").replace("‘", "'").replace("´", "'").casefold()


def bare(text: str) -> str:
    """Return a folded line without the signs at its ends: "» Read more…" as "read more"."""
    return fold(text).strip(_EDGE_SIGNS)


@cache
def line_rules() -> tuple[LineRule, ...]:
    """Return the rules of ``line_rules.toml`` in their order."""
    return tuple(_line_rule(entry) for entry in load("line_rules.toml")["rule"])


@cache
def attribution_words() -> re.Pattern[str]:
    """Return the pattern of words by which a line says where the text came from."""
    return re.compile(any_of(fold(words) for words in load("line_rules.toml")["never"]))


def load(name: str) -> dict[str, Any]:
    """Return a data file of this package."""
    return tomllib.loads((_FOLDER / name).read_text("utf-8"))


def any_of(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words, the longest first."""
    return "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


def _line_rule(entry: dict[str, Any]) -> LineRule:
    labels = [fold(label) for label in entry.get("labels", ())]
    opens = [fold(words) for words in entry.get("opens", ())]
    return LineRule(
        reason=entry["reason"],
        max_chars=entry["max_chars"],
        # The label alone, or with a sign that parts it from what it teases.
        labels=re.compile(rf"\W{{0,4}}{any_of(labels)}\s?(?:[:：|»›→]|\s[-–—]\s|\W{{0,4}}$)") if labels else None,
        opens=re.compile(rf"[^\w→»>▶►]{{0,4}}{any_of(opens)}(?!\w)") if opens else None,
        capitals=re.compile(rf"\W{{0,4}}{any_of(entry['capitals'])}\b.*[^\W\d_A-ZÀ-Þ]") if "capitals" in entry else None,
        lines=frozenset(bare(line) for line in entry.get("lines", ())),
        patterns=re.compile("|".join(entry["patterns"]), re.IGNORECASE) if "patterns" in entry else None,
        vocabulary=frozenset(fold(f"{entry.get('vocabulary', '')} {entry.get('core', '')}").split()),
        core=frozenset(fold(entry.get("core", "")).split()),
    )
