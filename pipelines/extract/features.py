"""Numbers that describe a block in its place on the page, for the block model; none depends on the language but the class groups.

"Prose" is running text: at least ten words, few links, ending in punctuation, not hidden and not under a class that names furniture. The *main
container* is the smallest element around the longest prose block that holds 55 % of the page's prose. A change of the list is a change of
the model: train it again (``python -m benchmarks.train_block_model``).
Source: measured by leaving out each group, docs/text_quality.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from pipelines.extract.class_groups import GROUPS, bits_of
from pipelines.extract.page_blocks import HEADING_TAGS, ZONES, Container, PageBlock, zone_bits
from pipelines.extract.page_facts import PageFacts

_DENSE = (
    # the text itself
    "words chars log_words link_share links bold_share ends_sentence punctuation sentences capitals digits opens_quote ends_colon starts_lower "
    "word_chars "
    # the element
    "tag depth is_hidden zone_header zone_aside zone_figure zone_form zone_article zone_main zone_li zone_table zone_blockquote "
    # the containers: share of the page's prose, way to the main container, siblings of the same shape
    "prose_share_1 prose_share_2 prose_share_3 prose_share_4 levels_up levels_down is_in_main blocks_in_parent like_words like_blocks like_prose "
    "parent_words link_share_1 link_share_2 link_share_3 block_chars_2 block_chars_3 blocks_2 blocks_3 "
    # the place in reading order
    "after_first after_last is_before is_after place prose_before prose_after prose_blocks page_prose after_headline heading_distance heading_tag "
    "gap_before gap_after is_again page_blocks page_h1 "
    # what the page states
    "is_title title_overlap is_description in_stated_body stated_body_chars copies names_author has_article is_og_article"
).split()
_BIT_PREFIXES = ("own", "near", "around", "inline")
FEATURES = (*_DENSE, *(f"{prefix}_{group}" for prefix in _BIT_PREFIXES for group in GROUPS))
"""Names of the columns, in order."""

_FURNITURE = bits_of("related", "promo", "comment", "share", "ad", "wall", "nav", "side", "teaser")
_NO_PROSE_ZONES = zone_bits("figure")
_TAG_NUMBERS = {
    tag: number
    for number, tag in enumerate("p div li h1 h2 h3 h4 td figcaption blockquote section article dd dt h5 h6 header form".split(), start=1)
}
_ZONE_BITS = [zone_bits(zone) for zone in ZONES]
SENTENCE_ENDS = tuple('.!?…。！？”“"»›’।」؟۔')
_CLOSERS = '"”’»)」'
_PUNCTUATION = re.compile(r"[.,;:!?…。、，！？：،؟]")
_SENTENCE = re.compile(r"[.!?…。！？](?:(?<=[。！？])|[\s\"”»’)]+\S)")
_CAPITAL = re.compile("[A-ZÀ-ÖØ-ÞŁŚŻŹĆŠŽČŘİŞĞА-ЯЁ]")
_DIGIT = re.compile("[0-9]")
_OPENING_QUOTES = "\"“„«‘'»"
_MIN_PROSE_WORDS = 10
_MAX_PROSE_WORDS = 120
_MIN_MAIN_PROSE = 8
_MAIN_SHARE = 0.55
# Blocks farther than this from the prose are no candidates.
_REACH = 30
_MIN_DESCRIPTION_KEY = 40


@dataclass(slots=True)
class _Shape:
    """Blocks under the same tag, class and parent's class."""

    blocks: int = 0
    words: int = 0
    prose_blocks: int = 0


@dataclass(slots=True)
class _Page:
    """Sums over the page that the features of its blocks share."""

    blocks: Sequence[PageBlock]
    facts: PageFacts
    shapes: dict[tuple[str, str, str], _Shape]
    copies: Counter[str]
    prose: float
    levels: dict[Container, tuple[int, int]]
    """What ``_levels`` returns for the main container, all around it, and every other that was asked for."""
    first: int
    last: int
    prose_blocks: int
    headline: int | None
    h1_count: int
    prose_up_to: list[float]
    gaps_before: list[int]
    gaps_after: list[int]
    headings: list[PageBlock | None]


