"""Text as plain data: cleaning, counting words, and the form in which texts are compared."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

LINE_BREAK = "\n"
"""What a ``<br>`` is among the text nodes of a page's block; other space between tags is one space."""
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff]")
_CONTROL_OR_SURROGATE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
# Unicode normalisation takes time quadratic in the length of a run of marks; no language stacks thirty.  Source: UAX #15, stream-safe text.
_STACKED = r"[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MOST_STACKED = 30
# One before the others: Python looks for a pattern's first characters fast only where they are no repeat.
_MARK_RUN = re.compile(rf"({_STACKED}{_STACKED}{{{_MOST_STACKED - 1}}}){_STACKED}+")
# Scripts without spaces between words: Thai, Lao, Khmer, Burmese, kana, Han.
_UNSPACED_RANGES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
UNSPACED = re.compile(f"[{_UNSPACED_RANGES}]")
_APOSTROPHES = "'\u2018\u2019\u201b`\u00b4\u02bc"
_DROPPED_FOR_MATCHING = re.compile(f"[{_APOSTROPHES}]|{_INVISIBLE.pattern}")


def _is_optional(mark: str) -> bool:
    """Say whether writers leave a mark out at will: points of Hebrew and Arabic, accents that compose with no letter, variation selectors.

    By Unicode's combining classes. Vowel signs, viramas and tone marks of Indic scripts, Thai or Thaana have others: words differ by them.
    """
    order = unicodedata.combining(mark)
    return 10 <= order <= 36 or order >= 200 or mark == "\u034f" or "VARIATION SELECTOR" in unicodedata.name(mark, "")


_MARKS = [mark for mark in map(chr, (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0))) if unicodedata.category(mark)[0] == "M"]
_OPTIONAL = frozenset(_APOSTROPHES).union(filter(_is_optional, _MARKS))
# No letters to Python, but parts of a word: Hindi, Bengali or Thai vowel signs.
_SIGNS = frozenset(_MARKS) - _OPTIONAL
_UNSPACED_TOKEN = re.compile(f"[{_UNSPACED_RANGES}][{''.join(sorted(sign for sign in _SIGNS if sign < chr(0x10000)))}]*")
# str.replace runs over the text once for each, many times as fast as translate.
_FEW_CHANGES = 64
_ASCII_FORM = {code: chr(code).lower() if chr(code).isalnum() else None if chr(code) in _APOSTROPHES else " " for code in range(128)}
# After the place: region, date, the agency in brackets or slashes, then a dash or colon. At most 60 characters, as in "HANOI, Vietnam, May 3 (AP) — ".
# A full stop may only belong to a date or abbreviation ("Aug. 20", "12. März", "Ala., May 3", "D.C."), or end a place that stands alone ("Riad. Die …").
_REST_OF_DATELINE = (
    r"(?:(?:[^—–―:.\n]|\.(?=\s?[\d(/]|,|[^\W\d_]\.)|(?<=\d)\.){0,60}?(?:\([^)\n]{1,40}\)|/[^/\n]{1,30}/)?"
    r"\s*\.?\s?(?:—|–|―|--|-(?!\w)|(?<!\w)-|:|\)|(?<=/)\.|(?<=/)\s)\s*|\.\s+|[^電电】)）\]\s]{0,20}[電电】)）\]]\s*)"
)
# Before the place: an agency that comes first ("(ANSA) - ROMA", "新华社北京", "【ソウル＝"), at most 12 characters.
_BEFORE_PLACE = (r"\([^)\n]{1,12}\)\s?[-–—.]{0,2}\s?", r"[(（\[【]?[\u3040-\u30ff\u4e00-\u9fff]{0,12}?")
_MAX_BEFORE_PLACE = 20
# For the place stands a sign that no text has, and its last character, which the rest looks back at: a pattern for each place would take 2 ms to compile.
_PLACE_SIGN = "\ue000"
_DATELINES = [re.compile(rf"\s*{before}{_PLACE_SIGN}(?s:.){_REST_OF_DATELINE}") for before in _BEFORE_PLACE]


def clean_text(text: str) -> str:
    """Return text as NFC on one line: entities are the caller's, runs of space become one, invisible characters and controls vanish."""
    is_one_line = _is_one_line(text)
    text = text.strip(" ") if is_one_line else " ".join(text.split())
    if is_one_line or text.isprintable():  # the common case, told in one pass: neither invisible characters nor controls
        if text.isascii():
            return text
        # A mark takes two bytes or more, so with less beyond a byte each there is no long run to look for.
        may_stack = len(text.encode()) - len(text) > _MOST_STACKED
        return unicodedata.normalize("NFC", _MARK_RUN.sub(r"\1", text) if may_stack else text)
    # First out, then NFC: an invisible character can stand between a letter and its accent.
    text = unicodedata.normalize("NFC", _MARK_RUN.sub(r"\1", _INVISIBLE.sub("", text)))
    return " ".join(_CONTROL_OR_SURROGATE.sub(" ", text).split())


def visible_text(text: str) -> str:
    """Return text with each character spelled out (``‹U+202E›``) that nobody sees or that turns text around: safe to show beside other text.

    Controls but for tab and line feed, marks of direction, separators of lines and paragraphs, half surrogate pairs. Joiners stay: scripts need them.
    Source: UAX #9, section 2, and Trojan Source (Boucher and Anderson 2021).
    """
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)


