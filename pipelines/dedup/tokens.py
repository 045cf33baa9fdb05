"""Texts to token hashes, for many texts in one numpy call.

Tokens are those of the matching form (``pipelines.text.matching_form``). Nearly all characters count for themselves there, whatever
stands beside them: a table over UTF-16 gives their form at once. Texts with others (marks, scripts without spaces, letters beyond the
first plane) go through the matching form itself.

A token is hashed as bytes: one for a letter of the alphabet below, which holds those of nearly all texts in Latin, Greek and Cyrillic script, four
for any other unit; eight bytes make a 64-bit word, and the words are multiplied modulo 2^64. So tokens of up to eight letters have different
hashes, and all have the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.text import UNSPACED, matching_form, needs_neighbors

_SPACE = 0x20
_DROPPED = 0
_DEPENDS = 1
"""Its form is not one character, or depends on its neighbors."""
_TABLE_END = 0x2C00
"""Latin to the signs of the first plane; what comes after is mostly written without spaces."""
_FIRST_UNSPACED = 0x0E00
# The arrays of one call stay in the processor's cache.
_MAX_CHARACTERS = 1 << 17
_MAX_TEXTS = 16
_CHAINED_BYTES = 64
"""A token of more is no word: BLAKE2b hashes it."""
_WORD_FACTOR = np.uint64(0x9E3779B97F4A7C15)

_ALPHABET = "".join(map(chr, (*range(0x21, 0x180), *range(0x218, 0x21C), 0x259, *range(0x370, 0x460)))) + "ґғқңүұһәө"
"""Holds the letters of nearly all texts in Latin, Greek and Cyrillic script (Ukrainian and Kazakh too); at most 252 of them are forms."""
_DROPPED_BYTE, _DEPENDS_BYTE, _OTHER_BYTE, _SPACE_BYTE = b"\0", b"\1", b"\2", b"\3"
_FIRST_DIGIT = _SPACE_BYTE[0] + 1
_DIGIT_SHIFTS = np.array([12, 6, 0], np.uint16)
"""After _OTHER_BYTE stand the unit's 16 bits as three digits."""

Codes = NDArray[np.uint16]


class Tokens(NamedTuple):
    """The tokens of some texts, one after another."""

    hashes: NDArray[np.uint64]
    unspaced: NDArray[np.bool_] | None
    """Which are characters of scripts without spaces; None: none."""
    ends: NDArray[np.int64]
    """Of each text, the place after its last token."""


def hash_tokens(texts: Sequence[str]) -> Iterator[Tokens]:
    """Yield the token hashes of the texts, some texts at a time, in order."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        is_long = len(text) > _MAX_CHARACTERS
        if batch and (is_long or characters + len(text) > _MAX_CHARACTERS or len(batch) == _MAX_TEXTS):
            yield from _hash_batch(batch)
            batch, characters = [], 0
        if is_long:
            yield _hash_long_form(matching_form(text))
            continue
        batch.append(text)
        characters += len(text)
    if batch:
        yield from _hash_batch(batch)


def mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes after MurmurHash3's 64-bit finalizer, so that every bit depends on every bit."""
    hashes = hashes ^ (hashes >> np.uint64(33))
    hashes *= np.uint64(0xFF51AFD7ED558CCD)
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(0xC4CEB9FE1A85EC53)
    hashes ^= hashes >> np.uint64(33)
    return hashes