def candidates(blocks: Sequence[PageBlock], facts: PageFacts) -> tuple[list[PageBlock], NDArray[np.float64]]:
    """Return the blocks that may be text, and their features, shape (candidates, len(FEATURES)), float64.

    Left out is what is never text: far from all prose, or nothing but a link outside the main container. Fills the sums of the containers.
    """
    if not blocks:
        return [], np.zeros((0, len(FEATURES)))
    page = _survey(blocks, facts)
    chosen = [block for block in blocks if _is_candidate(block, page)]
    if not chosen:
        return [], np.zeros((0, len(FEATURES)))
    of_blocks = [[*_text_features(block), *_element_features(block.container), *_container_features(block, page)] for block in chosen]
    stated = [_stated_features(block, page) for block in chosen]
    return chosen, np.hstack([np.array(of_blocks, dtype=np.float64), _place_features(chosen, page), np.array(stated), _group_bits(chosen)])


def _is_candidate(block: PageBlock, page: _Page) -> bool:
    if block.prose > 0:
        return True
    is_near = page.first - _REACH <= block.position <= page.last + _REACH
    return is_near and not (block.words < 25 and block.link_share >= 0.9 and _levels(block.container, page.levels)[1] > 0)


def _survey(blocks: Sequence[PageBlock], facts: PageFacts) -> _Page:
    shapes: dict[tuple[str, str, str], _Shape] = defaultdict(_Shape)
    for block in blocks:
        block.prose = prose = _prose(block)
        _add_to_containers(block)
        shape = shapes[_shape_key(block.container)]
        shape.blocks += 1
        shape.words += block.words
        shape.prose_blocks += prose > 0
    prose_up_to = list(accumulate((block.prose for block in blocks), initial=0.0))
    total = prose_up_to[-1] or 1.0
    longest = max(blocks, key=attrgetter("prose"))
    main = longest.container
    while main.prose < _MAIN_SHARE * total and main.parent is not None:
        main = main.parent
    levels: dict[Container, tuple[int, int]] = {}
    ancestor: Container | None = main
    while ancestor is not None:
        levels[ancestor] = (0, len(levels))
        ancestor = ancestor.parent
    is_main = [block.prose > _MIN_MAIN_PROSE and _levels(block.container, levels)[1] == 0 for block in blocks]
    run = [index for index, yes in enumerate(is_main) if yes]
    run = run or [block.position for block in blocks if block.prose > _MIN_MAIN_PROSE] or [longest.position]
    gaps_before, gaps_after = _gaps(is_main, run[0])
    return _Page(
        blocks=blocks, facts=facts, shapes=shapes, copies=Counter(block.text for block in blocks), prose=total, levels=levels, first=run[0],
        last=run[-1], prose_blocks=len(run), headline=_headline(blocks, facts, run[0]), h1_count=sum(block.tag == "h1" for block in blocks),
        prose_up_to=prose_up_to, gaps_before=gaps_before, gaps_after=gaps_after, headings=_headings(blocks),
    )  # fmt: skip


def _prose(block: PageBlock) -> float:
    container = block.container
    if block.words < _MIN_PROSE_WORDS or block.link_share >= 0.4 or container.zones & _NO_PROSE_ZONES:
        return 0.0
    prose = float(min(block.words, _MAX_PROSE_WORDS))
    if container.is_hidden:
        prose *= 0.6
    if not block.text.rstrip(_CLOSERS).endswith(SENTENCE_ENDS):
        prose *= 0.3
    return prose * 0.7 if container.all_groups & _FURNITURE else prose


