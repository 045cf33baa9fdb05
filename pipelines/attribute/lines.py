"""Read a line of an article that speaks of it: contributors, copyright, source and agency lines; prose that mentions an agency is none.

All patterns stand in ``lines.toml``; every one runs on at most 600 characters, and only where one of its section's cues stands.
"""

from __future__ import annotations

from pipelines.attribute.line_sections import MAX_LINE_CHARS, MAX_LINE_WORDS, Cues, Line, find_cues, sections_in
from pipelines.attribute.notes import read_agencies_note, read_certain, read_contributors, read_copyright, read_phrases
from pipelines.attribute.slugs import MAX_SLUG_CHARS, read_slug_line
from pipelines.attribute.source_lines import read_feed_note, read_provider, read_source
from pipelines.text import UNSPACED, count_words

# In this order: the first that speaks decides.
_READERS = (
    ("certain", read_certain),
    ("source", read_source),
    ("agencies", read_feed_note),
    ("provider", read_provider),
    ("copyright", read_copyright),
    ("agencies", read_agencies_note),
    ("contributors", read_contributors),
    ("phrases", read_phrases),
)


def is_line_size(text: str) -> bool:
    """Say whether a block is short enough to be such a line: 600 characters and 60 words."""
    if len(text) > MAX_LINE_CHARS or text.count(" ") >= MAX_LINE_WORDS:
        return False
    # Scripts without spaces between words.
    return text.isascii() or not UNSPACED.search(text, 0, MAX_LINE_WORDS) or count_words(text) <= MAX_LINE_WORDS


def read_line(text: str, *, at_edge: bool = True, cues: Cues | None = None) -> Line | None:
    """Return what a whole block says of the article, None if it is prose.

    at_edge: the block is among the first or last of the text; only there do bare agency names and slugs count. cues: those found in a
    larger text that holds this one, if the caller looked already.
    """
    may_be_slug = at_edge and len(text) <= MAX_SLUG_CHARS
    if cues is not None and not cues and not may_be_slug:
        return None
    if not is_line_size(text):
        return None
    if cues is None:
        cues = find_cues([text])
    if cues and (present := sections_in(text, cues)):
        for section, read in _READERS:
            if section in present and (line := read(text)) is not None:
                return line
    return read_slug_line(text) if may_be_slug else None
