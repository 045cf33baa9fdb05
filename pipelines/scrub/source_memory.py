"""Source memory: short lines that stand on many different articles of one source are its boilerplate, whatever they say.

No word list and no model knows every "Our newsroom is open to all." of the world; a crawl sees it on every page. The log is noted down line
by line (``note_lines``), what repeats is learned (``learn_lines``) and cut from later articles (``cut_source_lines``). What was cut goes on
counting, so that it is not unlearned. What repeats by right is never cut: paragraphs, datelines, bylines, lines for attribution, and
whatever may be a subheading.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pipelines.records import Block, Draft, LineNote, Removed, SourceLines
from pipelines.scrub.authors import author_names, is_byline
from pipelines.scrub.rules import fold, line_rules
from pipelines.text import count_words, matching_form

LONG_WORDS = 25
"""From so many words on a block is a paragraph: it belongs to the running text and is neither noted nor cut. Sentences of background that a
paper repeats from story to story are longer, prompts and labels are shorter."""
MAX_LINE_CHARS = 240
MAX_NOTED_LINES = 32
"""Of an article's short lines those nearest to its ends; a table of results has hundreds."""
MIN_ARTICLES = 5
MIN_SHARE = 0.3
"""A line above or below the running text is learned from so many different articles, and this share of the source's last ones."""
MIN_ARTICLES_ANYWHERE = 10
MIN_SHARE_ANYWHERE = 0.5
"""A line between long paragraphs is more likely to be meant: twice the evidence is asked for, and a form that no subheading has."""
MAX_SUBHEADING_WORDS = 6
"""Of those that many articles share: "What happened", "What we know so far"."""

_MAX_DATELINE_WORDS = 8
_DATELINE_END = re.compile(r"(?:[-–—―]|\([^()]{2,25}\))\s?[-–—―:.]?$")
_SENTENCE_END = re.compile(r"[.!…。！][\"”’'»)」]{0,2}$")
_TWO_LETTERS = re.compile(r"[^\W\d_].*?[^\W\d_]")
_INTRODUCES = (":", "：", "?", "？")


def note_lines(text: str, *, removed: Iterable[tuple[str, str]] = (), authors: Sequence[str] = (), dateline: str | None = None) -> LineNote:
    """Return the short lines of an article of the log, from the columns of its row; removed are its (reason, text).

    A line is known by a 64-bit hash of its matching form: case, punctuation and spaces make no difference.
    """
    paragraphs = [paragraph for paragraph in text.split("\n\n") if paragraph]
    long = [place for place, paragraph in enumerate(paragraphs) if _is_long(paragraph)]
    first, last = _running_text(long, len(paragraphs))
    edge = {key for reason, piece in removed if reason == "repeated_on_source" and (key := _line_key(piece)) is not None}
    inside: set[int] = set()
    by_distance = sorted(set(range(len(paragraphs))).difference(long), key=lambda place: (min(place, len(paragraphs) - 1 - place), place))
    for place in by_distance:
        if len(edge) + len(inside) >= MAX_NOTED_LINES:
            break
        line = paragraphs[place]
        key = _line_key(line)
        if key is None or is_meant(line, authors=authors, is_above=place < first) or _is_dateline(line, dateline):
            continue
        (inside if first <= place <= last else edge).add(key)
    # The smallest hash of a set is equal in two sets as often as they overlap (MinHash): versions of one text are mostly one body.
    body = min(map(_hash, [paragraphs[place] for place in long] or [text]))
    return LineNote(body=body, edge=tuple(sorted(edge)), inside=tuple(sorted(inside - edge)))


def learn_lines(notes: Iterable[LineNote]) -> SourceLines:
    """Return the boilerplate of a source, from the notes of its last articles, each URL once; their order makes no difference.

    Articles with the same body count once.
    """
    notes = list(notes)
    bodies = len({note.body for note in notes})
    at_edge = Counter(line for line, _ in {(line, note.body) for note in notes for line in note.edge})
    in_all = Counter(line for line, _ in {(line, note.body) for note in notes for line in (*note.edge, *note.inside)})
    enough, enough_anywhere = max(MIN_ARTICLES, MIN_SHARE * bodies), max(MIN_ARTICLES_ANYWHERE, MIN_SHARE_ANYWHERE * bodies)
    return SourceLines(
        edge=frozenset(line for line, number in at_edge.items() if number >= enough),
        anywhere=frozenset(line for line, number in in_all.items() if number >= enough_anywhere),
    )


