"""The data files of this package, loaded once: words of bylines, words of datelines, places, patterns of lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_SIGNS = '.,:;()[]/|"“”„«»’-–—*…©!?_،。：，（）'

_SPACES = str.maketrans(dict.fromkeys(_SIGNS, " "))


@cache
def load_table(name: str) -> Mapping[str, Any]:
    """Return the parsed TOML file of this package: ``load_table("bylines")``."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def word_set(table: str, key: str) -> frozenset[str]:
    """Return one list of words of a table, in lower case."""
    return frozenset(word.casefold() for word in load_table(table)[key])


@cache
def known_places() -> frozenset[str]:
    """Return the places of ``places.txt`` in lower case."""
    lines = (_FOLDER / "places.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(place.strip().casefold() for line in lines if not line.startswith("#") for place in line.split("|") if place.strip())


@cache
def either(table: str, key: str) -> str:
    """Return the words of a list as one regular expression alternative, longest first."""
    return "|".join(re.escape(word) for word in sorted(load_table(table)[key], key=len, reverse=True))


def spaced_words(text: str) -> str:
    """Return a text with a space for every sign, so that ``split`` gives its words: quick, for tests that come before the careful ones."""
    if text.isascii():
        return text.translate(_SPACES)
    for sign in _SIGNS:
        text = text.replace(sign, " ")
    return text
