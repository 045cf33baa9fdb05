"""Where two texts differ, by words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipelines.text import UNSPACED

_WORD = re.compile(r"\s+|\S+")
_CHARACTER = re.compile(r"\s+|.", re.DOTALL)
MAX_TOKENS = 4_000
"""Matching takes time quadratic in a passage's length: longer ones are shown as replaced whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """A passage that is not the same in both texts, in its words: which parts are common, and which stand on one side only."""

    before: tuple[tuple[str, bool], ...]
    """(text, whether it is missing in the other text)."""
    after: tuple[tuple[str, bool], ...]


def find_differences(one: str, other: str) -> Iterator[int | Change]:
    """Yield, in the order of the texts, numbers of paragraphs that are equal and the passages that differ."""
    ours, theirs = one.split("\n\n"), other.split("\n\n")
    for kind, start, end, begin, stop in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            yield end - start
        else:
            yield _compare("\n\n".join(ours[start:end]), "\n\n".join(theirs[begin:stop]))


def _compare(one: str, other: str) -> Change:
    token = _CHARACTER if UNSPACED.search(one + other) else _WORD
    ours, theirs = token.findall(one), token.findall(other)
    if max(len(ours), len(theirs)) > MAX_TOKENS:
        return Change(((one, True),), ((other, True),))
    before: list[tuple[str, bool]] = []
    after: list[tuple[str, bool]] = []
    for kind, start, end, begin, stop in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        _extend(before, "".join(ours[start:end]), differs=kind != "equal")
        _extend(after, "".join(theirs[begin:stop]), differs=kind != "equal")
    return Change(tuple(before), tuple(after))


def _extend(parts: list[tuple[str, bool]], text: str, *, differs: bool) -> None:
    """Add a part; a change runs on over the spaces between its words."""
    if not text:
        return
    if len(parts) > 1 and differs and not parts[-1][0].strip() and parts[-2][1]:
        (space, _), (words, _) = parts.pop(), parts.pop()
        text = words + space + text
    parts.append((text, differs))
