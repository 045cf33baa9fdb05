"""Where a text speaks of an agency's own people: "an AFP reporter said", "told AFP". A hint, never a proof."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pipelines.attribute.agencies import agencies_in_credit
from pipelines.attribute.wordlists import load_table

MAX_REFERENCES = 5


@cache
def _names() -> tuple[str, ...]:
    return tuple(load_table("lines")["self_reference"]["names"])


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(map(re.escape, _names()))
    return re.compile(
        "|".join(f"(?:{pattern.replace('{A}', f'(?:{names})')})" for pattern in load_table("lines")["self_reference"]["patterns"])
    )


def find_self_references(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return (agency code, words) where texts speak of an agency's own people, five at most."""
    whole = "\n".join(texts)
    if not any(map(whole.__contains__, _names())):
        return []
    found: list[tuple[str, str]] = []
    for match in _pattern().finditer(whole):
        if codes := agencies_in_credit(match.group()):
            found.append((codes[0], match.group()))
        if len(found) >= MAX_REFERENCES:
            break
    return found
