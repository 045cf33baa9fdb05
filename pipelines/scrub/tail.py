"""The tail of a page: other stories under a heading such as "You May Also Like", and teasers that end in an ellipsis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pipelines.records import Block
from pipelines.scrub.rules import any_of, attribution_words, bare, fold, load
from pipelines.text import count_words

_MAX_HEADING_CHARS = 80
_MAX_OPENING_WORDS = 7
# An article that goes on after the heading has this many paragraphs to show.
_PARAGRAPHS_THAT_GO_ON = 3
_LONG_WORDS = 18
_MAX_TEASER_WORDS = 45
_MAX_HEADLINE_WORDS = 22
_ELLIPSIS = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\W{0,2}$")
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"”’'»)」]{0,2}$")


def tail_start(blocks: Sequence[Block]) -> int | None:
    """Return the index of the block at which the tail begins, None if the article runs to the end."""
    heading = _tail_heading(blocks)
    end = len(blocks) if heading is None else heading
    teasers = _trailing_teasers(blocks[:end])
    return teasers if teasers is not None else heading


def is_tail_heading(text: str) -> bool:
    """Say whether a block is the heading of a list of other stories, at the end or in the midst of the text."""
    return _is_final_heading(text) or bare(text) in _headings().inline


def is_teaser(text: str) -> bool:
    """Say whether a block may stand in a list of teasers: a truncated line, or a headline without a full stop."""
    words = count_words(text)
    if _ELLIPSIS.search(text):
        return words <= _MAX_TEASER_WORDS
    return words <= _MAX_HEADLINE_WORDS and not _SENTENCE_END.search(text)


def _tail_heading(blocks: Sequence[Block]) -> int | None:
    """The first tail heading behind which the article does not go on."""
    found = None
    words_after = prose_after = teasers_after = 0
    words_in_all = sum(count_words(block.text) for block in blocks)
    for index in range(len(blocks) - 1, 0, -1):
        text = blocks[index].text
        if len(text) > _MAX_HEADING_CHARS or not is_tail_heading(text):
            words_after += count_words(text)
            teasers_after += is_teaser(text)
            prose_after += count_words(text) >= _LONG_WORDS and not _ELLIPSIS.search(text)
            continue
        blocks_after = len(blocks) - 1 - index
        only_teasers = teasers_after >= blocks_after - (found is not None) and blocks_after > 0
        is_late = words_after <= words_in_all / 3 or index >= 2 * len(blocks) / 3
        goes_on = prose_after >= _PARAGRAPHS_THAT_GO_ON or (prose_after >= teasers_after and not _is_final_heading(text))
        if only_teasers or (is_late and not goes_on and blocks_after > 0):
            found = index
    return found


def _is_final_heading(text: str) -> bool:
    if len(text) > _MAX_HEADING_CHARS:
        return False
    words = bare(text)
    if words in _headings().final:
        return True
    # "More from The Daily" is one, "More from the report was released on Monday." is a sentence.
    return bool(_headings().opens.match(words)) and len(words.split()) <= _MAX_OPENING_WORDS and not _SENTENCE_END.search(text.rstrip(":"))


def _trailing_teasers(blocks: Sequence[Block]) -> int | None:
    """Where a run of at least two truncated lines begins that ends the text, the headlines above them included."""
    start, truncated = len(blocks), 0
    index = len(blocks) - 1
    while index > 0 and is_teaser(blocks[index].text):
        if _ELLIPSIS.search(blocks[index].text):
            truncated += 1
            start = index
            if index > 1 and _is_headline(blocks[index - 1]):
                start = index = index - 1
        elif truncated == 0 and not _is_headline(blocks[index]):
            break
        index -= 1
    if truncated < 2:
        return None
    if _is_missing_its_headline(blocks, start, truncated):
        start -= 1
    return start


def _is_missing_its_headline(blocks: Sequence[Block], start: int, truncated: int) -> bool:
    """Whether all truncated lines but the first have a headline above them, so that the block above the first is one, full stop or not."""
    if start < 2 or not _ELLIPSIS.search(blocks[start].text) or len(blocks) - start != 2 * truncated - 1:
        return False
    above = blocks[start - 1].text
    return count_words(above) <= _MAX_HEADLINE_WORDS and not attribution_words().search(fold(above))


def _is_headline(block: Block) -> bool:
    words = count_words(block.text)
    return (
        3 <= words <= _MAX_HEADLINE_WORDS
        and not _ELLIPSIS.search(block.text)
        and (block.kind == "heading" or not _SENTENCE_END.search(block.text))
    )


@dataclass(frozen=True, slots=True)
class _Headings:
    final: frozenset[str]
    inline: frozenset[str]
    opens: re.Pattern[str]


@cache
def _headings() -> _Headings:
    data = load("tail_headings.toml")
    return _Headings(
        final=frozenset(bare(heading) for heading in data["headings"]),
        inline=frozenset(bare(heading) for heading in data["inline"]),
        opens=re.compile(any_of(fold(words) for words in data["opens"]) + r"\s+\S"),
    )
