"""Texts to token hashes, for many texts in one numpy call.

Tokens are those of the matching form (``pipelines.text.matching_form``). Nearly all characters count for themselves there, whatever
stands beside them: a table over UTF-16 gives their form at once. Texts with others (marks, scripts without spaces, letters beyond the
first plane) go through the matching form itself. Texts in Latin, Greek and Cyrillic script, nearly all, need one byte a character.

All hashes are polynomials modulo 2^64 followed by the finalizer of MurmurHash3 (Appleby, public domain): the same on every machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.text import UNSPACED, matching_form

_SPACE = 0x20
_DROPPED = 0
_DEPENDS = 1
"""Its form is not one character, or depends on its neighbors."""
_TABLE_END = 0x2C00
"""Latin to the signs of the first plane; what comes after is mostly written without spaces."""
_FIRST_UNSPACED = 0x0E00
# The arrays of one call stay in the processor's cache, and the tables of powers stay small.
_MAX_CHARACTERS = 1 << 17
_MAX_TEXTS = 16
_MAX_UNITS = 2 * (_MAX_CHARACTERS + _MAX_TEXTS)
_TOKEN_FACTOR = 0x9E3779B97F4A7C15

_ALPHABET = "".join(map(chr, (*range(0x21, 0x180), *range(0x218, 0x21C), 0x259, *range(0x370, 0x460))))
"""Holds the letters of nearly all texts in Latin, Greek and Cyrillic script; fewer than 254 of them are forms."""
_DROPPED_BYTE, _OTHER_BYTE, _SPACE_BYTE = b"\0", b"\1", b"\2"

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


def _hash_batch(texts: Sequence[str]) -> Iterator[Tokens]:
    """Hash some texts by letters of the alphabet, and those that have others in another way."""
    letters, ends = _letters(texts)
    if _OTHER_BYTE not in letters:
        yield _hash_letters(letters, ends)
        return
    begins = [0, *ends]
    has_others = [letters.find(_OTHER_BYTE, begin, end) >= 0 for begin, end in pairwise(begins)]
    first = 0
    for others, stretch in groupby(has_others):
        last = first + len(list(stretch))
        if others:
            yield _hash_words(*_joined(texts[first:last]))
        else:
            yield _hash_letters(letters[begins[first] : begins[last]], [end - begins[first] for end in ends[first:last]])
        first = last


def _letters(texts: Sequence[str]) -> tuple[bytes, list[int]]:
    """Return the number of each UTF-16 unit's form in the alphabet, a space before and after each text, and where each ends."""
    joined = f" {'  '.join(texts)} "
    codes = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), np.dtype("<u2"))
    lengths = map(len, texts) if len(codes) == len(joined) else (len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in texts)
    # Half the time of a plain index; no code is beyond the table.
    return _letter_table().take(codes, mode="clip").tobytes(), list(accumulate(length + 2 for length in lengths))


def _hash_letters(letters: bytes, ends: list[int]) -> Tokens:
    """Hash the runs of anything but spaces among letters of the alphabet; the same hashes as ``_hash_words``, by sums of pairs of letters."""
    dropped = accumulate(letters.count(_DROPPED_BYTE, begin, end) for begin, end in pairwise([0, *ends]))
    ends = [end - gone for end, gone in zip(ends, dropped, strict=True)]
    letters = letters.replace(_DROPPED_BYTE, b"")
    if len(letters) % 2:
        letters += _SPACE_BYTE
    _, even_powers, inverse_powers = _powers()
    before, last = _bounds(np.frombuffer(letters, np.uint8), _SPACE_BYTE[0])
    pairs = np.frombuffer(letters, np.dtype("<u2"))
    sums = np.zeros(len(pairs) + 1, np.uint64)
    terms = _pair_table().take(pairs, mode="clip")
    terms *= even_powers[: len(pairs)]
    np.cumsum(terms, out=sums[1:])
    # A space counts nothing, so a sum up to it or to the last letter before it may end with either's pair.
    hashes = sums.take((last >> 1) + 1) - sums.take((before + 1) >> 1)
    hashes *= inverse_powers.take(before)
    return Tokens(mix(hashes), None, np.searchsorted(before, np.array(ends) - 1))


