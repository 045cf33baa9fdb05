"""The order of the stages: one page to one article, and the store that takes the articles in.

``process_page`` runs in a worker process, with one parsed page handed along. Attribution looks at the page before text is cut and
decides after; whatever is cut travels with the article in ``removed``.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.attribute import attribute_draft, load_agencies, read_marks
from pipelines.dedup import FOLD_CHARACTERS, FOLD_SIZE, MINHASH_SCHEME, minhash_bytes
from pipelines.errors import CorpusError
from pipelines.extract import BlockModel, explain_thin, extract_article, page_blocks, parse_drawn_page, parse_page
from pipelines.records import (
    Article,
    Attribution,
    Document,
    Draft,
    FetchedPage,
    ParsedPage,
    Rejection,
    Removed,
    SourceLines,
    make_article_id,
)
from pipelines.scrub import cut_source_lines, learn_lines, note_lines, scrub_draft
from pipelines.text import count_words, text_hash
from pipelines.urls import clean_url, host_of, identity_url

if TYPE_CHECKING:
    from pipelines.corpus import Store, Tally

logger = logging.getLogger(__name__)

STAGES = ("discover", "fetch", "extract", "scrub", "attribute", "store")
"""Every URL passes them in this order and leaves at one of them, or is stored."""
# Rejections for want of text: the page may say why there is none.
_THIN = ("no_text", "too_short")


@dataclass(frozen=True, slots=True)
class _Options:
    extractor: str
    min_words: int
    source_lines: SourceLines
    model: BlockModel | None


def process_page(
    page: FetchedPage,
    *,
    extractor: str = "blocks",
    min_words: int = 25,
    source_lines: SourceLines | None = None,
    model: BlockModel | None = None,
) -> Article | Rejection:
    """Return the article on a page, or why there is none. Never raises for what a page holds.

    extractor: whose text decisions are used, one of ``extract.EXTRACTORS``. min_words: a shorter body is rejected as ``too_short``.
    source_lines: what is known as boilerplate of the page's source, from ``learned_lines``. model: another block model than the one that
    ships, for measuring.
    """
    options = _Options(extractor, min_words, source_lines or SourceLines(), model)
    try:
        outcome = _run_stages(page, options)
    except (MemoryError, RecursionError) as error:
        # Not final: the memory may have been a worn worker's own.
        outcome = Rejection(url=page.url, stage="extract", reason="too_complex", detail=repr(error), is_final=False)
    except Exception as error:  # one bad page must not stop a crawl; the traceback is what a developer needs
        logger.exception("a stage broke on %s", page.url)
        outcome = Rejection(url=page.url, stage="extract", reason="stage_error", detail=repr(error)[:300], is_final=False)
    if isinstance(outcome, Rejection):
        return replace(outcome, source=page.source, fetched_at=page.fetched_at, run_id=page.run_id, requested_url=page.requested_url)
    return outcome


def _run_stages(page: FetchedPage, options: _Options) -> Article | Rejection:
    parsed = parse_page(page)
    if isinstance(parsed, Rejection):
        return parsed
    outcome = _make_of(parsed, page, options)
    if isinstance(outcome, Rejection) and outcome.reason == "no_text" and (drawn := parse_drawn_page(page)):
        parsed, outcome = drawn, _make_of(drawn, page, options)
    if isinstance(outcome, Rejection) and outcome.reason in _THIN and (reason := explain_thin(parsed)):
        return replace(outcome, reason=reason)
    return outcome


def _make_of(parsed: ParsedPage, page: FetchedPage, options: _Options) -> Article | Rejection:
    blocks = page_blocks(parsed.tree)
    marks = read_marks(parsed, blocks)
    extracted = extract_article(parsed, page, extractor=options.extractor, model=options.model, blocks=blocks)
    if isinstance(extracted, Rejection):
        return extracted
    scrubbed = _scrub(extracted, min_words=options.min_words, source_lines=options.source_lines)
    if isinstance(scrubbed, Rejection):
        return scrubbed
    draft, attribution = attribute_draft(scrubbed, marks)
    if not draft.text:
        return Rejection(url=page.url, stage="attribute", reason="no_text", detail="only source and credit lines")
    return make_article(page, draft, attribution)


def _scrub(extracted: Draft, *, min_words: int, source_lines: SourceLines) -> Draft | Rejection:
    """Scrub by the text's own rules, then by what its source repeats; again when that cut a line, which may have hidden a tail."""
    scrubbed = scrub_draft(extracted, min_words=min_words)
    while isinstance(scrubbed, Draft):
        cut = cut_source_lines(scrubbed, source_lines, min_words=min_words)
        if cut is scrubbed:
            break
        scrubbed = scrub_draft(cut, min_words=min_words)
    return scrubbed