def cut_source_lines(draft: Draft, known: SourceLines, *, min_words: int = 25) -> Draft:
    """Return the draft without its source's boilerplate, which goes to ``removed`` as ``repeated_on_source``; itself if nothing is cut.

    Cut are known lines that end the text or, unless they are headings, open it. A known line with text of the article both above and below
    goes only if it is no subheading: a paragraph that ends like a sentence, has more than six words, or stands more than once. Between long
    paragraphs it must be known as boilerplate anywhere. Nothing is cut if fewer than min_words words would be left.
    """
    if not known.edge and not known.anywhere:
        return draft
    places = _places_to_cut(draft, known)
    kept = tuple(block for place, block in enumerate(draft.blocks) if place not in places)
    if not places or sum(count_words(block.text) for block in kept) < min_words:
        return draft
    cut = [Removed(reason="repeated_on_source", text=draft.blocks[place].text, position=draft.blocks[place].position) for place in places]
    removed = sorted((*draft.removed, *cut), key=lambda piece: piece.position)
    return replace(draft, blocks=kept, removed=tuple(removed))


def is_meant(line: str, *, authors: Sequence[str] = (), is_above: bool = False) -> bool:
    """Say whether a short line may repeat by right: a byline, a line that says where the text came from, a dateline above the running text."""
    return (
        is_byline(line, author_names(authors)) or bool(line_rules().origin.search(fold(line))) or (is_above and _has_form_of_dateline(line))
    )


def _places_to_cut(draft: Draft, known: SourceLines) -> set[int]:
    blocks = draft.blocks
    long = [place for place, block in enumerate(blocks) if _is_long(block.text)]
    first, last = _running_text(long, len(blocks))
    short = {place: key for place in set(range(len(blocks))).difference(long) if (key := _line_key(blocks[place].text)) is not None}
    if (known.edge | known.anywhere).isdisjoint(short.values()):
        return set()
    meant = {place for place in short if is_meant(blocks[place].text, authors=draft.authors, is_above=place < first)}
    keys = {place: key for place, key in short.items() if place not in meant}
    at_edge = {place for place, key in keys.items() if not first <= place <= last and key in known.edge | known.anywhere}
    inside = {place for place, key in keys.items() if first <= place <= last and key in known.anywhere}
    # A byline or a line for attribution is no text of the article that a label could head.
    ends = set(_run(range(len(blocks) - 1, -1, -1), at_edge | meant))
    opens = set(_run(range(len(blocks)), {place for place in at_edge if blocks[place].kind != "heading"} | meant))
    often = {key for key, number in Counter(keys.values()).items() if number > 1}
    between = {place for place in at_edge | inside if _is_no_subheading(blocks[place], is_often=keys[place] in often)}
    return (ends | opens | between) - meant


def _run(places: Iterable[int], wanted: set[int]) -> Iterator[int]:
    """The first places, for as long as they are wanted."""
    for place in places:
        if place not in wanted:
            return
        yield place


def _is_no_subheading(block: Block, *, is_often: bool) -> bool:
    if block.kind != "paragraph" or block.text.endswith(_INTRODUCES):
        return False
    return is_often or count_words(block.text) > MAX_SUBHEADING_WORDS or _SENTENCE_END.search(block.text) is not None


def _running_text(long: Sequence[int], count: int) -> tuple[int, int]:
    """From the first to the last of the long paragraphs; without any, all of the count paragraphs are running text."""
    return (long[0], long[-1]) if long else (0, count - 1)


def _is_long(text: str) -> bool:
    return len(text) > MAX_LINE_CHARS or count_words(text) >= LONG_WORDS


def _line_key(text: str) -> int | None:
    """The hash by which a short line is known; None for less than two letters: stars, numbers, the "Q" of an interview."""
    form = matching_form(text)
    return _hash(form) if _TWO_LETTERS.search(form) else None


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _is_dateline(line: str, dateline: str | None) -> bool:
    """Whether a line is the article's dateline, with its date and agency."""
    place = matching_form(dateline or "")
    return bool(place) and count_words(line) <= _MAX_DATELINE_WORDS and f"{matching_form(line)} ".startswith(f"{place} ")


def _has_form_of_dateline(line: str) -> bool:
    """Whether a line looks like "ANKARA", "Berlin (dpa)" or "Paris, May 3 —"."""
    return count_words(line) <= _MAX_DATELINE_WORDS and (line.isupper() or _DATELINE_END.search(line) is not None)
