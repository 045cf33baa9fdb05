"""Lift the lines that speak of the text out of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.attribute.line_sections import MAX_LINE_CHARS, Cues, Line, find_cues
from pipelines.attribute.lines import read_line
from pipelines.attribute.marks import Marks
from pipelines.attribute.outlets import is_own_brand
from pipelines.attribute.slugs import split_trailing_line
from pipelines.records import Block, Draft, Removed

EDGE_BLOCKS = 8
"""How many blocks from either end may be agency lines; contributor and source lines are lifted anywhere."""
MAX_INNER_CHARS = 240
"""Away from the ends only blocks this short are looked at: a longer one there is prose."""
_READ_REMOVED = frozenset({"byline", "copyright", "contributors", "source_line", "agency_line"})
_READ_IF_CUT = _READ_REMOVED | {"boilerplate"}
_LIFTED_WHEN_DECIDED = frozenset({"contributors", "source_line", "copyright"})


def find_line_cues(draft: Draft) -> Cues:
    """Return the cues that stand in what is read of a draft: short blocks, the ends of the last ones, short lines that were cut."""
    last = len(draft.blocks) - EDGE_BLOCKS
    texts = [
        block.text if len(block.text) <= MAX_LINE_CHARS else block.text[-MAX_LINE_CHARS:]
        for index, block in enumerate(draft.blocks)
        if index < 2 or index >= last or len(block.text) <= MAX_INNER_CHARS
    ]
    texts += [piece.text for piece in draft.removed if piece.reason in _READ_IF_CUT and len(piece.text) <= MAX_LINE_CHARS]
    return find_cues(texts)


def lift_lines(blocks: Sequence[Block], marks: Marks, cues: Cues) -> tuple[list[Block], list[Removed], list[Line]]:
    """Return the blocks without the lines that speak of the text, what was cut, and what the lines say.

    cues: those found in a larger text that holds all of these.
    """
    kept: list[Block] = []
    removed: list[Removed] = []
    lines: list[Line] = []
    last = len(blocks) - EDGE_BLOCKS
    for index, block in enumerate(blocks):
        at_end = index >= last
        at_edge = index < 2 or at_end
        if block.kind == "heading" or not (at_edge or (cues and len(block.text) <= MAX_INNER_CHARS)):
            kept.append(block)
            continue
        line = read_line(block.text, at_edge=at_edge, cues=cues)
        if line is not None and not (line.kind == "agency_line" and _is_followed_by_prose(blocks, index)):
            lines.append(line)
            if _is_content(line, marks):
                kept.append(block)
                continue
            removed.append(Removed(reason=line.kind, text=line.text, position=block.position))
            continue
        if at_end and (split := split_trailing_line(block.text, cues=cues)) and not _is_followed_by_prose(blocks, index):
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
        near = piece.reason == "boilerplate" and first <= piece.position <= last and len(piece.text) <= MAX_LINE_CHARS
        line = read_line(piece.text, cues=cues) if near else None
        if line is not None and line.kind in _LIFTED_WHEN_DECIDED:
            lines.append(line)
            piece = replace(piece, reason=line.kind)
        pieces.append(piece)
    return pieces, lines


def _is_content(line: Line, marks: Marks) -> bool:
    """Where data came from ("Kilde: helsenorge.no") is the article's own; a line that names the page's own site is not."""
    return line.signal == "data_label" and not (line.origin and is_own_brand(line.origin, url=marks.url, brands=marks.brands))


def _is_followed_by_prose(blocks: Sequence[Block], index: int) -> bool:
    """In the text, not at its edge: two or more paragraphs on either side. There an agency's name is a picture's or a box's."""
    before = sum(len(block.text) > 120 for block in blocks[:index])
    after = sum(len(block.text) > 120 for block in blocks[index + 1 :])
    return before >= 1 and after >= 2
