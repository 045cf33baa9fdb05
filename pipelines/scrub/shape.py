"""A block as the rules of this package see it: how long it is, how it ends, whether it is furniture, a heading of other stories, a caption."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pipelines.records import Block
from pipelines.scrub.captions import Cut, cut_caption
from pipelines.scrub.lines import furniture_reason
from pipelines.scrub.rules import bare, fold, line_rules, tail_headings
from pipelines.text import count_words

HeadingKind = Literal["final", "inline", "opens"]

PROSE_WORDS = 18
_MAX_HEADING_CHARS = 80
_MAX_OPENING_WORDS = 7
_MAX_TRUNCATED_WORDS = 45
_MAX_HEADLINE_WORDS = 22
_ELLIPSIS = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\W{0,2}$")
_SENTENCE_END = re.compile(r"[.!?:;。！？؟।][\"”’'»)」]{0,2}$")


@dataclass(frozen=True, slots=True)
class Line:
    """One block and what can be said of it without its neighbors."""

    block: Block
    words: int
    reason: str | None
    """Why it is furniture by its words, if it is."""
    cut: Cut | None
    """The caption or credit in it."""
    heading: HeadingKind | None
    """It stands above other stories: in most cases at the end ("final"), often above one link ("inline"), or with a name ("More from …")."""
    is_truncated: bool
    is_teaser: bool
    """It may stand in a list of other stories: a truncated line, a headline without a full stop, furniture."""

    @property
    def is_plain(self) -> bool:
        """Neither a heading nor a line that announces something with a colon."""
        return self.block.kind != "heading" and self.block.text[-1] not in ":："

    @property
    def is_origin(self) -> bool:
        """It says where the text came from; attribution reads it."""
        return line_rules().origin.search(fold(self.block.text)) is not None

    @property
    def is_prose(self) -> bool:
        """A paragraph of the story by its length and end."""
        return self.words >= PROSE_WORDS and not self.is_teaser


def read_line(block: Block) -> Line:
    """Return a block with what can be said of it by itself."""
    text = block.text
    words = count_words(text)
    if words > _MAX_TRUNCATED_WORDS:
        # A paragraph: most of the text, and nothing but a caption can be in it.
        return Line(block, words, None, cut_caption(text), None, False, False)
    reason = furniture_reason(text, block.kind)
    is_truncated = words <= _MAX_TRUNCATED_WORDS and _ELLIPSIS.search(text, max(0, len(text) - 8)) is not None
    is_headline = words <= _MAX_HEADLINE_WORDS and not ends_sentence(text)
    return Line(
        block=block,
        words=words,
        reason=reason,
        cut=cut_caption(text) if reason is None else None,
        heading=heading_kind(text) if len(text) <= _MAX_HEADING_CHARS else None,
        is_truncated=is_truncated,
        is_teaser=is_truncated or is_headline or reason is not None,
    )


def ends_sentence(text: str) -> bool:
    """Say whether a text ends as a sentence does."""
    return _SENTENCE_END.search(text, max(0, len(text) - 4)) is not None


def heading_kind(text: str) -> HeadingKind | None:
    """Return what kind of heading of other stories a short line is, None if it is none."""
    headings = tail_headings()
    words = bare(fold(text))
    if words in headings.final:
        return "final"
    if words in headings.inline:
        return "inline"
    # "More from The Daily" is one, "More from the report was released on Monday." is a sentence.
    if headings.opens.match(words) and len(words.split()) <= _MAX_OPENING_WORDS and not ends_sentence(text.rstrip(":")):
        return "opens"
    return None
