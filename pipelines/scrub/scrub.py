"""The order of the rules, and the draft that they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.records import Block, Draft, Rejection, Removed
from pipelines.scrub.captions import cut_caption
from pipelines.scrub.lines import furniture_reason
from pipelines.scrub.repeats import cut_repeats
from pipelines.scrub.tail import is_tail_heading, tail_start
from pipelines.text import count_words

# What one pass cuts may bring another line to the top or the end; real pages settle in two passes.
_MAX_PASSES = 20


def scrub_draft(draft: Draft, *, min_words: int = 25) -> Draft | Rejection:
    """Return the draft without what is not the article, or the rejection too_short when under min_words words of body are left.

    Cut pieces go to ``removed``, in page order, with a reason: tail, headline, standfirst, byline, repeated, caption, credit, related, newsletter,
    app, follow, donate, share, ad, comments, tip, audio, consent, paywall, furniture, timestamp, author, label. Scrubbing twice equals once. Lines that say
    who wrote the text or where it came from are attribution's and stay, unless they stand in the tail.
    """
    blocks: Sequence[Block] = draft.blocks
    removed = list(draft.removed)
    for _ in range(_MAX_PASSES):
        left, cut = _scrub_once(blocks, draft)
        if not cut:
            break
        blocks = left
        removed.extend(cut)
    words = sum(count_words(block.text) for block in blocks)
    if words < min_words:
        return Rejection(url=draft.url, stage="scrub", reason="too_short", detail=f"{words} words, at least {min_words}")
    removed.sort(key=lambda piece: piece.position)
    return replace(draft, blocks=tuple(blocks), removed=tuple(removed))


def _scrub_once(blocks: Sequence[Block], draft: Draft) -> tuple[list[Block], list[Removed]]:
    start = tail_start(blocks)
    tail = blocks[start:] if start is not None else ()
    # Once: the parts below it are cut for what they are, whatever else they look like.
    removed = [Removed(reason="tail", text=block.text, position=block.position) for block in tail]
    labels = (*draft.tags, *filter(None, [draft.section]))
    kept, repeats = cut_repeats(blocks[:start], title=draft.title, standfirst=draft.standfirst, authors=draft.authors, labels=labels)
    kept, lines = _cut_lines(kept)
    kept, captions = _cut_captions(kept)
    return kept, removed + repeats + lines + captions


def _cut_lines(blocks: Sequence[Block]) -> tuple[list[Block], list[Removed]]:
    kept: list[Block] = []
    removed: list[Removed] = []
    below_teaser_heading = False
    for block in blocks:
        reason = furniture_reason(block.text)
        if reason is None and below_teaser_heading and block.kind == "list_item" and count_words(block.text) < 25:
            # The items of a list whose heading was "Related stories".
            reason = "related"
        elif block.kind != "list_item":
            below_teaser_heading = reason == "related" and is_tail_heading(block.text)
        if reason:
            removed.append(Removed(reason=reason, text=block.text, position=block.position))
        else:
            kept.append(block)
    return kept, removed


def _cut_captions(blocks: Sequence[Block]) -> tuple[list[Block], list[Removed]]:
    kept: list[Block] = []
    removed: list[Removed] = []
    for block in blocks:
        cut = cut_caption(block.text)
        if cut is None:
            kept.append(block)
            continue
        removed.append(Removed(reason=cut.reason, text=cut.removed, position=block.position))
        if cut.kept:
            kept.append(replace(block, text=cut.kept))
    return kept, removed
