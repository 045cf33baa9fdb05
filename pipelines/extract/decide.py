"""Which blocks of a page are its article: the block model's word, trafilatura's as second opinion, and a reason for everything that is cut."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from lxml.html import HtmlElement
from numpy.typing import NDArray

from pipelines.extract.block_model import BlockModel
from pipelines.extract.class_groups import bits_of
from pipelines.extract.features import FEATURES, SENTENCE_ENDS, candidates
from pipelines.extract.page_blocks import PageBlock, zone_bits
from pipelines.extract.page_facts import PageFacts
from pipelines.extract.trafilatura_text import trafilatura_text

KEEP_ABOVE = 0.5
# Where a page would be left with less than this, doubtful blocks are kept too.
MIN_WORDS = 40
KEEP_ABOVE_WHEN_THIN = 0.15
# Doubt per kept word from which trafilatura is asked: a tenth of news pages. Where nothing says that the page is an article, it always is.
UNSURE_ABOVE = 0.15
# Its weight beside the model; at one half the share of exact pages falls by two thirds.
SECOND_OPINION_WEIGHT = 0.4
# Share of the model's words that trafilatura's quick look must have found; else it is asked with all its fallbacks.
ENOUGH_AGREEMENT = 0.8
# jusText inside it is quadratic in blocks and in depth (6,000 headings: 10 s); larger pages go by the model alone.
_MAX_BLOCKS_FOR_OPINION = 3_000
_MAX_DEPTH_FOR_OPINION = 500
# Its search for the text of paragraphs is quadratic in elements (42,000 links in 700 paragraphs: 17 s).
_MAX_ELEMENTS_FOR_OPINION = 15_000
# A class alone cuts a block of so many words at most, and only where the model is not certain of it.
_MAX_MARKED_WORDS = 25
CERTAIN = 0.9
_MIN_LINK_WORDS = 4
_WHOLE_LINK = 0.95
_MAX_WORDS_WEIGHED = 80
_SHINGLE_WORDS = 4
_WORD = re.compile(r"\w+")

HEADLINE = "headline"
# Reasons for a cut by what the classes around a block speak of, first that applies.
CLASS_REASONS = (
    ("caption", bits_of("media")), ("comments", bits_of("comment")), ("newsletter", bits_of("promo")), ("share", bits_of("share")),
    ("ad", bits_of("ad")), ("related", bits_of("related")), ("byline", bits_of("author")), ("timestamp", bits_of("time")),
    ("consent", bits_of("wall")), ("tags", bits_of("crumb")), ("related", bits_of("teaser")),
)  # fmt: skip
_FIGURE = zone_bits("figure")
_FURNITURE = bits_of("media", "promo", "comment", "share", "ad")
_TEXT = bits_of("body", "para", "article", "title", "lead", "quote")
_IS_DESCRIPTION, _NEAR_LEAD, _IS_BEFORE = (FEATURES.index(name) for name in ("is_description", "near_lead", "is_before"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """The blocks of the article, those that are not, each with the reason, and how sure that is."""

    kept: list[PageBlock]
    cut: list[tuple[str, PageBlock]]
    doubt: float | None
    """Words that may be decided wrongly, per kept word; None where nothing can be said. 0 is certain, over 0.15 asks for a second opinion."""


def decide_blocks(
    blocks: Sequence[PageBlock], facts: PageFacts, tree: HtmlElement, *, model: BlockModel | None, headlines: Collection[str] = ()
) -> Decisions:
    """Return which blocks are the article. headlines: keys of lines that only repeat the headline, stated titles aside.

    model: None leaves the decision to trafilatura alone.
    """
    candidate_blocks, rows = candidates(blocks, facts)
    if not candidate_blocks:
        return Decisions(kept=[], cut=[], doubt=None)
    words = np.array([block.words for block in candidate_blocks])
    is_headline = np.array([block.key in facts.titles or block.key in headlines for block in candidate_blocks])
    doubt = None
    if model is not None:
        is_marked = np.array([_is_marked_furniture(block) for block in candidate_blocks])
        probabilities = model.predict(rows)
        doubt = _doubt(probabilities, words)
        is_stated = facts.has_article or facts.is_og_article
        is_unsure = not is_stated or doubt > UNSURE_ABOVE or words[probabilities > KEEP_ABOVE].sum() < MIN_WORDS
        if is_unsure and _may_ask(blocks, tree):
            weigh = partial(_weigh, probabilities, is_standfirst=_is_standfirst(rows))
            least, most = (_is_kept(weigh(opinion), is_marked, is_headline) for opinion in (0.0, 1.0))
            # Where no opinion changes what is kept, none is asked for: it costs more than all else.
            if (least != most).any() or words[least].sum() < MIN_WORDS:
                probabilities = weigh(_second_opinion(candidate_blocks, words, probabilities, tree))
    else:
        is_marked = np.zeros(len(candidate_blocks), np.bool_)
        probabilities = share_in(candidate_blocks, trafilatura_text(tree))
    is_kept = _is_kept(probabilities, is_marked, is_headline)
    if words[is_kept].sum() < MIN_WORDS:
        is_kept = _is_kept(probabilities, is_marked, is_headline, above=KEEP_ABOVE_WHEN_THIN)
    kept = [block for block, keep in zip(candidate_blocks, is_kept, strict=True) if keep]
    cut = [
        (HEADLINE if headline else reason_of_cut(block), block)
        for block, keep, headline in zip(candidate_blocks, is_kept, is_headline, strict=True)
        if not keep
    ]
    return Decisions(kept=kept, cut=cut, doubt=doubt)


def _may_ask(blocks: Sequence[PageBlock], tree: HtmlElement) -> bool:
    """Say whether trafilatura can read a page of such a size in time."""
    return (
        len(blocks) <= _MAX_BLOCKS_FOR_OPINION
        and max(block.container.depth for block in blocks) <= _MAX_DEPTH_FOR_OPINION
        and tree.xpath("count(//*)") <= _MAX_ELEMENTS_FOR_OPINION
    )


def _is_kept(
    probabilities: NDArray[np.float64], is_marked: NDArray[np.bool_], is_headline: NDArray[np.bool_], *, above: float = KEEP_ABOVE
) -> NDArray[np.bool_]:
    return (probabilities > above) & ~(is_marked & (probabilities < CERTAIN)) & ~is_headline


def _second_opinion(
    blocks: Sequence[PageBlock], words: NDArray[np.int64], probabilities: NDArray[np.float64], tree: HtmlElement
) -> NDArray[np.float64]:
    """Share of each block that stands in trafilatura's text."""
    opinion = share_in(blocks, trafilatura_text(tree, fast=True))
    kept_words = words * (probabilities > KEEP_ABOVE)
    if (kept_words * opinion).sum() < ENOUGH_AGREEMENT * kept_words.sum():
        opinion = share_in(blocks, trafilatura_text(tree))
    return opinion


