"""Text to shingle hashes, for many documents in one numpy call.

Tokens are those of the matching form (``pipelines.text.matching_form``), so that texts of one form, exact copies, have the same
shingles. A shingle is a run of 5 tokens; of 8 where most tokens are characters of a script written without spaces (Chinese,
Japanese, Thai, Lao, Khmer, Burmese). The script decides, not the declared language: equal texts must have equal shingles whatever
two outlets declare.

All hashes are polynomials modulo 2^64 followed by the finalizer of MurmurHash3 (Appleby, public domain): the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.records import Document
from pipelines.text import UNSPACED, mask_dateline, matching_form

WORDS_PER_SHINGLE = 5
CHARACTERS_PER_SHINGLE = 8

_SPACE = 0x20
_FIRST_UNSPACED = 0x0E00
# The arrays of one call stay in the processor's cache, and the tables of powers stay small.
_MAX_CHARACTERS = 1 << 17
_MAX_TEXTS = 32
_MAX_UNITS = 2 * _MAX_CHARACTERS + _MAX_TEXTS
_TOKEN_FACTOR = 0x9E3779B97F4A7C15
_SHINGLE_FACTOR = 0xD6E8FEB86659FD93


class ShingledText(NamedTuple):
    """A text as dedup sees it."""

    digest: int
    """Signed 64-bit hash of the matching form. Equal for others by chance: 3 in 10^8 for any two of a million texts."""
    words: int
    """Number of tokens."""
    shingles: NDArray[np.uint32]
    """Shingle hashes in the order of the text, repeats included; empty for a text shorter than one shingle."""


def shingle_documents(documents: Sequence[Document]) -> list[ShingledText]:
    """Return the shingled text of each document, dateline masked; a text without any token resembles nothing, not even another such text."""
    shingled = shingle_texts([mask_dateline(document.text, document.dateline) for document in documents])
    for index, document in enumerate(documents):
        if not shingled[index].words:
            shingled[index] = shingled[index]._replace(digest=hash64(document.article_id.encode("utf-8", "surrogatepass")))
    return shingled


def shingle_texts(texts: Sequence[str]) -> list[ShingledText]:
    """Return the shingled form of each text."""
    result: list[ShingledText] = []
    for forms in _batches(texts):
        tokens, unspaced, ends = _hash_long_form(forms[0]) if len(forms[0]) > _MAX_CHARACTERS else _hash_tokens(forms)
        five = _hash_runs(tokens, WORDS_PER_SHINGLE)
        begin = 0
        for form, end in zip(forms, ends.tolist(), strict=True):
            if unspaced is not None and 2 * np.count_nonzero(unspaced[begin:end]) > end - begin:
                shingles = _hash_runs(tokens[begin:end], CHARACTERS_PER_SHINGLE)
            else:
                shingles = five[begin : max(begin, end - WORDS_PER_SHINGLE + 1)]
            result.append(ShingledText(hash64(form.encode()), end - begin, shingles))
            begin = end
    return result


def hash64(data: bytes) -> int:
    """Return a signed 64-bit BLAKE2b hash, as SQLite stores integers."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)


def mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes after MurmurHash3's 64-bit finalizer, so that every bit depends on every bit."""
    hashes = hashes ^ (hashes >> np.uint64(33))
    hashes *= np.uint64(0xFF51AFD7ED558CCD)
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(0xC4CEB9FE1A85EC53)
    hashes ^= hashes >> np.uint64(33)
    return hashes


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Group the matching forms of texts for one call; one too long to share a call comes alone."""
    batch: list[str] = []
    characters = 0
    for form in map(matching_form, texts):
        if batch and (characters + len(form) > _MAX_CHARACTERS or len(batch) == _MAX_TEXTS):
            yield batch
            batch, characters = [], 0
        batch.append(form)
        characters += len(form)
    if batch:
        yield batch


def _hash_long_form(form: str) -> tuple[NDArray[np.uint64], NDArray[np.bool_], NDArray[np.int64]]:
    """Hash a form of any length piece by piece, cut at spaces: where it is cut depends on the text alone."""
    hashes, unspaced = [], []
    begin = 0
    while begin < len(form):
        end = begin + _MAX_CHARACTERS
        if end < len(form):
            space = form.rfind(" ", begin, end)
            end = space + 1 if space > begin else end
        tokens, flags, _ = _hash_tokens([form[begin:end]])
        hashes.append(tokens)
        unspaced.append(np.zeros(len(tokens), np.bool_) if flags is None else flags)
        begin = end
    tokens = np.concatenate(hashes)
    return tokens, np.concatenate(unspaced), np.array([len(tokens)], np.int64)


def _hash_tokens(forms: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.bool_] | None, NDArray[np.int64]]:
    """Return the hash of every token, which tokens are characters of unspaced scripts (None: no token), and each form's end among them.

    A token's hash is the polynomial of its UTF-16 units, read off one running sum over all forms: the difference of two sums,
    divided by the power at which the token starts.
    """
    powers, inverse_powers = _powers()
    encoded = [f"{form} ".encode("utf-16-le") for form in forms]
    codes = np.frombuffer(b"".join(encoded), np.dtype("<u2"))
    is_word = codes != _SPACE
    changes = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    if is_word[0]:
        changes = np.concatenate(([0], changes))
    starts, stops = changes[0::2], changes[1::2]
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes.astype(np.uint64) * powers[: len(codes)], out=sums[1:])
    hashes = mix((sums[stops] - sums[starts]) * inverse_powers[starts])
    unspaced = _unspaced_table()[codes[starts]] if codes.max() >= _FIRST_UNSPACED else None
    ends = np.cumsum([len(data) // 2 for data in encoded])
    return hashes, unspaced, np.searchsorted(starts, ends).astype(np.int64)


def _hash_runs(tokens: NDArray[np.uint64], width: int) -> NDArray[np.uint32]:
    """Return the 32-bit hash of every run of width tokens."""
    count = len(tokens) - width + 1
    if count <= 0:
        return np.zeros(0, np.uint32)
    total = tokens[width - 1 :].copy()
    for place in range(width - 1):
        total += tokens[place : place + count] * np.uint64(pow(_SHINGLE_FACTOR, width - 1 - place, 1 << 64))
    return (mix(total) >> np.uint64(32)).astype(np.uint32)


@lru_cache(maxsize=1)
def _unspaced_table() -> NDArray[np.bool_]:
    return np.array([UNSPACED.match(chr(code)) is not None for code in range(1 << 16)], np.bool_)


@lru_cache(maxsize=1)
def _powers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The powers of the token factor modulo 2^64, and their inverses."""
    return _power_table(_TOKEN_FACTOR), _power_table(pow(_TOKEN_FACTOR, -1, 1 << 64))


def _power_table(factor: int) -> NDArray[np.uint64]:
    table = np.empty(_MAX_UNITS, np.uint64)
    table[0] = 1
    filled = 1
    while filled < _MAX_UNITS:
        more = min(filled, _MAX_UNITS - filled)
        table[filled : filled + more] = table[:more] * np.uint64(pow(factor, filled, 1 << 64))
        filled += more
    return table
