"""Read a byline, an author field or a source line: which agencies, which people, and whose people they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from pipelines.attribute.agencies import (
    Agency,
    agency_in_brackets,
    agency_of_author,
    agency_of_name,
    ends_with_name,
    split_codes,
)
from pipelines.attribute.wordlists import either, known_places, word_set

MAX_BYLINE_CHARS = 160
_SEPARATOR = re.compile(r"\s*([,/;|•·&+()\[\]]|\s[-–—]\s|:\s)\s*")
_SIGN = re.compile(r"\s*[|•·]\s*")
_WORD = re.compile(r"[^\W\d_]+")
_URL = re.compile(r"https?://|www\.|@\w")
_INITIALS = re.compile(r"[a-zäöüß]{1,4}\d?")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Byline:
    """What a byline says; agencies are codes of the table, in the order in which they stand."""

    agencies: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    """Agencies behind "mit", "with", "avec": they gave material."""
    people: tuple[str, ...] = ()
    """Names that are no agency: people, and outlets where one signs ("Le Journal et AFP")."""
    has_staff: bool = False
    """True: someone who is not the agency's shares the byline ("Jane Doe and AP", "ab/Reuters")."""
    place: str | None = None
    label: str | None = None
    """``by``, ``source``, or None for a bare one."""


@cache
def _label_pattern() -> re.Pattern[str]:
    by, source = either("bylines", "by"), either("bylines", "source")
    return re.compile(rf"[|•*\s]*(?:(?P<source>(?:{source})\s*[:：•|])|(?P<by>(?:{by})(?=[\s:])))[:\s]*", re.IGNORECASE)


@cache
def _credit_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?:^|\s|\()(?:{either('bylines', 'credit')})(?:\s*[:•|]\s*|\s+)", re.IGNORECASE)


@cache
def _join_pattern() -> re.Pattern[str]:
    return re.compile(rf"\s+({either('bylines', 'join')})\s+", re.IGNORECASE)


def is_image_credit(text: str) -> bool:
    """Say whether a line holds a word of photo, video or graphic credits."""
    words = word_set("bylines", "image")
    return any(word.casefold() in words for word in _WORD.findall(text))


@lru_cache(maxsize=4096)
def parse_byline(text: str) -> Byline | None:
    """Return what a byline, author field or source line says; None if the text is no such line.

    Names in a byline are capitalised words and initials: a line with other words is prose. Longer than 160 characters is no byline.
    """
    text = " ".join(text.split())
    if not text or len(text) > MAX_BYLINE_CHARS or _URL.search(text) or is_image_credit(text):
        return None
    if whole := agency_of_author(text):
        return Byline(agencies=(whole.code,))
    label, rest = _split_label(text)
    rest = _join_signs(rest.strip(" ()[]")) if _SIGN.search(rest) and not _credit_pattern().match(rest) else rest.strip(" ()[]")
    if label and (only := agency_in_brackets(rest)):
        return Byline(agencies=(only.code,), label=label)
    head, _, tail = _split_credit(rest)
    credited = _agencies_of(_until_stop_word(tail)) if tail else ()
    if tail and not credited:
        head = rest
    parsed = _read_parts(_until_stop_word(head))
    if parsed is None or not (parsed.agencies or credited or parsed.people):
        return None
    return Byline(
        agencies=parsed.agencies,
        credited=tuple(code for code in credited if code not in parsed.agencies),
        people=parsed.people,
        has_staff=parsed.has_staff,
        place=parsed.place,
        label=label,
    )


def _split_label(text: str) -> tuple[str | None, str]:
    match = _label_pattern().match(text)
    if match is None:
        return None, text
    return ("source" if match.group("source") else "by"), text[match.end() :]


def _join_signs(text: str) -> str:
    """``By Jane Doe | AP``: behind a bar or dot only agencies belong to the byline, the rest is the page's."""
    first, *others = _SIGN.split(text)
    found = [bare for other in others if agency_of_author(bare := _until_stop_word(other))]
    return ", ".join([first, *found]) if first else ", ".join(found) or text


def _until_stop_word(text: str) -> str:
    stops, before_dates = word_set("bylines", "stop"), word_set("bylines", "stop_before_date")
    words = text.split(" ")
    for index, word in enumerate(words):
        bare = word.casefold().strip(".,:;()")
        following = words[index + 1].casefold().strip(".,") if index + 1 < len(words) else ""
        is_date = bare in before_dates and (
            following[:1].isdigit() or following in word_set("dateline", "months") | word_set("dateline", "weekdays")
        )
        if (index and (bare in stops or is_date)) or any(sign.isdigit() for sign in word):
            return " ".join(words[:index]).rstrip(" -–—|•·,(")
    return text


