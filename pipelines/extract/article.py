"""A parsed page becomes a draft: text blocks by the chosen extractor, metadata by our own rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby

from pipelines.errors import ExtractionError
from pipelines.extract.authors import find_authors, find_byline
from pipelines.extract.block_model import BlockModel, load_model
from pipelines.extract.dates import find_dates
from pipelines.extract.decide import MIN_WORDS, decide_blocks
from pipelines.extract.markup import plain_paragraphs
from pipelines.extract.page_blocks import MAX_BLOCKS, Container, PageBlock, page_blocks
from pipelines.extract.page_facts import read_facts
from pipelines.extract.parse import reject
from pipelines.extract.signals import find_is_free, find_language, find_section, find_tags, find_tdm_reserved
from pipelines.extract.standfirst import find_standfirst
from pipelines.extract.title import find_title, headline_keys, read_headlines
from pipelines.extract.trafilatura_text import VERSION as TRAFILATURA_VERSION
from pipelines.records import Block, Draft, FetchedPage, ParsedPage, Rejection, Removed

EXTRACTORS = ("blocks", "trafilatura")
"""Who decides what is text: the block model with trafilatura as second opinion, or trafilatura alone. Values of the setting EXTRACTOR."""
# Dense in marks or ligatures, more would grow to hundreds of megabytes in normal form.
MAX_TEXT_CHARS = 600_000
_BLOCKS_OF_A_LIST = 15
_LINK_LIST_SHARE = 0.8
_MIN_PROSE_WORDS = 25


def extract_article(
    parsed: ParsedPage,
    page: FetchedPage,
    *,
    extractor: str = "blocks",
    model: BlockModel | None = None,
    blocks: Sequence[PageBlock] | None = None,
) -> Draft | Rejection:
    """Return the article as a draft, or why there is none: too_large, no_text, not_article (a list of links).

    Blocks are in page order; what was decided against is in ``removed`` with a reason. model: another block model than the one that ships,
    for measuring. blocks: those of ``page_blocks``, fresh from the page, if the caller has them. Raises ExtractionError for an extractor that does not exist.
    """
    if extractor not in EXTRACTORS:
        raise ExtractionError(f"extractor must be one of {list(EXTRACTORS)}, got {extractor!r}")
    model = (model or load_model()) if extractor == "blocks" else None
    on_page = page_blocks(parsed.tree) if blocks is None else blocks
    if len(on_page) >= MAX_BLOCKS:
        return reject(page, "too_large", f"{MAX_BLOCKS} blocks of text and more")
    facts, headlines = read_facts(parsed), read_headlines(parsed)
    decisions = decide_blocks(on_page, facts, parsed.tree, model=model, headlines=headline_keys(headlines))
    kept = decisions.kept
    if (chars := sum(len(block.text) for block in kept)) > MAX_TEXT_CHARS:
        return reject(page, "too_large", f"{chars} characters of text, at most {MAX_TEXT_CHARS}")
    if _is_link_list(kept, on_page):
        return reject(page, "not_article", f"{len(kept) or len(on_page)} blocks, nearly all links")
    standfirst = find_standfirst(kept, facts)
    text = _as_text([block for block in kept if block is not standfirst])
    if sum(block.words for block in kept) < MIN_WORDS:
        text = _body_stated(parsed, words=sum(block.words for block in kept)) or text
    if not text:
        return reject(page, "no_text", f"{sum(block.words for block in on_page)} words on the page, none of them in an article")
    title = find_title(parsed, on_page, headlines=headlines)
    dates = find_dates(parsed, page, on_page, title=title)
    return Draft(
        url=parsed.url,
        canonical_url=parsed.canonical_url,
        title=title,
        standfirst=standfirst.text if standfirst is not None else None,
        blocks=tuple(text),
        removed=tuple(Removed(reason=reason, text=block.text, position=block.position) for reason, block in decisions.cut),
        authors=find_authors(parsed, on_page, title=title),
        byline=find_byline(parsed),
        language=find_language(parsed),
        section=find_section(parsed),
        tags=find_tags(parsed),
        published_at=dates.published_at,
        modified_at=dates.modified_at,
        date_source=dates.date_source,
        is_free=find_is_free(parsed),
        tdm_reserved=find_tdm_reserved(parsed),
        quality=None if decisions.doubt is None else round(max(0.0, 1.0 - decisions.doubt), 3),
        extractor=_versions(model),
    )


def _as_text(kept: Sequence[PageBlock]) -> list[Block]:
    """The blocks as text; the cells of one table row are one block, parted by " | "."""
    blocks: list[Block] = []
    for row, group in groupby(kept, key=_row_of):
        cells = list(group)
        if row is None:
            blocks.extend(Block(text=block.text, kind=block.kind, position=block.position) for block in cells)
        else:
            blocks.append(Block(text=" | ".join(cell.text for cell in cells), kind="table", position=cells[0].position))
    return blocks


def _row_of(block: PageBlock) -> Container | None:
    container: Container | None = block.container
    if block.kind != "table":
        return None
    while container is not None and container.tag not in ("tr", "table"):
        container = container.parent
    return container if container is not None and container.tag == "tr" else None


def _body_stated(parsed: ParsedPage, *, words: int) -> list[Block]:
    """The articleBody of JSON-LD where the page shows little of it, as on pages that a script draws; [] where it has not twice the words.

    Paragraphs run together there as often as not, so it is the last resort.
    """
    body = parsed.article_ld.get("articleBody")
    if not isinstance(body, str) or len(body.split()) < 2 * words + 1:
        return []
    return [Block(text=text, position=position) for position, text in enumerate(plain_paragraphs(body))]


def _is_link_list(kept: Sequence[PageBlock], page: Sequence[PageBlock]) -> bool:
    """Say whether the kept text is a list of links, as on a front page or a tag page, rather than something to read.

    Where little was kept, the page as a whole is judged: no paragraph, and nearly all links.
    """
    if len(kept) >= _BLOCKS_OF_A_LIST:
        return _link_words(kept) > _LINK_LIST_SHARE * sum(block.words for block in kept)
    has_prose = any(block.words >= _MIN_PROSE_WORDS and block.link_share < 0.5 for block in page)
    return not has_prose and len(page) >= _BLOCKS_OF_A_LIST and _link_words(page) > _LINK_LIST_SHARE * sum(block.words for block in page)


def _link_words(blocks: Sequence[PageBlock]) -> float:
    return sum(block.words * block.link_share for block in blocks)


def _versions(model: BlockModel | None) -> str:
    """What decided, for the column ``extractor``."""
    by_model = f"block-model/{model.version} " if model is not None else ""
    return f"{by_model}{TRAFILATURA_VERSION} copydesk/{_own_version()}"


@cache
def _own_version() -> str:
    try:
        return version("copydesk")
    except PackageNotFoundError:
        return "0"
