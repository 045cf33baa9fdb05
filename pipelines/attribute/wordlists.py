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
_SIGNS_OF_ONE_BYTE = [sign for sign in _SIGNS if sign < "\u0100"]
_WIDE_SIGNS = [sign for sign in _SIGNS if sign >= "\u0100"]
_SPACES = bytes(ord(" ") if chr(code) in _SIGNS else code for code in range(256))
_SPACES_AND_LOWER = _SPACES.decode("latin-1").lower().encode("latin-1")


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


def spaced_words(text: str, *, lower: bool = False) -> str:
    """Return a text with a space for every sign, so that ``split`` gives its words: quick, for tests that come before the careful ones.

    lower: in lower case.
    """
    # Bytes are translated in a tenth of the time that letters are.
    table = _SPACES_AND_LOWER if lower else _SPACES
    if text.isascii():
        return text.encode("ascii").translate(table).decode("ascii")
    for sign in _WIDE_SIGNS:
        text = text.replace(sign, " ")
    try:
        return text.encode("latin-1").translate(table).decode("latin-1")
    except UnicodeEncodeError:
        for sign in _SIGNS_OF_ONE_BYTE:
            text = text.replace(sign, " ")
        return text.lower() if lower else text


def is_latin(text: str) -> bool:
    """Say whether every character is one of Latin-1: quick, to tell that no word of another script stands in a text of ``spaced_words``."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
