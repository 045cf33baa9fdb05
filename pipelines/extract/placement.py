"""Kept texts found again on the page: their true positions, and those that stand in page furniture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from pipelines.extract.page_blocks import PageBlock, text_key
from pipelines.records import Block, Removed
from pipelines.text import count_words

# Never cut a block of so many words on a class name alone: "hasCaption", "byline-wrapper" and the like wrap real body on many sites.
MAX_WORDS_CUT = 40
# A class that holds more of the kept text than this names something else on this page.
MAX_SHARE_OF_TEXT = 0.3
_FIRST_PARAGRAPH_WORDS = 25
_BLOCKS_OF_A_LIST = 15
_LINK_LIST_SHARE = 0.8
# A block that is one link as a whole leads to another story; a link inside a sentence leaves words outside it.
_TEASER_LINK_SHARE = 0.95
_MIN_TEASER_WORDS = 4
# Before the text begins any byline is furniture; after it, short lines may be the agency's name, which attribution reads.
_MIN_WORDS_OF_BIO = 8
# Regions in which a heading is part of the story all the same: the class names the neighbourhood.
_NOT_FOR_HEADINGS = frozenset(("byline", "caption", "tags", "timestamp", "credit"))
_MAX_WORDS_SPLIT = 120
_MAX_SPLIT_STARTS = 4
_MAX_SPLIT_REACH = 2_000
_SENTENCE_END = re.compile(r"[.!。！][\"”’'»)」]{0,2}$")


def place(blocks: Sequence[Block], page: Sequence[PageBlock]) -> list[tuple[Block, PageBlock | None]]:
    """Return each kept block at its position on the page, with the page's block; None beside it where the page has no such text.

    Equal texts are taken in order. A block that is not found stands between its neighbours: positions never decrease.
    """
    where: dict[str, list[PageBlock]] = {}
    for candidate in reversed(page):
        where.setdefault(candidate.key, []).append(candidate)
    placed: list[tuple[Block, PageBlock | None]] = []
    position = 0
    for block in blocks:
        found = _next_after(where.get(text_key(block.text), []), position)
        position = max(position, found.position) if found else position
        placed.append((replace(block, position=position), found))
    return placed


def split_run_together(blocks: Sequence[Block], page: Sequence[PageBlock]) -> list[Block]:
    """Return the blocks with those parted that are several short blocks of the page in a row: what extraction gives where there is no article.

    Each part is then judged by itself: a share bar glued to a date and a prompt is long, but no paragraph. Text that has a paragraph
    anywhere or is long is left as it is: there, inline markup is what the page's blocks are parted at.
    """
    known = {candidate.key: candidate.words for candidate in page}
    has_paragraph = any(known.get(text_key(block.text), 0) >= _FIRST_PARAGRAPH_WORDS for block in blocks)
    if has_paragraph or sum(count_words(block.text) for block in blocks) > _MAX_WORDS_SPLIT:
        return list(blocks)
    parted: list[Block] = []
    for block in blocks:
        key = text_key(block.text)
        parts = _parts_of(key, page) if key not in known else []
        parted.extend([Block(text=part.text, kind=block.kind) for part in parts] or [block])
    return [replace(block, position=position) for position, block in enumerate(parted)]


def _parts_of(key: str, page: Sequence[PageBlock]) -> list[PageBlock]:
    """The page's blocks that make up a text, in page order, some of the page's perhaps left out; [] if they do not make all of it."""
    starts = (index for index, candidate in enumerate(page) if candidate.key and key.startswith(candidate.key))
    for start in islice(starts, _MAX_SPLIT_STARTS):
        parts: list[PageBlock] = []
        done = 0
        for candidate in page[start : start + _MAX_SPLIT_REACH]:
            if key.startswith(candidate.key, done):
                parts.append(candidate)
                done += len(candidate.key)
                if done == len(key):
                    has_paragraph = any(part.words >= _FIRST_PARAGRAPH_WORDS for part in parts)
                    return parts if len(parts) > 1 and not has_paragraph and _words_of(parts) >= _FIRST_PARAGRAPH_WORDS else []
    return []


def _words_of(blocks: Iterable[PageBlock]) -> int:
    return sum(block.words for block in blocks)


def cut_furniture(placed: Sequence[tuple[Block, PageBlock | None]]) -> tuple[list[Block], list[Removed]]:
    """Return (blocks, removed): without the short blocks that the page itself marks as captions, related links, prompts and the like."""
    words = Counter[str]()
    long_blocks = Counter[str]()
    total = 0
    first_prose = next((index for index, (block, _) in enumerate(placed) if count_words(block.text) >= _FIRST_PARAGRAPH_WORDS), len(placed))
    for block, found in placed:
        count = count_words(block.text)
        total += count
        if region := _region(found):
            words[region] += count
            long_blocks[region] += count >= MAX_WORDS_CUT
    trusted = {region for region in words if words[region] <= MAX_SHARE_OF_TEXT * total and long_blocks[region] < 2}
    kept: list[Block] = []
    removed: list[Removed] = []
    for index, (block, found) in enumerate(placed):
        region = _region(found)
        count = count_words(block.text)
        is_story = region is None or region not in trusted or count >= MAX_WORDS_CUT
        if region == "byline" and index > first_prose and count < _MIN_WORDS_OF_BIO:
            is_story = True
        if block.kind == "heading" and region in _NOT_FOR_HEADINGS and index > first_prose:
            is_story = True
        if is_story or region is None:
            kept.append(block)
        else:
            removed.append(Removed(reason=region, text=block.text, position=block.position))
    return kept, removed


def cut_headlines(blocks: Sequence[Block], headlines: Collection[str]) -> tuple[list[Block], list[Removed]]:
    """Return (blocks, removed) without the headlines above the first paragraph; headlines are keys of h1 and stated titles."""
    kept: list[Block] = []
    removed: list[Removed] = []
    is_above = True
    for block in blocks:
        words = count_words(block.text)
        key = text_key(block.text) if is_above and words < MAX_WORDS_CUT else ""
        if key and any(key.endswith(headline) for headline in headlines):
            removed.append(Removed(reason="headline", text=block.text, position=block.position))
            continue
        is_above = is_above and (words < _FIRST_PARAGRAPH_WORDS or block.kind == "heading")
        kept.append(block)
    return kept, removed


def is_link_list(placed: Sequence[tuple[Block, PageBlock | None]], page: Sequence[PageBlock]) -> bool:
    """Say whether the kept text is a list of links, as on a front page or a tag page, rather than something to read.

    Judged on the kept blocks that are found on the page; where most are not, on the page as a whole: no paragraph, and nearly all links.
    """
    found = [block for _, block in placed if block is not None]
    if len(found) >= _BLOCKS_OF_A_LIST:
        return _link_words(found) > _LINK_LIST_SHARE * sum(block.words for block in found)
    has_prose = any(block.words >= _FIRST_PARAGRAPH_WORDS and block.link_share < 0.5 for block in page)
    return not has_prose and len(page) >= _BLOCKS_OF_A_LIST and _link_words(page) > _LINK_LIST_SHARE * sum(block.words for block in page)


def _link_words(blocks: Sequence[PageBlock]) -> float:
    return sum(block.words * block.link_share for block in blocks)


def _region(found: PageBlock | None) -> str | None:
    if found is None:
        return None
    if found.region is not None:
        return found.region
    if not found.zones.isdisjoint(("figure", "figcaption")):
        return "caption"
    if found.link_share >= _TEASER_LINK_SHARE and found.words >= _MIN_TEASER_WORDS and not _SENTENCE_END.search(found.text):
        return "related"
    return None


def _next_after(candidates: list[PageBlock], position: int) -> PageBlock | None:
    while candidates:
        candidate = candidates.pop()
        if candidate.position >= position or not candidates:
            return candidate
    return None