def _add_to_containers(block: PageBlock) -> None:
    """Prose counts in every container around a block, characters in the three nearest."""
    container: Container | None = block.container
    assert container is not None
    if container.parent is not None:
        container.parent.words_of_children += block.words
    for _ in range(3):
        container.chars += len(block.text)
        container.link_chars += block.link_chars
        container.blocks += 1
        if container.parent is None:
            break
        container = container.parent
    if block.prose:
        container = block.container
        while container is not None:
            container.prose += block.prose
            container = container.parent


def _shape_key(container: Container) -> tuple[str, str, str]:
    return container.tag, container.classes, container.parent.classes if container.parent is not None else ""


def _group_bits(blocks: Sequence[PageBlock]) -> NDArray[np.int64]:
    """The class groups of each block's element, of those near and around it, and of the inline elements in it, a column each."""
    groups = [(block.container.groups, _near_groups(block.container), block.container.all_groups, block.inline_groups) for block in blocks]
    bits = (np.array(groups)[:, :, None] >> np.arange(len(GROUPS))) & 1
    return bits.reshape(len(blocks), -1)


def _near_groups(container: Container) -> int:
    """Class groups of the element and the two around it; those of the body say nothing."""
    groups = container.groups
    for _ in range(2):
        if container.parent is None:
            break
        container = container.parent
        groups |= container.groups
    return groups


def _levels(container: Container, known: dict[Container, tuple[int, int]]) -> tuple[int, int]:
    """Levels up from a block's element to the first element around the main container, and from there down to the main container."""
    way: list[Container] = []
    while container not in known:
        way.append(container)
        assert container.parent is not None  # the body is around the main container
        container = container.parent
    up, down = known[container]
    for inner in reversed(way):
        up += 1
        known[inner] = (up, down)
    return up, down


def _headline(blocks: Sequence[PageBlock], facts: PageFacts, first: int) -> int | None:
    """Where the headline stands: the first h1, or a later one that agrees with the stated titles, or a line above the text that does."""
    found: int | None = None
    for block in blocks:
        if block.tag == "h1" and (found is None or block.key in facts.titles):
            found = block.position
    if found is None:
        return next((b.position for b in blocks[: first + 1] if len(b.text) < 300 and b.key in facts.titles), None)
    return found


def _gaps(is_main: Sequence[bool], first: int) -> tuple[list[int], list[int]]:
    """Blocks since the last prose block of the main container, and until the next one."""
    before, after = [0] * len(is_main), [0] * len(is_main)
    last = first
    for index, yes in enumerate(is_main):
        last = index if yes else last
        before[index] = index - last
    following = len(is_main)
    for index in range(len(is_main) - 1, -1, -1):
        after[index] = following - index
        following = index if is_main[index] else following
    return before, after


def _headings(blocks: Sequence[PageBlock]) -> list[PageBlock | None]:
    """The heading above each block: a heading tag, or a short line that is all bold."""
    above: list[PageBlock | None] = []
    last: PageBlock | None = None
    for block in blocks:
        above.append(last)
        if block.tag in HEADING_TAGS or (block.words < _MIN_PROSE_WORDS and block.bold_chars >= 0.9 * len(block.text)):
            last = block
    return above


def _text_features(block: PageBlock) -> tuple[float, ...]:
    text, words = block.text, block.words
    chars = len(text)
    head = min(chars, 120)
    return (
        words, chars, math.log(words + 1), block.link_chars / chars, block.links, block.bold_chars / chars, text.endswith(SENTENCE_ENDS),
        len(_PUNCTUATION.findall(text, 0, 300)) / min(chars, 300), len(_SENTENCE.findall(text, 0, 600)), len(_CAPITAL.findall(text, 0, 120)) / head,
        len(_DIGIT.findall(text, 0, 120)) / head, text[0] in _OPENING_QUOTES, text[-1] in ":：", text[0].islower(), chars / max(1, words),
    )  # fmt: skip