def hash64(data: bytes) -> int:
    """Return a signed 64-bit BLAKE2b hash, as SQLite stores integers."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)


def _hash_batch(texts: Sequence[str]) -> Iterator[Tokens]:
    """Hash some texts by letters of the alphabet, and those that have others in another way."""
    letters, ends = _letters(texts)
    if _DEPENDS_BYTE in letters:
        texts, letters, ends = _with_forms(texts, letters, ends)
    if _OTHER_BYTE not in letters:
        yield _hash_letters(letters, ends)
        return
    begins = [0, *ends]
    first = 0
    for has_others, stretch in groupby(_have(_OTHER_BYTE, letters, ends)):
        last = first + len(list(stretch))
        if has_others:
            yield _hash_units(*_joined(texts[first:last]))
        else:
            yield _hash_letters(letters[begins[first] : begins[last]], [end - begins[first] for end in ends[first:last]])
        first = last


def _with_forms(texts: Sequence[str], letters: bytes, ends: list[int]) -> tuple[list[str], bytes, list[int]]:
    """Return the same without units whose form depends on others; texts that are not all of letters of the alphabet become their forms."""
    texts = list(texts)
    pieces = [letters[begin:end] for begin, end in pairwise([0, *ends])]
    for index, depends in enumerate(_have(_DEPENDS_BYTE, letters, ends)):
        if not depends:
            continue
        if (replaced := _with_letters_of_forms(texts[index], pieces[index])) is None:
            texts[index] = matching_form(texts[index])
            replaced = _letters(texts[index : index + 1])[0].replace(_DEPENDS_BYTE, _OTHER_BYTE)
        pieces[index] = replaced
    return texts, b"".join(pieces), list(accumulate(map(len, pieces)))


def _with_letters_of_forms(text: str, letters: bytes) -> bytes | None:
    """Return a text's letters with those of the matching form in each run that holds a unit whose form depends on others; None if there are others in it.

    Mostly these are emoji, fractions and ligatures, and only letters of the alphabet are left. No form depends on what stands beyond a space.
    """
    if _OTHER_BYTE in letters:
        return None
    units = f" {text} ".encode("utf-16-le", "surrogatepass")
    pieces, done = [], 0
    while (place := letters.find(_DEPENDS_BYTE, done)) >= 0:
        begin, end = letters.rfind(_SPACE_BYTE, 0, place) + 1, letters.find(_SPACE_BYTE, place)
        of_form, _ = _letters([matching_form(units[2 * begin : 2 * end].decode("utf-16-le", "surrogatepass"))])
        if _DEPENDS_BYTE in of_form or _OTHER_BYTE in of_form:
            return None
        pieces += [letters[done:begin], of_form]
        done = end
    return b"".join((*pieces, letters[done:]))


def _have(number: bytes, letters: bytes, ends: list[int]) -> list[bool]:
    """Say which texts have a letter of this number."""
    return [letters.find(number, begin, end) >= 0 for begin, end in pairwise([0, *ends])]


def _letters(texts: Sequence[str]) -> tuple[bytes, list[int]]:
    """Return the number of each UTF-16 unit's form in the alphabet, a space before and after each text, and where each ends."""
    joined = f" {'  '.join(texts)} "
    codes = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), np.dtype("<u2"))
    lengths = map(len, texts) if len(codes) == len(joined) else (len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in texts)
    # Half the time of a plain index; no code is beyond the table.
    return _letter_table().take(codes, mode="clip").tobytes(), list(accumulate(length + 2 for length in lengths))


def _hash_letters(letters: bytes, ends: list[int]) -> Tokens:
    """Hash the runs of anything but spaces among letters of the alphabet; ends: of each text, the place after the space that follows it."""
    dropped = accumulate(letters.count(_DROPPED_BYTE, begin, end) for begin, end in pairwise([0, *ends]))
    ends = [end - gone for end, gone in zip(ends, dropped, strict=True)]
    letters = letters.replace(_DROPPED_BYTE, b"")
    before, last = _bounds(np.frombuffer(letters, np.uint8), _SPACE_BYTE[0])
    return Tokens(_hash_runs(letters, before + 1, last - before), None, np.searchsorted(before, np.array(ends) - 1))