def _split_credit(text: str) -> tuple[str, str, str]:
    match = _credit_pattern().search(text)
    return (text[: match.start()], match.group(), text[match.end() :]) if match else (text, "", "")


def _agencies_of(text: str) -> tuple[str, ...]:
    """The agencies of a list that holds nothing else but them and names: ``AP, AFP und dpa``."""
    parts = _parts(text)
    found = [agency.code for part, _ in parts if (agency := _part_agency(part)[0])]
    return tuple(dict.fromkeys(found))


def _parts(text: str) -> list[tuple[str, str]]:
    """Cut at commas, slashes and joining words: (part, separator before it)."""
    parts: list[tuple[str, str]] = []
    before = ""
    pieces = _SEPARATOR.split(text)
    for index, piece in enumerate(pieces):
        if index % 2:
            before = piece.strip()
            continue
        joined = _join_pattern().split(piece)
        for place, word in enumerate(joined):
            if place % 2:
                before = word
            elif bare := word.strip(" .()[]"):
                parts += [(piece, before) for piece in split_codes(bare)]
    return parts


def _part_agency(part: str) -> tuple[Agency | None, str]:
    """The agency of one part and the words beside it: ``AP Auto Writer``, ``Associated Press in Valencia``, ``Jane Doe Reuters``."""
    if agency := agency_of_name(part):
        return agency, ""
    words = part.split()
    roles = word_set("bylines", "roles")
    for cut in range(min(4, len(words) - 1), 0, -1):
        agency = agency_of_name(" ".join(words[:cut]))
        if agency is None:
            continue
        rest = words[cut:]
        if rest[-1].casefold() in roles and len(rest) <= 4:
            return agency, ""
        if rest[0].casefold() in ("in", "en", "à") and len(rest) <= 4:
            return agency, ""
        break
    if (ended := ends_with_name(part)) and ended[0]:
        return ended[1], ended[0]
    return None, part


def _read_parts(text: str) -> Byline | None:
    agencies: dict[str, None] = {}
    people: list[str] = []
    has_staff = False
    place: str | None = None
    before_agency = ""
    for part, before in _parts(text):
        agency, beside = _part_agency(part)
        if agency is not None and agency.code == "PA" and people and " " not in people[-1]:
            # Jane Doe, Pittsburgh, PA
            return None
        if agency is not None:
            # "Jane Doe and John Roe The Associated Press": who stands right before the name is the agency's.
            if people and not beside and before in ("/", *word_set("bylines", "join")):
                has_staff = True
            agencies[agency.code] = None
            before_agency = before
            if beside and _looks_like_names(beside):
                people.append(beside)
            elif beside:
                return None
        elif _INITIALS.fullmatch(part) or _is_desk(part):
            has_staff = True
        elif _HOST.fullmatch(part):
            has_staff = True
            people.append(part)
        elif agencies and part.casefold() in known_places():
            place = part
        elif agencies and (initials_and_place := _initials_and_place(part)):
            has_staff, place = True, initials_and_place
        elif part.casefold() in word_set("bylines", "roles") or (agencies and _is_role(part)):
            continue
        elif _looks_like_names(part):
            if agencies and before in ("/", *word_set("bylines", "join")) and before_agency in ("", "/"):
                has_staff = True
            people.append(part)
        else:
            return None
    return Byline(agencies=tuple(agencies), people=tuple(people), has_staff=has_staff and bool(agencies), place=place)


def _initials_and_place(part: str) -> str | None:
    """``ab Frankfurt``: an editor's initials and the place."""
    first, _, rest = part.partition(" ")
    return rest if _INITIALS.fullmatch(first) and rest.casefold() in known_places() else None


def _is_desk(part: str) -> bool:
    """``redacción``, ``onze redactie``, ``com redação``: the outlet's own."""
    words = part.casefold().split()
    desks = word_set("bylines", "desks")
    return len(words) <= 4 and (" ".join(words) in desks or words[-1] in desks)


def _is_role(part: str) -> bool:
    return part.split()[-1].casefold() in word_set("bylines", "roles")


_PARTICLES = frozenset("de da di del della van von der den la le el al bin ibn dos do du y zu ter ten of the for".split())


def _looks_like_names(text: str) -> bool:
    """Say whether every word is capitalised or a particle, and there are at most six."""
    words = text.split()
    return 0 < len(words) <= 6 and all(
        not word[0].islower() or word.casefold() in _PARTICLES or word.startswith(("al-", "el-", "d'", "d’")) for word in words
    )