def make_article(page: FetchedPage, draft: Draft, attribution: Attribution) -> Article:
    """Return the row of ``articles/`` for a finished draft."""
    url = clean_url(page.url) or page.url
    text = draft.text
    digest = text_hash(text, attribution.dateline)
    return Article(
        article_id=make_article_id(identity_url(url, draft.canonical_url), digest),
        url=url,
        canonical_url=draft.canonical_url,
        source=page.source,
        host=host_of(url),
        title=draft.title,
        standfirst=draft.standfirst,
        text=text,
        authors=draft.authors,
        language=draft.language,
        section=draft.section,
        tags=draft.tags,
        published_at=draft.published_at,
        modified_at=draft.modified_at,
        fetched_at=page.fetched_at,
        date_source=draft.date_source,
        agencies=attribution.agencies,
        credited_agencies=attribution.credited_agencies,
        provenance_mode=attribution.mode,
        syndicated_from=attribution.syndicated_from,
        syndicated_url=attribution.syndicated_url,
        dateline=attribution.dateline,
        contributors=attribution.contributors,
        copyright=attribution.copyright,
        provenance=attribution.evidence,
        is_free=draft.is_free,
        tdm_reserved=page.tdm_reserved if draft.tdm_reserved is None else draft.tdm_reserved,
        word_count=count_words(text),
        text_sha256=digest,
        minhash=sign_article(text, attribution.dateline),
        removed=_in_page_order(draft.removed),
        quality=draft.quality,
        extractor=draft.extractor,
        run_id=page.run_id,
        extra=_extra(page, draft),
    )


def _in_page_order(removed: tuple[Removed, ...]) -> tuple[Removed, ...]:
    return tuple(sorted(removed, key=lambda piece: piece.position))


def _extra(page: FetchedPage, draft: Draft) -> str | None:
    """The URL that was asked for, if a redirect changed it (the store marks both as seen), where the page was found, what it refuses, and
    its byline where that names no person."""
    extra: dict[str, object] = {}
    if page.requested_url and page.requested_url != page.url:
        extra["requested_url"] = page.requested_url
    if page.hint and page.hint.found_in:
        extra |= {"channel": page.hint.channel, "found_in": page.hint.found_in}
    if page.training_refused:
        extra["training_refused"] = list(page.training_refused)
    if draft.byline and not draft.authors:
        extra["byline"] = list(draft.byline)
    return json.dumps(extra, ensure_ascii=False) if extra else None


KEEP_SHINGLES_DAYS = 90.0


def open_store(
    output_dir: Path, *, datasets_uri: str | None = None, keep_shingles_days: float | None = KEEP_SHINGLES_DAYS, recover: bool = True
) -> Store:
    """Return the store below output_dir with the story index in it; creates what is missing, finishes what a killed run left.

    datasets_uri: where articles/, corpus/, copies/ and rejected/ lie, if not there (DATASETS_URI). keep_shingles_days: how old an article
    is before the index computes its shingles again instead of keeping them; 0 or None keeps all (DEDUP_KEEP_SHINGLES_DAYS).
    Without recover it is opened as it stands, damaged or not. Raises CorpusError if the folder or the URI cannot be used.
    """
    # Imported here: the extraction workers import this module and need no Arrow.
    from pipelines.corpus import Store
    from pipelines.dedup import StoryIndex

    return Store(
        output_dir,
        datasets_uri=datasets_uri,
        open_index=partial(StoryIndex, agency_hosts=load_agency_hosts(), keep_shingles_days=keep_shingles_days or None),
        note_lines=note_lines,
        recover=recover,
        parameters=store_parameters(),
        sign=sign_article,
        outlet_hosts=load_outlet_hosts(),
    )