def _hash_runs(letters: bytes, first: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the hash of each run of bytes, none of them 0."""
    # Eight bytes from any place on, for the last places too.
    padded = letters + bytes(8)
    words = np.ndarray((len(letters) + 1,), np.dtype("<u8"), padded, strides=(1,))
    hashes = words[first]
    hashes &= _masks().take(lengths, mode="clip")
    _spread(hashes)
    longer = np.flatnonzero(lengths > 8)
    for offset in range(8, _CHAINED_BYTES, 8):
        if not len(longer):
            break
        rest = words[first[longer] + offset]
        rest &= _masks().take(lengths[longer] - offset, mode="clip")
        rest ^= hashes[longer]
        _spread(rest)
        hashes[longer] = rest
        longer = longer[lengths[longer] > offset + 8]
    for place in longer.tolist():
        hashes[place] = np.int64(hash64(letters[first[place] : first[place] + lengths[place]])).view(np.uint64)
    return hashes


def _spread(words: NDArray[np.uint64]) -> None:
    """Let the upper bits of each word depend on all of it. No two become equal, and shingles are mixed thoroughly."""
    words ^= words >> np.uint64(32)
    words *= _WORD_FACTOR


def _joined(texts: Sequence[str]) -> tuple[Codes, NDArray[np.int64]]:
    """Return the UTF-16 units of the texts' matching forms, a space before and after each, and where each ends; there may be more spaces.

    Texts with units whose form depends on others are forms already.
    """
    encoded = [f" {text} ".encode("utf-16-le", "surrogatepass") for text in texts]
    ends = np.cumsum([len(data) // 2 for data in encoded])
    codes = np.frombuffer(b"".join(encoded), np.dtype("<u2"))
    forms = _form_table()[codes]
    forms = np.where(forms == _DEPENDS, codes, forms)
    dropped = np.flatnonzero(forms == _DROPPED)
    return np.delete(forms, dropped), ends - np.searchsorted(dropped, ends)


def _hash_long_form(form: str) -> Tokens:
    """Hash a form of any length piece by piece, cut at spaces: where it is cut depends on the text alone."""
    hashes, unspaced = [np.zeros(0, np.uint64)], [np.zeros(0, np.bool_)]
    begin = 0
    while begin < len(form):
        end = begin + _MAX_CHARACTERS
        if end < len(form):
            space = form.rfind(" ", begin, end)
            end = space + 1 if space > begin else end
        codes = np.frombuffer(f" {form[begin:end]} ".encode("utf-16-le"), np.dtype("<u2"))
        tokens = _hash_units(codes, np.array([len(codes)]))
        hashes.append(tokens.hashes)
        unspaced.append(np.zeros(len(tokens.hashes), np.bool_) if tokens.unspaced is None else tokens.unspaced)
        begin = end
    count = sum(map(len, hashes))
    return Tokens(np.concatenate(hashes), np.concatenate(unspaced), np.array([count]))


def _hash_units(codes: Codes, ends: NDArray[np.int64]) -> Tokens:
    """Hash the runs of anything but spaces among UTF-16 units of matching forms; codes begin and end with a space."""
    before, last = _bounds(codes, _SPACE)
    numbers = _form_numbers().take(codes)
    is_other = numbers == _OTHER_BYTE[0]
    widths = np.where(is_other, 1 + len(_DIGIT_SHIFTS), 1)
    places = np.cumsum(widths) - widths
    letters = np.empty(int(widths.sum()), np.uint8)
    letters[places] = numbers
    digits = (codes[is_other, None] >> _DIGIT_SHIFTS & 63) + _FIRST_DIGIT
    letters[(places[is_other, None] + range(1, 1 + len(_DIGIT_SHIFTS))).ravel()] = digits.ravel()
    first = places[before] + 1
    hashes = _hash_runs(letters.tobytes(), first, places[last] + widths[last] - first)
    unspaced = _unspaced_table()[codes[before + 1]] if codes.max() >= _FIRST_UNSPACED else None
    return Tokens(hashes, unspaced, np.searchsorted(before, ends - 1))


def _bounds(codes: Codes | NDArray[np.uint8], space: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return of each run of anything but spaces the place before it and its last one."""
    is_space = codes == space
    changes = np.flatnonzero(is_space[1:] ^ is_space[:-1])
    return changes[0::2], changes[1::2]


@lru_cache(maxsize=1)
def _form_table() -> Codes:
    """The matching form of each UTF-16 unit: a letter, a space, _DROPPED or _DEPENDS; found by asking for it between two letters."""
    table = np.full(1 << 16, _DEPENDS, np.uint16)
    alone = [code for code in range(_TABLE_END) if not needs_neighbors(chr(code))]
    # All in one text, parted by a word that no form holds: asked one by one they take a quarter of a second.
    forms = matching_form(" aqa ".join(f"a{chr(code)}a" for code in alone)).split(" aqa ")
    for code, form in zip(alone, forms, strict=True):
        if form in ("aa", "a a"):
            table[code] = _DROPPED if form == "aa" else _SPACE
        elif len(form) == 3 and form[0] == form[2] == "a":
            table[code] = ord(form[1])
    return table


@lru_cache(maxsize=1)
def _form_numbers() -> NDArray[np.uint8]:
    """The number of each UTF-16 unit of a form: _SPACE_BYTE, a letter's, or _OTHER_BYTE."""
    forms = np.unique(_form_table())
    letters = [form for form in forms.tolist() if form > _SPACE and chr(form) in _ALPHABET]
    numbers = np.full(1 << 16, _OTHER_BYTE[0], np.uint8)
    numbers[_SPACE] = _SPACE_BYTE[0]
    numbers[letters] = np.arange(_FIRST_DIGIT, _FIRST_DIGIT + len(letters))
    return numbers


@lru_cache(maxsize=1)
def _letter_table() -> NDArray[np.uint8]:
    """The number of each UTF-16 unit's form: as in a form, _DROPPED_BYTE or _DEPENDS_BYTE."""
    forms = _form_table()
    numbers = _form_numbers()[forms]
    numbers[forms == _DROPPED] = _DROPPED_BYTE[0]
    numbers[forms == _DEPENDS] = _DEPENDS_BYTE[0]
    return numbers


@lru_cache(maxsize=1)
def _masks() -> NDArray[np.uint64]:
    """The bytes of a word that belong to a run with so many left."""
    return np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)


@lru_cache(maxsize=1)
def _unspaced_table() -> NDArray[np.bool_]:
    return np.array([UNSPACED.match(chr(code)) is not None for code in range(1 << 16)], np.bool_)
