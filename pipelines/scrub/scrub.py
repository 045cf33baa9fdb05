"""The order of the rules, and the draft that they leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.records import Block, Draft, Rejection, Removed
from pipelines.scrub.lines import belongs_beside
from pipelines.scrub.repeats import repeat_reasons
from pipelines.scrub.shape import Line, heading_kind, read_line
from pipelines.scrub.tail import box_lines, tail_start

# What one pass cuts may bring another line to the top or the end; real pages settle in two passes.
_MAX_PASSES = 20
# Each cut reads the paragraph again.
_MAX_CAPTIONS = 20


def scrub_draft(draft: Draft, *, min_words: int = 25) -> Draft | Rejection:
    """Return the draft without what is not the article, or the rejection too_short when under min_words words of body are left.

    Cut pieces go to ``removed``, in page order, with a reason: tail, headline, standfirst, byline, author, repeated, caption, credit, related,
    newsletter, app, follow, donate, share, ad, comments, tip, audio, consent, paywall, tags, furniture, timestamp, label. Scrubbing twice
    equals once. Lines that say who wrote the text or where it came from are attribution's and stay, unless they stand in the tail.
    """
    blocks, removed = _with_headings_back(draft)
    lines: Sequence[Line] = [read_line(block) for block in blocks]
    for _ in range(_MAX_PASSES):
        lines, cut = _scrub_once(lines, draft)
        if not cut:
            break
        removed.extend(cut)
    words = sum(line.words for line in lines)
    if words < min_words:
        return Rejection(url=draft.url, stage="scrub", reason="too_short", detail=f"{words} words, at least {min_words}")
    removed.sort(key=lambda piece: piece.position)
    return replace(draft, blocks=tuple(line.block for line in lines), removed=tuple(removed))


def _with_headings_back(draft: Draft) -> tuple[list[Block], list[Removed]]:
    """Return (blocks, removed) with headings of other stories that the extractor cut, put back: without them their teasers look like text.

    Scrubbing cuts such a heading wherever it stands.
    """
    if not draft.blocks:
        return [], list(draft.removed)
    first = draft.blocks[0].position
    back = [
        piece
        for piece in draft.removed
        if piece.reason == "boilerplate" and piece.position > first and heading_kind(piece.text) in ("final", "inline")
    ]
    headings = [Block(text=piece.text, kind="heading", position=piece.position) for piece in back]
    return sorted((*draft.blocks, *headings), key=lambda block: block.position), [piece for piece in draft.removed if piece not in back]


def _scrub_once(lines: Sequence[Line], draft: Draft) -> tuple[list[Line], list[Removed]]:
    start = tail_start(lines)
    # Once: the lines below it are cut for what they are, whatever else they look like.
    removed = [_removed(line, "tail") for line in lines[start:]] if start is not None else []
    kept: list[Line] = []
    lines = lines[:start]
    for line, reason in zip(lines, _reasons(lines), strict=True):
        if reason is not None:
            removed.append(_removed(line, reason))
        else:
            kept.extend(_without_caption(line, removed))
    repeats = repeat_reasons(
        [line.block for line in kept],
        title=draft.title,
        standfirst=draft.standfirst,
        authors=draft.authors,
        labels=(*draft.tags, *filter(None, [draft.section])),
    )
    removed += [_removed(line, reason) for line, reason in zip(kept, repeats, strict=True) if reason is not None]
    return [line for line, reason in zip(kept, repeats, strict=True) if reason is None], removed


def _reasons(lines: Sequence[Line]) -> list[str | None]:
    """Why each line is furniture: by its own words, as part of a box of other stories, or beside its like."""
    in_box = box_lines(lines)
    reasons = [line.reason or ("related" if index in in_box else None) for index, line in enumerate(lines)]
    for order in (range(1, len(lines)), range(len(lines) - 2, -1, -1)):
        step = order.step
        for index in order:
            beside = reasons[index - step]
            if beside is not None and reasons[index] is None and belongs_beside(lines[index].block.text, beside):
                reasons[index] = beside
    return reasons


def _without_caption(line: Line, removed: list[Removed]) -> Iterable[Line]:
    """Yield the line without the captions at its end, if anything of it is left; what was cut is added to removed."""
    for _ in range(_MAX_CAPTIONS):
        if line.cut is None:
            break
        removed.append(Removed(reason=line.cut.reason, text=line.cut.removed, position=line.block.position))
        if not line.cut.kept:
            return
        line = read_line(replace(line.block, text=line.cut.kept))
    yield line


def _removed(line: Line, reason: str) -> Removed:
    return Removed(reason=reason, text=line.block.text, position=line.block.position)
