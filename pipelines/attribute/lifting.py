"""Lift the lines that speak of the text out of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.attribute.line_sections import MAX_LINE_CHARS, Cues, Line, find_cues
from pipelines.attribute.lines import is_line_size, read_line
from pipelines.attribute.marks import Marks
from pipelines.attribute.outlets import is_own_brand
from pipelines.attribute.slugs import split_trailing_line
from pipelines.records import Block, Draft, Removed

EDGE_BLOCKS = 8
"""How many blocks from either end may be agency lines; contributor and source lines are lifted anywhere."""
MAX_INNER_CHARS = 180
"""Away from the ends, and where paragraphs follow, only blocks this short are looked at: a longer one there is prose."""
PARAGRAPH_CHARS = 120
_READ_REMOVED = frozenset({"byline", "copyright", "contributors", "source_line", "agency_line"})
_READ_IF_CUT = _READ_REMOVED | {"boilerplate"}
_LIFTED_WHEN_DECIDED = frozenset({"contributors", "source_line", "copyright"})


class Places:
    """What is looked for in a block depends on where it stands among the others; all by index."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        paragraphs = [index for index, block in enumerate(blocks) if len(block.text) > PARAGRAPH_CHARS]
        self.inside = range(paragraphs[0] + 1, paragraphs[-2]) if len(paragraphs) > 2 else range(0)
        """Where a paragraph stands before, and two or more behind: an agency's name there is a picture's or a box's."""
        last = range(max(0, len(blocks) - EDGE_BLOCKS), len(blocks))
        self.edges = {0, 1, *last}
        """Where bare names and slugs of agencies count."""
        outer = self.edges.difference(self.inside)
        self.lines = {
            index
            for index, block in enumerate(blocks)
            if block.kind != "heading" and (len(block.text) <= MAX_INNER_CHARS or (index in outer and is_line_size(block.text)))
        }
        """What may be a line as a whole."""
        self.ends = {index for index in outer.intersection(last) if blocks[index].kind != "heading"}
        """What may end in a slug."""


def find_line_cues(draft: Draft, places: Places) -> Cues:
    """Return the cues that stand in what is read of a draft: blocks that may be lines, the ends of the last ones, short lines that were cut."""
    texts = [draft.blocks[index].text for index in places.lines]
    texts += [draft.blocks[index].text[-MAX_LINE_CHARS:] for index in places.ends - places.lines]
    texts += [piece.text for piece in draft.removed if piece.reason in _READ_IF_CUT and len(piece.text) <= MAX_LINE_CHARS]
    return find_cues(texts)


def lift_lines(blocks: Sequence[Block], places: Places, marks: Marks, cues: Cues) -> tuple[list[Block], list[Removed], list[Line]]:
    """Return the blocks without the lines that speak of the text, what was cut, and what the lines say.

    places: of these blocks. cues: those found in a larger text that holds all of these.
    """
    kept: list[Block] = []
    removed: list[Removed] = []
    lines: list[Line] = []
    for index, block in enumerate(blocks):
        line = read_line(block.text, at_edge=index in places.edges, cues=cues) if index in places.lines else None
        if line is not None and not (line.kind == "agency_line" and index in places.inside):
            lines.append(line)
            if _is_content(line, marks):
                kept.append(block)
                continue
            removed.append(Removed(reason=line.kind, text=line.text, position=block.position))
            continue
        if index in places.ends and (split := split_trailing_line(block.text, cues=cues)):
            body, line = split
            lines.append(line)
            if not any(map(str.isalnum, body)):
                # Only signs would stay.
                removed.append(Removed(reason=line.kind, text=block.text, position=block.position))
                continue
            removed.append(Removed(reason=line.kind, text=line.text, position=block.position))
            block = replace(block, text=body)
        kept.append(block)
    return kept, removed, lines


def read_removed(removed: Iterable[Removed], cues: Cues) -> list[Line]:
    """Return what the lines say that earlier stages cut as bylines, notices or credits; cues as for ``lift_lines``."""
    texts = [piece.text for piece in removed if piece.reason in _READ_REMOVED]
    return [line for text in texts if (line := read_line(text, cues=cues))]


def lift_decided(removed: Sequence[Removed], blocks: Sequence[Block], cues: Cues) -> tuple[list[Removed], list[Line]]:
    """Return (removed, lines): what was decided to be no text in or right below the article may still speak of it.

    Such a contributors', source or copyright line is read, and its piece gets that reason. An agency's bare name there is a picture's as
    often as not. cues as for ``lift_lines``.
    """
    if not blocks:
        return list(removed), []
    first, last = blocks[0].position, blocks[-1].position + EDGE_BLOCKS
    pieces: list[Removed] = []
    lines: list[Line] = []
    for piece in removed:
        if piece.reason == "boilerplate" and first <= piece.position <= last:
            line = read_line(piece.text, cues=cues)
            if line is not None and line.kind in _LIFTED_WHEN_DECIDED:
                lines.append(line)
                piece = replace(piece, reason=line.kind)
        pieces.append(piece)
    return pieces, lines


def _is_content(line: Line, marks: Marks) -> bool:
    """Where data came from ("Kilde: helsenorge.no") is the article's own; a line that names the page's own site is not."""
    return line.signal == "data_label" and not (line.origin and is_own_brand(line.origin, url=marks.url, brands=marks.brands))
