"""Where a text speaks of an agency's own people: "an AFP reporter said", "told AFP". A hint, never a proof."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipelines.attribute.agencies import agencies_in_credit
from pipelines.attribute.wordlists import load_table

MAX_REFERENCES = 5


@cache
def _name_pattern() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, load_table("lines")["self_reference"]["names"])))


@cache
def _pattern() -> re.Pattern[str]:
    names = f"(?:{_name_pattern().pattern})"
    return re.compile("|".join(f"(?:{pattern.replace('{A}', names)})" for pattern in load_table("lines")["self_reference"]["patterns"]))


def find_self_references(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return (agency code, words) where texts speak of an agency's own people, five at most."""
    found: list[tuple[str, str]] = []
    if not _name_pattern().search("\n".join(texts)):
        return found
    for text in filter(_name_pattern().search, texts):
        for match in _pattern().finditer(text):
            if codes := agencies_in_credit(match.group()):
                found.append((codes[0], match.group()))
            if len(found) >= MAX_REFERENCES:
                return found
    return found
