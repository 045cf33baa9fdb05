"""What the text says twice, and who it is by: the headline as its first line, the standfirst, a block in two versions, the authors' names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache, lru_cache

from pipelines.records import Block
from pipelines.scrub.rules import fold, load
from pipelines.text import count_words, matching_form

# Shorter blocks may recur on purpose: a refrain, "No.", a name above each quote.
MIN_REPEATED_CHARS = 60
# Rows and items recur in lists of prices or of steps; they are a second version of the text only below a repeated block.
_ROWS = frozenset(("list_item", "table"))
_HEAD_BLOCKS = 8
_LABEL_BLOCKS = 3
_MAX_LABEL_CHARS = 60
# A page's headline and labels are asked for in each pass, a source's labels on each of its pages.
_form = lru_cache(maxsize=1024)(matching_form)
_MAX_KICKER_CHARS = 60
_MAX_EXTRA_CHARS = 100
_BIO_BLOCKS = 3
_MAX_BIO_WORDS = 60
_WORD = re.compile(r"[^\W\d_]+")


def repeat_reasons(
    blocks: Sequence[Block], *, title: str | None, standfirst: str | None, authors: Sequence[str] = (), labels: Collection[str] = ()
) -> list[str | None]:
    """Return for each block why it says what the page says elsewhere, None for the story.

    That is: the headline, the standfirst and a label (the section's name or a tag) near the top, lines of authors' names, the second of
    two equal long blocks, and an author's portrait at the end.
    """
    title_form, standfirst_form = _form(title or ""), _form(standfirst or "")
    names = [fold(author) for author in sorted(authors, key=len, reverse=True) if " " in author]
    # No longer block can be one of these; the form is the slow part.
    max_chars = max(len(title or ""), len(standfirst or "")) + _MAX_EXTRA_CHARS
    seen: set[str] = set()
    reasons: list[str | None] = []
    for index, block in enumerate(blocks):
        text = block.text
        form = _form(text) if index < _HEAD_BLOCKS and len(text) <= max_chars else ""
        reason = None
        if form and title_form and _is_headline(form, title_form, block):
            reason = "headline"
        elif form and form == standfirst_form:
            reason = "standfirst"
        elif index < _LABEL_BLOCKS and form and len(text) <= _MAX_LABEL_CHARS and any(form == _form(label) for label in labels):
            reason = "label"
        elif names and _is_byline(text, names):
            reason = "byline"
        elif names and index >= len(blocks) - _BIO_BLOCKS and index and _is_bio(block, names):
            reason = "author"
        elif text in seen and (block.kind not in _ROWS or reasons[-1] == "repeated"):
            reason = "repeated"
        elif len(text) >= MIN_REPEATED_CHARS:
            seen.add(text)
        reasons.append(reason)
    return reasons


def _is_headline(form: str, title: str, block: Block) -> bool:
    if form == title:
        return True
    if len(title) < 12 or not form or count_words(block.text) >= 40:
        return False
    # A kicker before it, a site's name behind it, with or without a space; or a heading that the title continues ("… - live updates").
    shorter, longer = sorted((form.replace(" ", ""), title.replace(" ", "")), key=len)
    if not (longer.endswith(shorter) or longer.startswith(shorter)):
        return False
    is_longer_block = len(form) > len(title)
    return len(shorter) >= 20 and len(longer) - len(shorter) <= _MAX_KICKER_CHARS and (block.kind == "heading" or is_longer_block)


def _is_byline(text: str, names: Sequence[str]) -> bool:
    """Say whether a line only names the article's authors: "By Jane Doe and John Smith". A line that names an agency too is none.

    A single word may be an agency ("AFP"): only names of two words and more count, folded here, the longest first.
    """
    if len(text) > 200:
        return False
    folded = rest = fold(text)
    for name in names:
        rest = rest.replace(name, " ")
    return rest != folded and all(word in _byline_words() for word in _WORD.findall(rest))


def _is_bio(block: Block, names: Sequence[str]) -> bool:
    """A short paragraph at the end that opens with an author's name tells of the author: "Jane Doe covers parks for the Courier."."""
    folded = fold(block.text)
    opens = any(folded.startswith(name) and not folded[len(name) : len(name) + 1].isalnum() for name in names)
    return opens and block.kind != "heading" and count_words(block.text) <= _MAX_BIO_WORDS


@cache
def _byline_words() -> frozenset[str]:
    return frozenset(load("byline_words.toml")["words"].split())
