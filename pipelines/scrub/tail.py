"""Other stories below or within the article: the tail under a heading such as "You May Also Like", a box in the midst, truncated teasers.

What is a box and what the story that goes on is told by the shape of what follows: teasers are headlines without a full stop or break off, each
with at most one short summary; a story comes in paragraphs.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.scrub.shape import Line, ends_sentence

# A paragraph of so many words is the story's, whatever stands above it.
STORY_WORDS = 40
_MAX_BOX_ITEMS = 12
# A page with more is no article; each costs a look at all that follows.
_MAX_HEADINGS = 100
_MAX_ITEM_WORDS = 25
_MAX_SUBHEAD_WORDS = 4
_MIN_HEADLINE_WORDS = 3
_MAX_HEADLINE_WORDS = 22


def tail_start(lines: Sequence[Line]) -> int | None:
    """Return the index of the line at which the tail begins, None if the article runs to the end."""
    heading = _tail_heading(lines)
    teasers = _trailing_teasers(lines[:heading])
    return teasers if teasers is not None else heading


def box_lines(lines: Sequence[Line]) -> set[int]:
    """Return the indices of the lines of boxes within the story: a heading of other stories and the teasers below it."""
    found: set[int] = set()
    for index, line in enumerate(lines):
        if line.heading is None or index in found:
            continue
        end = _box_end(lines, index)
        # "More from the northern shore" may be a sub-head; with a teaser below it, or nothing, it is none.
        if line.heading != "opens" or end > index + 1 or (end == len(lines) and not line.is_plain):
            found.update(range(index, end))
    return found


def _tail_heading(lines: Sequence[Line]) -> int | None:
    """The first heading of other stories behind which the article does not go on."""
    headings = [index for index, line in enumerate(lines) if line.heading is not None and index][:_MAX_HEADINGS]
    if not headings:
        return None
    words_in_all = sum(line.words for line in lines)
    words_after = words_in_all
    next_index = 0
    for index in headings:
        words_after -= sum(line.words for line in lines[next_index : index + 1])
        next_index = index + 1
        is_late = words_after <= words_in_all / 3 or index >= 2 * len(lines) / 3
        after = lines[index + 1 :]
        if not any(line.is_prose for line in lines[:index]):
            continue
        if not after and lines[index].heading != "final":
            continue
        # A heading that is left alone at the end has lost its teasers to the extractor.
        if all(line.is_teaser for line in after) or ((is_late or _are_cards(after)) and not _goes_on(lines[index], after)):
            return index
    return None


def _goes_on(heading: Line, after: Sequence[Line]) -> bool:
    """Whether the story goes on somewhere after a heading of other stories."""
    if any(line.words >= STORY_WORDS and not line.is_teaser for line in after):
        return True
    sentences = [index for index, line in enumerate(after) if not line.is_teaser]
    free = [index for index in sentences if not _is_summary(after, index)]
    prose = [index for index in sentences if after[index].is_prose]
    if heading.heading == "final":
        return len(free) >= 2 and any(index in free for index in prose)
    # A single link and the last words of the story look like a teaser and its summary.
    is_last_sentence = sentences == [len(after) - 1]
    return bool(free) or is_last_sentence or len(prose) >= sum(line.is_teaser for line in after)


def _are_cards(after: Sequence[Line]) -> bool:
    """Headlines, two at least, each with a short summary or none."""
    headlines = sum(line.is_teaser for line in after)
    return headlines >= 2 and all(line.is_teaser or (_is_summary(after, index) and not line.is_prose) for index, line in enumerate(after))


def _is_summary(after: Sequence[Line], index: int) -> bool:
    """A short text between a headline and the next, or behind the last."""
    return index > 0 and after[index - 1].is_teaser and (index + 1 == len(after) or after[index + 1].is_teaser)


def _box_end(lines: Sequence[Line], heading: int) -> int:
    """The index behind the last line of a box."""
    end = heading + 1
    while end < len(lines) and end - heading <= _MAX_BOX_ITEMS and _is_item(lines, end, heading):
        end += 1
    return end


def _is_item(lines: Sequence[Line], index: int, heading: int) -> bool:
    line = lines[index]
    if line.block.kind == "list_item" and line.words < _MAX_ITEM_WORDS:
        return True
    if not line.is_teaser or line.heading is not None:
        return False
    before = lines[index - 1]
    if before.block.kind == "list_item" and index > heading + 1 and line.reason is None:
        # A list ends with its last item.
        return False
    if index + 1 == len(lines) or lines[index + 1].is_teaser or line.reason is not None:
        return True
    # Right above a paragraph: the last teaser, or the story's own sub-head. Link lists may have lost their links to the extractor.
    if index == heading + 1:
        return line.block.kind != "heading"
    return before.block.kind == line.block.kind and (line.block.kind != "heading" or line.words > _MAX_SUBHEAD_WORDS)


def _trailing_teasers(lines: Sequence[Line]) -> int | None:
    """Where a run of at least two truncated lines begins that ends the text, the headlines above them included."""
    start, truncated = len(lines), 0
    index = len(lines) - 1
    while index > 0 and lines[index].is_teaser:
        if lines[index].is_truncated:
            truncated += 1
            start = index
            if index > 1 and _is_headline(lines[index - 1]):
                start = index = index - 1
        elif truncated == 0 and not _is_headline(lines[index]):
            break
        index -= 1
    if truncated < 2:
        return None
    if _is_missing_its_headline(lines, start, truncated):
        start -= 1
    return start


def _is_missing_its_headline(lines: Sequence[Line], start: int, truncated: int) -> bool:
    """Whether all truncated lines but the first have a headline above them, so that the line above the first is one, full stop or not."""
    if start < 2 or not lines[start].is_truncated or len(lines) - start != 2 * truncated - 1:
        return False
    above = lines[start - 1]
    return above.words <= _MAX_HEADLINE_WORDS and not above.is_origin


def _is_headline(line: Line) -> bool:
    is_short = _MIN_HEADLINE_WORDS <= line.words <= _MAX_HEADLINE_WORDS
    return is_short and not line.is_truncated and (line.block.kind == "heading" or not ends_sentence(line.block.text))
