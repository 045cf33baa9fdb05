"""What the page says elsewhere: the headline as first line, the standfirst, a label, the authors' names, a block in two versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from pipelines.records import Block
from pipelines.scrub.authors import author_names, is_bare_byline, is_bio, is_byline
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
_BYLINE_BLOCKS = 3
_BIO_BLOCKS = 3


def repeat_reasons(
    blocks: Sequence[Block], *, title: str | None, standfirst: str | None, authors: Sequence[str] = (), labels: Collection[str] = ()
) -> list[str | None]:
    """Return for each block why it says what the page says elsewhere, None for the story.

    That is: the headline, the standfirst and a label (the section's name or a tag) near the top, lines of authors' names, the second of
    two equal long blocks, and an author's portrait at the end.
    """
    title_form, standfirst_form = _form(title or ""), _form(standfirst or "")
    names = author_names(authors)
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
        elif is_byline(text, names) or (index < _BYLINE_BLOCKS and block.kind != "heading" and is_bare_byline(text)):
            reason = "byline"
        elif index and index >= len(blocks) - _BIO_BLOCKS and is_bio(block, names):
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
