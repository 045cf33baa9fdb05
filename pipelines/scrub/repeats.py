"""What the text says twice: the headline as its first line, the standfirst, the authors' names, a block that the page holds in two versions."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

from pipelines.records import Block, Removed
from pipelines.scrub.rules import fold, load
from pipelines.text import count_words, matching_form

# Shorter blocks may recur on purpose: a refrain, "No.", a name above each quote.
MIN_REPEATED_CHARS = 60
_HEAD_BLOCKS = 8
_LABEL_BLOCKS = 3
_MAX_KICKER_CHARS = 60
_WORD = re.compile(r"[^\W\d_]+")


def cut_repeats(
    blocks: Sequence[Block], *, title: str | None, standfirst: str | None, authors: Sequence[str] = (), labels: Collection[str] = ()
) -> tuple[list[Block], list[Removed]]:
    """Return (blocks, removed) without what the page says twice.

    That is: the headline, the standfirst and a label (the section's name or a tag) near the top, lines of authors' names, and the second of
    two equal long blocks.
    """
    label_forms = {matching_form(label) for label in labels}
    title_form, standfirst_form = matching_form(title or ""), matching_form(standfirst or "")
    seen: set[str] = set()
    kept: list[Block] = []
    removed: list[Removed] = []
    for index, block in enumerate(blocks):
        form = matching_form(block.text)
        reason = None
        if index < _HEAD_BLOCKS and title_form and _is_headline(form, title_form, block):
            reason = "headline"
        elif index < _HEAD_BLOCKS and standfirst_form and form == standfirst_form:
            reason = "standfirst"
        elif index < _LABEL_BLOCKS and form in label_forms:
            reason = "label"
        elif is_byline(block.text, authors):
            reason = "byline"
        elif len(form) >= MIN_REPEATED_CHARS and form in seen:
            reason = "repeated"
        if reason:
            removed.append(Removed(reason=reason, text=block.text, position=block.position))
        else:
            seen.add(form)
            kept.append(block)
    return kept, removed


def _is_headline(form: str, title: str, block: Block) -> bool:
    if form == title:
        return True
    if count_words(block.text) >= 40 or len(title) < 12 or not form:
        return False
    # A kicker before it, a site's name behind it, with or without a space; or a heading that the title continues ("… - live updates").
    shorter, longer = sorted((form.replace(" ", ""), title.replace(" ", "")), key=len)
    if not (longer.endswith(shorter) or longer.startswith(shorter)):
        return False
    is_longer_block = len(form) > len(title)
    return len(shorter) >= 20 and len(longer) - len(shorter) <= _MAX_KICKER_CHARS and (block.kind == "heading" or is_longer_block)


def is_byline(text: str, authors: Sequence[str]) -> bool:
    """Say whether a line only names the article's authors: "By Jane Doe and John Smith". A line that names an agency too is none.

    A single word may be an agency ("AFP"): only names of two words and more count.
    """
    if len(text) > 200:
        return False
    rest = fold(text)
    for author in sorted(authors, key=len, reverse=True):
        if " " in author:
            rest = rest.replace(fold(author), " ")
    return rest != fold(text) and all(word in _byline_words() for word in _WORD.findall(rest))


@cache
def _byline_words() -> frozenset[str]:
    return frozenset(load("byline_words.toml")["words"].split())