def _weigh(
    probabilities: NDArray[np.float64], opinion: NDArray[np.float64] | float, *, is_standfirst: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The model's word weighed with trafilatura's, which is not asked of a standfirst: it loses half of them."""
    weighed = (1 - SECOND_OPINION_WEIGHT) * probabilities + SECOND_OPINION_WEIGHT * opinion
    return np.where(is_standfirst, probabilities, weighed)


def _is_standfirst(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    is_standfirst: NDArray[np.bool_] = (rows[:, _IS_DESCRIPTION] > 0) | ((rows[:, _NEAR_LEAD] > 0) & (rows[:, _IS_BEFORE] > 0))
    return is_standfirst


def _is_marked_furniture(block: PageBlock) -> bool:
    """A short block that its own markup gives away.

    Its class says that it is a caption, a prompt or the like, and nothing that speaks for text; or it is one link as a whole and no sentence.
    """
    if block.words >= _MAX_MARKED_WORDS:
        return False
    groups = block.container.groups
    if groups & _FURNITURE and not groups & _TEXT:
        return True
    return block.words >= _MIN_LINK_WORDS and block.link_share >= _WHOLE_LINK and not block.text.endswith(SENTENCE_ENDS)


def _doubt(probabilities: NDArray[np.float64], words: NDArray[np.int64]) -> float:
    """Words times the chance that they are decided wrongly, per kept word."""
    kept_words = max(MIN_WORDS, int(words[probabilities > KEEP_ABOVE].sum()))
    wrong = np.minimum(words, _MAX_WORDS_WEIGHED) * np.minimum(probabilities, 1 - probabilities)
    return float(wrong.sum() / kept_words)


def share_in(blocks: Sequence[PageBlock], text: str) -> NDArray[np.float64]:
    """Share of each block's word-4 shingles that stand in text; a shorter block counts as a whole."""
    words = _WORD.findall(text)
    shingles = word_shingles(words)
    line = f" {' '.join(words)} "
    shares = []
    for block in blocks:
        own = _WORD.findall(block.text)
        own_shingles = word_shingles(own)
        if own_shingles:
            shares.append(len(own_shingles & shingles) / len(own_shingles))
        else:
            shares.append(float(bool(own) and f" {' '.join(own)} " in line))
    return np.array(shares)


def word_shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    """Return the runs of four words; empty for fewer."""
    return set(zip(*(words[start:] for start in range(_SHINGLE_WORDS)), strict=False))


def reason_of_cut(block: PageBlock) -> str:
    """Return for what a block that was decided against is cut: what its markup says that it holds."""
    container = block.container
    if container.zones & _FIGURE:
        return "caption"
    near = container.groups | (container.parent.groups if container.parent is not None else 0) | block.inline_groups
    for groups in (near, container.all_groups):
        for reason, bits in CLASS_REASONS:
            if groups & bits:
                return reason
    return "related" if block.link_share > 0.9 else "boilerplate"
