"""Lines about who wrote the article: bylines, and the author's portrait at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pipelines.records import Block
from pipelines.scrub.rules import any_of, date_words, fold, load
from pipelines.text import count_words

_MAX_BYLINE_CHARS = 200
_MAX_BIO_WORDS = 60
_WORD = re.compile(r"[^\W\d_]+")
# "Jane Doe, Port Haven": one place may stand behind the names.
_PLACE = re.compile(r"(?:, | in )[A-ZÀ-Þ][\w'’-]+$")
_NAME = r"[A-ZÀ-Þ][\w'’-]*\.?(?: (?:(?:[A-ZÀ-Þ][\w'’-]*|[A-Z])\.?|de|da|di|van|von|der|den|al|el|bin|la|le)){1,4}"
_BARE_BYLINE = re.compile(
    rf"(?:By|BY|Von|VON|Par|PAR|Por|POR) {_NAME}(?:(?:, | and | AND | und | UND | et | ET | y | Y | e ){_NAME}){{0,3}}"
)


def author_names(authors: Sequence[str]) -> list[str]:
    """Return the names by which lines are known, folded, the longest first. A single word may be an agency ("AFP") and is none."""
    return [fold(author) for author in sorted(authors, key=len, reverse=True) if " " in author]


def is_byline(text: str, names: Sequence[str]) -> bool:
    """Say whether a line only names the article's authors, with a date or a place at most: "By Jane Doe and John Smith, May 3".

    A line that names an agency too is none: attribution reads it.
    """
    if len(text) > _MAX_BYLINE_CHARS or not names:
        return False
    folded = fold(text)
    if not any(name in folded for name in names):
        return False
    rest = fold(text if _agency().search(text) else _PLACE.sub("", text))
    for name in names:
        rest = rest.replace(name, " ")
    return all(word in _byline_words() for word in _WORD.findall(rest))


def is_bare_byline(text: str) -> bool:
    """Say whether a line is "By" and names of people, for pages that name their authors nowhere else; to be asked at the top of a text."""
    return len(text) <= _MAX_BYLINE_CHARS and _BARE_BYLINE.fullmatch(text) is not None and not _agency().search(text)


def is_bio(block: Block, names: Sequence[str]) -> bool:
    """Say whether a short paragraph tells of an author: "Jane Doe covers parks for the Courier."; to be asked at the end of a text."""
    if not names or block.kind == "heading":
        return False
    folded = fold(block.text)
    opens = any(folded.startswith(name) and not folded[len(name) : len(name) + 1].isalnum() for name in names)
    return opens and count_words(block.text) <= _MAX_BIO_WORDS


@cache
def _byline_words() -> frozenset[str]:
    return frozenset(load("byline_words.toml")["words"].split()) | date_words()


@cache
def _agency() -> re.Pattern[str]:
    return re.compile(rf"\b{any_of(load('photo_credits.toml')['agencies'])}\b")
