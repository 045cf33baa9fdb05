"""Texts to token hashes, for many texts in one numpy call.

Tokens are those of the matching form (``pipelines.text.matching_form``). Nearly all characters count for themselves there, whatever
stands beside them: a table over UTF-16 gives their form at once. Texts with others (marks, scripts without spaces, letters beyond the
first plane) go through the matching form itself.

All hashes are polynomials modulo 2^64 followed by the finalizer of MurmurHash3 (Appleby, public domain): the same on every machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
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
            yield _hash_words(*_joined(batch))
            batch, characters = [], 0
        if is_long:
            yield _hash_long_form(matching_form(text))
            continue
        batch.append(text)
        characters += len(text)
    if batch:
        yield _hash_words(*_joined(batch))


def mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes after MurmurHash3's 64-bit finalizer, so that every bit depends on every bit."""
    hashes = hashes ^ (hashes >> np.uint64(33))
    hashes *= np.uint64(0xFF51AFD7ED558CCD)
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(0xC4CEB9FE1A85EC53)
    hashes ^= hashes >> np.uint64(33)
    return hashes


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
    powers, inverse_powers = _powers()
    is_space = codes == _SPACE
    # By turns the last place before a token and the last one of it.
    changes = np.flatnonzero(is_space[1:] ^ is_space[:-1])
    sums = np.multiply(codes, powers[: len(codes)], dtype=np.uint64)
    np.cumsum(sums, out=sums)
    sums = sums.take(changes)
    before = changes[0::2]
    hashes = mix((sums[1::2] - sums[0::2]) * inverse_powers.take(before))
    unspaced = _unspaced_table()[codes[before + 1]] if codes.max() >= _FIRST_UNSPACED else None
    return Tokens(hashes, unspaced, np.searchsorted(before, ends - 1))


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


def _needs_neighbors(character: str) -> bool:
    """Say whether a form depends on what stands beside it: marks, the parts of Korean syllables, scripts without spaces."""
    return unicodedata.category(character)[0] == "M" or "\u1100" <= character < "\u1200" or UNSPACED.match(character) is not None


@lru_cache(maxsize=1)
def _unspaced_table() -> NDArray[np.bool_]:
    return np.array([UNSPACED.match(chr(code)) is not None for code in range(1 << 16)], np.bool_)


@lru_cache(maxsize=1)
def _powers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The powers of the token factor modulo 2^64, and the inverse of each one's successor."""
    inverse = pow(_TOKEN_FACTOR, -1, 1 << 64)
    return _power_table(_TOKEN_FACTOR), _power_table(inverse) * np.uint64(inverse)


def _power_table(factor: int) -> NDArray[np.uint64]:
    table = np.empty(_MAX_UNITS, np.uint64)
    table[0] = 1
    filled = 1
    while filled < _MAX_UNITS:
        more = min(filled, _MAX_UNITS - filled)
        table[filled : filled + more] = table[:more] * np.uint64(pow(factor, filled, 1 << 64))
        filled += more
    return table
