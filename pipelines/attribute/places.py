"""Read what stands before an agency or a dash at the head of a paragraph: place, region, date, and what is none of them."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pipelines.attribute.wordlists import known_places, word_set

MAX_PLACE_WORDS = 5
_PARTS = re.compile(r",|\.\s(?=\d)|:\s(?=\w+\s\d)")
_REGION = re.compile(r"\s*\[[^\]]*\]$")
# A reporter's byline that runs into the dateline: "By Jane Doe LONDON", "Ahmet Yılmaz/ANKARA".
_BYLINE = re.compile(r"(?:By\s.{3,60}?\s|[^\W\d_]\w+\s\w{2,20}/)(?P<place>[A-ZÀ-ÞİŞĞÇ][A-ZÀ-ÞİŞĞÇ. /-]{2,40})$")


class Place(NamedTuple):
    """What the words before an agency or dash are."""

    name: str | None
    """As printed; None for a date alone, or nothing."""
    has_date: bool
    is_clean: bool
    """Whether they are nothing but place, region and date: prose is never clean."""


NO_PLACE = Place(None, False, False)


@cache
def _small_words() -> frozenset[str]:
    return word_set("dateline", "particles")


@cache
def _time_words() -> frozenset[str]:
    return word_set("dateline", "months") | word_set("dateline", "weekdays")


def read_place(lead: str) -> Place:
    """Read what stands before the agency or the dash.

    ``LISBON/THE HAGUE, March 7`` is ("LISBON/THE HAGUE", True, True); ``March 4`` is (None, True, True); prose is never clean.
    """
    lead = lead.strip(" .,:")
    if not lead:
        return Place(None, False, True)
    if byline := _BYLINE.match(lead):
        lead = byline.group("place")
    first, *others = [part.strip() for part in _PARTS.split(lead) if part.strip()] or [""]
    name, has_date = _cut_date(first)
    for other in others:
        if _is_date(other):
            has_date = True
        elif name is None and has_date and is_place_name(other):
            name = other  # 12 марта, Минск
        elif not is_place_name(_REGION.sub("", other)) or len(other.split()) > 4:
            return NO_PLACE
    if name is None:
        return Place(None, has_date, has_date)
    bare = _REGION.sub("", name)
    if not is_place_name(bare) or len(bare.split()) > MAX_PLACE_WORDS or is_label(bare) or len(others) > 4:
        return NO_PLACE
    return Place(bare, has_date, True)


def _cut_date(text: str) -> tuple[str | None, bool]:
    """``Praha 12. března`` -> ("Praha", True); ``March 4`` -> (None, True)."""
    words = text.split()
    for index, word in enumerate(words):
        if word[0].isdigit():
            while index and words[index - 1].casefold().strip(".,") in _time_words():
                index -= 1
            return (" ".join(words[:index]) or None), len(words) - index <= 5
    return text, False


def _is_date(text: str) -> bool:
    words = [word.casefold().strip(".,") for word in text.split()]
    return len(words) <= 5 and (any(sign.isdigit() for sign in text) or all(word in _time_words() for word in words))


def is_place_name(text: str) -> bool:
    """Say whether every word begins with a capital or is a particle; scripts without capitals pass."""
    words = [word for word in re.split(r"[\s/]+", text) if word]
    if not words or any(sign.isdigit() for sign in text) or any(sign in '"“”„«»?!;@#*=|' for sign in text):
        return False
    return all(not word[0].islower() or word.casefold() in _small_words() for word in words) and not words[0][0].islower()


def is_label(place: str) -> bool:
    """Say whether the words are a label of newsrooms ("UPDATE", "WATCH") or a time, no place."""
    folded = place.casefold().strip()
    return (
        folded in word_set("dateline", "labels")
        or folded in _time_words()
        or folded.split()[0] in ("read", "watch", "listen", "click", "warning")
    )


def is_known(place: str) -> bool:
    """Say whether ``places.txt`` has the place, or every part of ``Berlin/Paris``."""
    return all(part.strip().casefold() in known_places() for part in place.split("/")) or place.casefold() in known_places()


def is_one_name(place: str) -> bool:
    """Say whether it is one capitalised word of six letters or more: ``Gundelfingen - Die …``."""
    return place.isalpha() and len(place) >= 6 and place[0].isupper() and place[1:].islower()


def is_capitals(place: str) -> bool:
    """Say whether it is all in capitals, three letters at least."""
    return place.isupper() and sum(sign.isalpha() for sign in place) >= 3


def is_uncased(place: str) -> bool:
    """Say whether the script has no capitals: Arabic, Hebrew, Hindi."""
    return place.lower() == place.upper()


def is_named_in(place: str, text: str) -> bool:
    """Say whether an English text names the word as a place again: "in Lindi", "Lindi Bus Stand"."""
    return (
        place.isalpha()
        and len(place) >= 4
        and re.search(rf"\b(?:in|at|to|of|near|from) {place.capitalize()}\b|\b{place.capitalize()} [A-Z]", text[:3000]) is not None
    )