def learned_lines(store: Store, sources: Iterable[str]) -> dict[str, SourceLines]:
    """Return {source: the lines that its last articles in the store show to be boilerplate}, for ``process_page``."""
    return {source: learn_lines(notes) for source, notes in store.line_notes(sources).items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReport:
    """What the dedup of a file found."""

    tally: Tally
    """Rows read and rejected."""
    relations: Counter[str] = field(default_factory=Counter)
    """Documents by relation; ``canonical`` ones are as many as there are stories."""
    index: dict[str, int] = field(default_factory=dict)
    """``StoryIndex.statistics``."""


def load_agency_hosts() -> dict[str, str]:
    """Return the sites that are an agency's own: registrable domain to agency code."""
    return {host: agency.code for agency in load_agencies() for host in agency.hosts}


def load_outlet_hosts() -> dict[str, str]:
    """Return the sites of outlets whose name is also a wire's: registrable domain to agency code."""
    return {host: agency.code for agency in load_agencies() for host in agency.outlet_hosts}


def store_parameters() -> dict[str, object]:
    """Return the parameters of the stages that every file of the store names in its metadata."""
    return {"minhash": MINHASH_SCHEME}


def sign_article(text: str, dateline: str | None) -> bytes | None:
    """Return the ``minhash`` of an article; None for one too short to have one."""
    return minhash_bytes(text, dateline=dateline)


def is_own_signature(signature: bytes, document: Document) -> bool | None:
    """Say whether a ``minhash`` is the one that we make of a document; None for a text too short to have one."""
    own = sign_article(document.text, document.dateline)
    return None if own is None else signature == own


def deduplicate_file(source: Path, target: Path, *, advance: Callable[[int, int], None] = lambda done, size: None) -> FileReport:
    """Write to target where each document of source stands (``pipelines.corpus.placements``), and return what was done.

    source and target as ``pipelines.corpus`` reads and writes them. The index, about 3 kB a document, lies beside target meanwhile.
    advance is told how much of the input is read, and its size. Raises CorpusError for input or output that cannot be used.
    """
    from pipelines.corpus import DocumentFile, check_target, open_placements
    from pipelines.dedup import Collection

    check_target(target)
    if source.resolve() == target.resolve():
        raise CorpusError(f"{target}: expected another file than the input")
    if source.resolve() in target.resolve().parents:
        raise CorpusError(f"{target}: expected a place outside the input folder {source}, whose next reader would take it for documents")
    file = DocumentFile(source, is_own_signature=is_own_signature)
    report = FileReport(tally=file.tally)
    try:
        with open_placements(target) as write, Collection(target.parent, agency_hosts=load_agency_hosts()) as collection:
            for documents, position in file.batches(FOLD_SIZE, characters=FOLD_CHARACTERS):
                for article_id in collection.add(documents):
                    file.tally.add_rejection("duplicate_id", f"article_id {article_id}")
                advance(position, file.size)
            if (tally := file.tally).seen and tally.seen == tally.rejected.total():
                reasons = ", ".join(f"{reason} (first: {tally.examples[reason]})" for reason in sorted(tally.rejected))
                raise CorpusError(f"{source}: expected documents, found {tally.seen} rows of which none can be used: {reasons}")
            collection.settle()
            for memberships in collection.memberships():
                write(memberships)
                report.relations.update(membership.relation or "canonical" for membership in memberships)
            report.index.update(collection.statistics())
    except sqlite3.Error as error:
        raise CorpusError(f"{target.parent}: the index beside {target.name} cannot be kept there: {error}") from error
    return report
