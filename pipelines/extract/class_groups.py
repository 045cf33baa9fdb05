"""What the names on an element say it holds, as bits: one for each group of ``class_groups.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_WORDS_BY_GROUP = {
    group: words.split() for group, words in tomllib.loads(Path(__file__).with_name("class_groups.toml").read_text("utf-8")).items()
}
_MAX_CHARS = 300
_MIN_CHARS_OF_PART = 6

GROUPS = tuple(_WORDS_BY_GROUP)
"""Names of the groups; the bit of a group is ``1 << GROUPS.index(group)``."""


def bits_of(*groups: str) -> int:
    """Return the bits of some groups. Raises ValueError for a group that does not exist."""
    return sum(1 << GROUPS.index(group) for group in groups)


_BITS: dict[str, int] = {}
for _group, _words in _WORDS_BY_GROUP.items():
    for _name in _words:
        _BITS[_name] = _BITS.get(_name, 0) | bits_of(_group)
_PART = re.compile("|".join(sorted((word for word in _BITS if len(word) >= _MIN_CHARS_OF_PART), key=len, reverse=True)))


# The names of an outlet's elements repeat over its pages.
@lru_cache(maxsize=50_000)
def groups_of(names: str) -> int:
    """Return the bits of the groups that a class attribute or id speaks of; only its first 300 characters are read."""
    bits = 0
    for word in _WORD.findall(names[:_MAX_CHARS]):
        bits |= _groups_of_word(word.lower())
    return bits


@lru_cache(maxsize=50_000)
def _groups_of_word(word: str) -> int:
    known = _BITS.get(word)
    if known is None and word.endswith("s"):
        known = _BITS.get(word[:-1])
    if known is not None:
        return known
    bits = 0
    if len(word) > _MIN_CHARS_OF_PART:
        for part in _PART.findall(word):
            bits |= _BITS[part]
    return bits
