"""Labels for the blocks of labelled pages: which of them are the article, and how much each counts in training.

A page with its full text labels every block. A page with segments labels the blocks that hold one; of its others a teacher says what they
are, at a small weight.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.extract import parse_page
from pipelines.extract.decide import share_in, word_shingles
from pipelines.extract.features import FEATURES, candidates
from pipelines.extract.page_blocks import PageBlock, page_blocks
from pipelines.extract.page_facts import read_facts
from pipelines.extract.trafilatura_text import trafilatura_text
from pipelines.records import FetchedPage, Rejection

SEGMENT_WEIGHT = 0.4
TEACHER_WEIGHT = 0.1
# A long block weighs more than a label of one word, but not in proportion: labels decide whether a page is exact.
_MAX_WORDS_WEIGHED = 80
_NEIGHBOUR_WORDS = 3
_MIN_ANCHOR_WORDS = 8
_WORD = re.compile(r"\w+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\ufeff"))


@dataclass(frozen=True, kw_only=True)
class LabelledPage:
    """The candidate blocks of one page with their features, labels (1 is text) and weights (0: not used)."""

    id: str
    host: str
    kit: str
    rows: NDArray[np.float64] = field(repr=False)
    labels: NDArray[np.int64] = field(repr=False)
    weights: NDArray[np.float64] = field(repr=False)


def label_page(row: Mapping[str, Any], page: FetchedPage) -> LabelledPage:
    """Return the labelled blocks of a page. row: its entry in a kit's index, with ``text`` or the segments ``with`` and ``without``."""
    parsed = parse_page(page)
    blocks: list[PageBlock] = []
    rows = np.zeros((0, len(FEATURES)))
    labels: Sequence[int] = ()
    certainty: Sequence[float] = ()
    if not isinstance(parsed, Rejection):
        blocks, rows = candidates(page_blocks(parsed.tree), read_facts(parsed))
        if "text" in row:
            labels, certainty = label_by_text(blocks, row["text"]), [1.0] * len(blocks)
        else:
            labels, certainty = label_by_segments(blocks, row["with"], row["without"], lambda: trafilatura_text(parsed.tree))
    sizes = np.array([(min(block.words, _MAX_WORDS_WEIGHED) + 2) ** 0.5 for block in blocks])
    return LabelledPage(
        id=row["id"],
        host=row["host"] if "." in row["host"] else row["url"],
        kit=row["set"],
        rows=rows,
        labels=np.array(labels, dtype=np.int64),
        weights=np.array(certainty, dtype=np.float64) * sizes,
    )


def label_by_segments(
    blocks: Sequence[PageBlock], wanted: Sequence[str], unwanted: Sequence[str], teach: Callable[[], str]
) -> tuple[list[int], list[float]]:
    """Return (labels, weights): of a block with a segment what the segment says, of others whether most of it is in the teacher's text."""
    shares = share_in(blocks, teach())
    labels: list[int] = []
    weights: list[float] = []
    for block, share in zip(blocks, shares, strict=True):
        text = " ".join(block.text.split())
        is_wanted = any(" ".join(segment.split()) in text for segment in wanted)
        is_known = is_wanted or any(" ".join(segment.split()) in text for segment in unwanted)
        labels.append(int(is_wanted) if is_known else int(share > 0.5))
        weights.append(SEGMENT_WEIGHT if is_known else TEACHER_WEIGHT)
    return labels, weights


def label_by_text(blocks: Sequence[PageBlock], truth: str) -> list[int]:
    """Return 1 for each block of which at least half of the word-4 shingles are in the truth.

    Words alone do not do for a shorter block: "World" is one only where it stands in the truth beside its neighbour on the page. Of equal
    blocks as many are positive as the truth has copies, those nearest to other positives.
    """
    true_words = words_of(truth)
    true_shingles, line = word_shingles(true_words), f" {' '.join(true_words)} "
    words = [words_of(block.text) for block in blocks]
    labels = [int(len(own & true_shingles) * 2 >= len(own)) if (own := word_shingles(text)) else -1 for text in words]
    _keep_as_many_copies(blocks, words, labels, line)
    known = [index for index, label in enumerate(labels) if label == 1]
    for index, label in enumerate(labels):
        if label == -1:
            before = next((other for other in reversed(known) if other < index), None)
            after = next((other for other in known if other > index), None)
            follows = before is not None and f" {' '.join(words[before][-_NEIGHBOUR_WORDS:] + words[index])} " in line
            precedes = after is not None and f" {' '.join(words[index] + words[after][:_NEIGHBOUR_WORDS])} " in line
            labels[index] = int(bool(words[index]) and (follows or precedes))
    return labels


def _keep_as_many_copies(blocks: Sequence[PageBlock], words: Sequence[list[str]], labels: list[int], line: str) -> None:
    anchors = [
        block.position for block, label, text in zip(blocks, labels, words, strict=True) if label == 1 and len(text) >= _MIN_ANCHOR_WORDS
    ]
    middle = anchors[len(anchors) // 2] if anchors else 0
    copies: dict[str, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        if label == 1:
            copies[" ".join(words[index])].append(index)
    for text, indexes in copies.items():
        by_company = sorted(indexes, key=lambda index: _company(blocks[index].position, anchors, middle))
        for index in by_company[max(1, line.count(f" {text} ")) :]:
            labels[index] = 0


def _company(position: int, anchors: Sequence[int], middle: int) -> tuple[int, int]:
    """Sorts first what has most positives within four blocks, then what is nearest to their middle."""
    return -sum(0 < abs(anchor - position) <= 4 for anchor in anchors), abs(position - middle)


def words_of(text: str) -> list[str]:
    """Return the words of a text as the scorers of the kits count them: NFC, without invisible characters."""
    return _WORD.findall(unicodedata.normalize("NFC", text.translate(_INVISIBLE)))