def _element_features(container: Container) -> tuple[float, ...]:
    return (_TAG_NUMBERS.get(container.tag, 0), container.depth, container.is_hidden, *_zone_flags(container.zones))


@cache
def _zone_flags(zones: int) -> tuple[bool, ...]:
    return tuple(bool(zones & bit) for bit in _ZONE_BITS)


def _container_features(block: PageBlock, page: _Page) -> tuple[float, ...]:
    container = block.container
    up, down = _levels(container, page.levels)
    one = container.parent or container
    two = one.parent or one
    three = two.parent or two
    shape = page.shapes[_shape_key(container)]
    return (
        container.prose / page.prose, one.prose / page.prose, two.prose / page.prose, three.prose / page.prose, up, down, down == 0,
        container.blocks_of_its_own, shape.words, shape.blocks, shape.prose_blocks / shape.blocks, one.words_of_children,
        container.link_chars / max(1, container.chars), one.link_chars / max(1, one.chars), two.link_chars / max(1, two.chars),
        one.chars / max(1, one.blocks), two.chars / max(1, two.blocks), one.blocks, two.blocks,
    )  # fmt: skip


def _place_features(blocks: Sequence[PageBlock], page: _Page) -> NDArray[np.float64]:
    place = np.array([block.position for block in blocks])
    headings = [page.headings[block.position] for block in blocks]
    prose_up_to = np.array(page.prose_up_to)
    first = {block.text: block for block in reversed(blocks)}
    columns = (
        (place - page.first).clip(-30, 60), (place - page.last).clip(-60, 30), place < page.first, place > page.last,
        place / len(page.blocks), prose_up_to[place] / page.prose, 1 - prose_up_to[place + 1] / page.prose, page.prose_blocks,
        page.prose, 99 if page.headline is None else (place - page.headline).clip(-40, 60),
        [99 if heading is None else min(60, block.position - heading.position) for block, heading in zip(blocks, headings, strict=True)],
        [0 if heading is None else _TAG_NUMBERS.get(heading.tag, 0) for heading in headings],
        np.array(page.gaps_before)[place].clip(max=50), np.array(page.gaps_after)[place].clip(max=50),
        [block is not first[block.text] for block in blocks], len(page.blocks), page.h1_count,
    )  # fmt: skip
    features = np.empty((len(blocks), len(columns)))
    for number, column in enumerate(columns):
        features[:, number] = column
    return features


def _stated_features(block: PageBlock, page: _Page) -> list[float]:
    facts, text = page.facts, block.text
    is_title, overlap, names_author = 0, 0.0, False
    if len(text) < 400:
        lower = text.lower()
        if facts.title_words:
            words = set(lower.split())
            overlap = len(words & facts.title_words) / max(1, len(words))
            is_title = _agrees_with_title(block.key, facts)
        names_author = any(name in lower for name in facts.authors)
    return [
        is_title, overlap, _is_description(block, page), (block.key[:60] in facts.body) if facts.body else -1, facts.body_chars, page.copies[text],
        names_author, facts.has_article, facts.is_og_article,
    ]  # fmt: skip


def _agrees_with_title(key: str, facts: PageFacts) -> int:
    """2 for a stated title, 1 for a block inside one or not much longer than one, else 0."""
    if key in facts.titles:
        return 2
    if len(key) <= 12:
        return 0
    return int(any(key in title or (title in key and len(key) < 1.8 * len(title) and len(title) > 12) for title in facts.titles))


def _is_description(block: PageBlock, page: _Page) -> bool:
    if len(block.text) <= 30 or block.position >= page.first + 6:
        return False
    key = block.key[:200]
    return any(
        key[:45] == stated[:45]
        or (len(key) > _MIN_DESCRIPTION_KEY and key in stated)
        or (len(stated) > _MIN_DESCRIPTION_KEY and stated in key)
        for stated in page.facts.descriptions
    )