def _joined(texts: Sequence[str]) -> tuple[Codes, NDArray[np.int64]]:
    """Return the UTF-16 units of the texts' matching forms, a space before and after each, and where each ends; there may be more spaces."""
    encoded = [f" {text} ".encode("utf-16-le", "surrogatepass") for text in texts]
    ends = np.cumsum([len(data) // 2 for data in encoded])
    codes = np.frombuffer(b"".join(encoded), np.dtype("<u2"))
    # Half the time of a plain index; no code is beyond the table.
    forms = _form_table().take(codes, mode="clip")
    special = np.flatnonzero(forms <= _DEPENDS)
    is_dropped = forms[special] == _DROPPED
    if not is_dropped.all():
        pieces = np.split(forms, ends[:-1])
        for index in np.unique(np.searchsorted(ends, special[~is_dropped], "right")).tolist():
            pieces[index] = np.frombuffer(f" {matching_form(texts[index])} ".encode("utf-16-le"), np.dtype("<u2"))
        ends = np.cumsum([len(piece) for piece in pieces])
        forms = np.concatenate(pieces)
        special = np.flatnonzero(forms == _DROPPED)
    if len(special):
        ends = ends - np.searchsorted(special, ends)
        forms = forms[forms != _DROPPED]
    return forms, ends


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
        tokens = _hash_words(codes, np.array([len(codes)]))
        hashes.append(tokens.hashes)
        unspaced.append(np.zeros(len(tokens.hashes), np.bool_) if tokens.unspaced is None else tokens.unspaced)
        begin = end
    count = sum(map(len, hashes))
    return Tokens(np.concatenate(hashes), np.concatenate(unspaced), np.array([count]))


def _hash_words(codes: Codes, ends: NDArray[np.int64]) -> Tokens:
    """Hash the runs of anything but spaces; codes begin and end with a space.

    A token's hash is the polynomial of its UTF-16 units, read off one running sum over all texts: the difference of two sums,
    divided by the power at which the token starts.
    """
    powers, _, inverse_powers = _powers()
    before, last = _bounds(codes, _SPACE)
    sums = np.multiply(codes, powers[: len(codes)], dtype=np.uint64)
    np.cumsum(sums, out=sums)
    hashes = mix((sums.take(last) - sums.take(before)) * inverse_powers.take(before))
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
    alone = [code for code in range(_TABLE_END) if not _needs_neighbors(chr(code))]
    # All in one text, parted by a word that no form holds: asked one by one they take a quarter of a second.
    forms = matching_form(" aqa ".join(f"a{chr(code)}a" for code in alone)).split(" aqa ")
    for code, form in zip(alone, forms, strict=True):
        if form in ("aa", "a a"):
            table[code] = _DROPPED if form == "aa" else _SPACE
        elif len(form) == 3 and form[0] == form[2] == "a":
            table[code] = ord(form[1])
    return table


@lru_cache(maxsize=1)
def _letter_values() -> NDArray[np.uint64]:
    """The form of each number of a letter; those of a space and of what has no form count nothing."""
    forms = np.unique(_form_table())
    letters = [form for form in forms.tolist() if form > _SPACE and chr(form) in _ALPHABET]
    return np.array([0] * (_SPACE_BYTE[0] + 1) + letters, np.uint64)


@lru_cache(maxsize=1)
def _letter_table() -> NDArray[np.uint8]:
    """The number of each UTF-16 unit's form: _DROPPED_BYTE, _SPACE_BYTE, a letter's, or _OTHER_BYTE."""
    number_of = np.full(1 << 16, _OTHER_BYTE[0], np.uint8)
    values = _letter_values()
    number_of[values] = np.arange(len(values))
    number_of[[_DROPPED, _SPACE]] = _DROPPED_BYTE[0], _SPACE_BYTE[0]
    return number_of[_form_table()]


@lru_cache(maxsize=1)
def _pair_table() -> NDArray[np.uint64]:
    """What two letters add to the hash of a token, by their numbers, the first one's lower."""
    values = np.zeros(1 << 8, np.uint64)
    values[: len(_letter_values())] = _letter_values()
    return (values[:, None] * np.uint64(_TOKEN_FACTOR) + values[None, :]).ravel()


def _needs_neighbors(character: str) -> bool:
    """Say whether a form depends on what stands beside it: marks, the parts of Korean syllables, scripts without spaces."""
    return unicodedata.category(character)[0] == "M" or "\u1100" <= character < "\u1200" or UNSPACED.match(character) is not None


@lru_cache(maxsize=1)
def _unspaced_table() -> NDArray[np.bool_]:
    return np.array([UNSPACED.match(chr(code)) is not None for code in range(1 << 16)], np.bool_)


@lru_cache(maxsize=1)
def _powers() -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    """The powers of the token factor modulo 2^64, the even ones of them, and the inverse of each one's successor."""
    inverse = pow(_TOKEN_FACTOR, -1, 1 << 64)
    powers = _power_table(_TOKEN_FACTOR)
    return powers, powers[::2].copy(), _power_table(inverse) * np.uint64(inverse)


def _power_table(factor: int) -> NDArray[np.uint64]:
    table = np.empty(_MAX_UNITS, np.uint64)
    table[0] = 1
    filled = 1
    while filled < _MAX_UNITS:
        more = min(filled, _MAX_UNITS - filled)
        table[filled : filled + more] = table[:more] * np.uint64(pow(factor, filled, 1 << 64))
        filled += more
    return table