def count_words(text: str) -> int:
    """Return the number of words; scripts written without spaces count two characters as a word, and their punctuation none."""
    if text.isascii() or UNSPACED.search(text) is None:
        line = text.replace("\n\n", " ").strip(" ")
        return line.count(" ") + 1 if line and _is_one_line(line) else len(text.split())
    spaced = (word for word in UNSPACED.sub(" ", text).split() if any(map(str.isalnum, word)))
    return sum(1 for _ in spaced) + (len(UNSPACED.findall(text)) + 1) // 2


def _is_one_line(text: str) -> bool:
    """Say whether words stand one space apart, as in most texts, in a fraction of the time that it takes to part them."""
    # No printable character is space but the plain one.
    return text.isprintable() and "  " not in text


def mask_dateline(text: str, dateline: str | None) -> str:
    """Return text without its dateline, agency bracket and dash, so that two papers' versions of one wire story match.

    The dateline column holds the place as printed; it is looked for at the start of the first four paragraphs.
    """
    if not dateline or dateline.isspace():
        return text
    paragraphs = text.split("\n\n", 4)
    for index, paragraph in enumerate(paragraphs[:4]):
        if (end := _find_dateline_end(paragraph, dateline)) is not None:
            paragraphs[index] = paragraph[end:]
            return "\n\n".join(paragraphs)
    return text


def _find_dateline_end(paragraph: str, dateline: str) -> int | None:
    """Return where the text behind a paragraph's dateline begins, None if it does not open with this one."""
    latest = len(paragraph) - len(paragraph.lstrip()) + _MAX_BEFORE_PLACE
    if (place := paragraph.find(dateline, 0, latest + len(dateline))) < 0:
        return None
    places = [place, *(at for at in range(place + 1, latest + 1) if paragraph.startswith(dateline, at))]
    for pattern in _DATELINES:
        for place in places:
            behind = place + len(dateline) - 1
            if match := pattern.match(f"{paragraph[:place]}{_PLACE_SIGN}{paragraph[behind:]}"):
                return behind + match.end() - place - len(_PLACE_SIGN)
    return None


def matching_form(text: str) -> str:
    """Return the form in which texts are compared, as exact copies and by their shingles: tokens parted by one space.

    NFKC and lower case. A token is a run of letters, digits and vowel signs; each character of a script without spaces, with its
    signs, is one by itself, so that spaces there do not matter. Apostrophes, invisible characters and points that writers leave out at
    will vanish ("don't" = "dont"); all other signs only part tokens. The form of a form is itself.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII_FORM).split())
    if (form := _form_by_character(text.lower())) is not None:
        return form
    return _form_in_context(text)


def _form_by_character(text: str) -> str | None:
    """Return the matching form of lower-case text by the forms of its characters; None where that of one depends on its neighbors.

    Nearly all texts have few different characters, and ``str.replace`` runs over the text once for each, many times as fast as anything else.
    """
    changes = []
    for character in set(text):
        if (form := _form_of(character)) is None:
            return None
        if form != character:
            changes.append((character, form))
    if len(changes) > _FEW_CHANGES:
        return None
    for character, form in changes:
        text = text.replace(character, form)
    return " ".join(text.split())


def needs_neighbors(character: str) -> bool:
    """Say whether a form depends on what stands beside it: marks, the parts of Korean syllables, scripts without spaces."""
    return unicodedata.category(character)[0] == "M" or "\u1100" <= character < "\u1200" or UNSPACED.match(character) is not None


@lru_cache(maxsize=1 << 14)
def _form_of(character: str) -> str | None:
    """Return what becomes of a character whatever stands beside it; None if that depends.

    Of what comes after the signs of the first plane only signs are sure; half-width sound marks, for one, combine.
    """
    if needs_neighbors(character) or (character >= "\u2c00" and unicodedata.category(character) not in ("So", "Sk")):
        return None
    return _form_in_context(f"a{character}a")[1:-1]


def _form_in_context(text: str) -> str:
    # Apostrophes before NFKC too, which makes a space and an accent of U+00B4.
    text = unicodedata.normalize("NFKC", _MARK_RUN.sub(r"\1", _DROPPED_FOR_MATCHING.sub("", text)))
    # Which form of sigma lower() gives depends on its place in the word.
    text = text.lower().replace("\u03c2", "\u03c3")
    characters = set(text)
    # Optional marks after lower(), which makes an i and a dot above of the Turkish capital.
    changes = {
        character: "" if character in _OPTIONAL else " " for character in characters if not character.isalnum() and character not in _SIGNS
    }
    if len(changes) <= _FEW_CHANGES:
        for character, change in changes.items():
            text = text.replace(character, change)
    else:
        text = text.translate({ord(character): change for character, change in changes.items()})
    if UNSPACED.search(text):
        text = _UNSPACED_TOKEN.sub(r" \g<0> ", text)
    # What stood between a letter and its accent is gone now.
    return unicodedata.normalize("NFC", " ".join(text.split()))


def text_hash(text: str, dateline: str | None = None) -> bytes:
    """Return the SHA-256 of the matching form without the dateline, 32 bytes: equal means an exact copy."""
    return hashlib.sha256(matching_form(mask_dateline(text, dateline)).encode()).digest()
