"""Text to shingle hashes, for many documents in one numpy call.

Tokens are those of the matching form, so that texts of one form, exact copies, have the same shingles. A shingle is a run of 5 tokens;
of 8 where most tokens are characters of a script written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese). The script
decides, not the declared language: equal texts must have equal shingles whatever two outlets declare.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.tokens import hash64, hash_tokens, mix
from pipelines.records import Document
from pipelines.text import mask_dateline

WORDS_PER_SHINGLE = 5
CHARACTERS_PER_SHINGLE = 8
_SHINGLE_FACTOR = 0xD6E8FEB86659FD93


class ShingledText(NamedTuple):
    """A text as dedup sees it."""

    digest: int
    """Signed 64-bit hash of the matching form's tokens. Equal for others by chance: 3 in 10^8 for any two of a million texts."""
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
    for hashes, unspaced, ends in hash_tokens(texts):
        five = _hash_runs(hashes, WORDS_PER_SHINGLE)
        begin = 0
        for end in ends.tolist():
            tokens = hashes[begin:end]
            if unspaced is not None and 2 * np.count_nonzero(unspaced[begin:end]) > end - begin:
                shingles = _hash_runs(tokens, CHARACTERS_PER_SHINGLE)
            else:
                shingles = five[begin : max(begin, end - WORDS_PER_SHINGLE + 1)]
            result.append(ShingledText(_digest(tokens), end - begin, shingles))
            begin = end
    return result


def _hash_runs(tokens: NDArray[np.uint64], width: int) -> NDArray[np.uint32]:
    """Return the 32-bit hash of every run of width tokens."""
    count = len(tokens) - width + 1
    if count <= 0:
        return np.zeros(0, np.uint32)
    total = tokens[:count].copy()
    for place in range(1, width):
        total *= np.uint64(_SHINGLE_FACTOR)
        total += tokens[place : place + count]
    return (mix(total) >> np.uint64(32)).astype(np.uint32)


def _digest(tokens: NDArray[np.uint64]) -> int:
    """Return the signed 64-bit hash of a text's tokens: the sum of each times the odd number of its place."""
    factors = _odd_numbers(1 << 12) if len(tokens) <= 1 << 12 else _odd_numbers.__wrapped__(len(tokens))
    return int(np.dot(tokens.view(np.int64), factors[: len(tokens)]))


@lru_cache(maxsize=1)
def _odd_numbers(count: int) -> NDArray[np.int64]:
    return (mix(np.arange(1, count + 1, dtype=np.uint64)) | np.uint64(1)).view(np.int64)
