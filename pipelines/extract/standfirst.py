"""The standfirst: the summary between headline and body. It is kept as text by the block decisions, and told apart here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.extract.class_groups import bits_of
from pipelines.extract.page_blocks import Container, PageBlock
from pipelines.extract.page_facts import PageFacts

MIN_WORDS = 6
MAX_WORDS = 120
# It is among the first blocks of the text; a box or a second subtitle may come before it.
_REACH = 3
_LONG_WORDS = 15
_MIN_WORDS_OF_SUBHEADLINE = 9
_LEAD = bits_of("lead")
# "CASTLE REACH, May 3 (AP) — ": the body begins here, whatever the description repeats of it.
_DATELINE = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,40}(?:,[^—–()]{2,40})?\s?(?:\([^()]{2,30}\)\s?)?(?:—|–|--|\s-)\s")


def find_standfirst(kept: Sequence[PageBlock], facts: PageFacts) -> PageBlock | None:
    """Return the block of the kept text that is its standfirst, None if the text begins at once.

    A block is one if its class says so or the page's description repeats it, and it is not set like the paragraphs that follow: many outlets
    print the first sentence of the body as description.
    """
    for index, block in enumerate(kept[:_REACH]):
        if not MIN_WORDS <= block.words <= MAX_WORDS or block.link_share > 0.5 or _DATELINE.match(block.text):
            continue
        if sum(other.words for other in kept[index + 1 :]) < block.words:
            # All the text there is: a brief whose only paragraph carries the class.
            return None
        if _stands_apart(block, kept[index + 1 :]) and (
            _is_lead(block.container) or _is_described(block, facts) or (index == 0 and _is_subheadline(block))
        ):
            return block
        if block.words >= _LONG_WORDS and block.tag == "p":
            return None
    return None


def _is_lead(container: Container) -> bool:
    return bool((container.groups | (container.parent.groups if container.parent is not None else 0)) & _LEAD)


def _is_subheadline(block: PageBlock) -> bool:
    """A sentence set as a heading above the text; a heading of its first section is shorter."""
    return block.kind == "heading" and block.words >= _MIN_WORDS_OF_SUBHEADLINE


def _is_described(block: PageBlock, facts: PageFacts) -> bool:
    key = block.key[:200]
    for stated in facts.descriptions:
        shorter = min(len(key), len(stated))
        if (key[:45] == stated[:45] and shorter >= 30) or (shorter >= 40 and (key in stated or stated in key)):
            return True
    return False


def _stands_apart(block: PageBlock, following: Sequence[PageBlock]) -> bool:
    """It is set otherwise than the next long block: another tag, class or place."""
    other = next((other for other in following if other.words >= _LONG_WORDS), None)
    if other is None:
        return True
    one, two = block.container, other.container
    return one.parent is not two.parent or (one.tag, one.classes) != (two.tag, two.classes)
