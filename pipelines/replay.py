"""Archived pages through the stages again: which of them, under whose name, and a span of a file at a time in a worker.

Needs the extra ``[warc]``.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from pipelines.chain import process_page
from pipelines.conduct.tdmrep import parse_reservation
from pipelines.discover import admit
from pipelines.records import Article, FetchedPage, Rejection, Source, SourceLines
from pipelines.urls import host_of, registrable_domain
from pipelines.warc import ArchivedPage, Damage, Skipped, Span, read_pages


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayPlan:
    """What is replayed and how; travels to the workers with each span."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    """The catalogue by name: redirects of pages archived by us are judged by it, and pages of others get their source's name."""
    names: Mapping[str, str] = field(default_factory=dict)
    """{registrable domain: source name}."""
    hosts: frozenset[str] = frozenset()
    """Keep pages of these hosts and those below them only; empty keeps all."""
    since: datetime | None = None
    until: datetime | None = None
    """Keep what was fetched from since on and before until; aware."""
    extractor: str = "blocks"
    min_words: int = 25
    run_id: str = ""


@dataclass(kw_only=True, slots=True)
class SpanOutcome:
    """What became of a span: every answer in it is an outcome or counted as skipped."""

    outcomes: list[Article | Rejection] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    damages: list[Damage] = field(default_factory=list)
    stages_seconds: float = 0.0
    """CPU time of the stages alone, without what it takes to read the file."""


def make_plan(sources: list[Source], **options: object) -> ReplayPlan:
    """Return a plan for a catalogue; options are the other fields of ReplayPlan."""
    light = {source.name: replace(source, feeds=(), sitemaps=(), sections=(), note="") for source in sources}
    names: dict[str, str] = {}
    for source in sources:
        names.setdefault(registrable_domain(source.home), source.name)
    return ReplayPlan(sources=light, names=names, **options)  # type: ignore[arg-type]


def process_span(span: Span, plan: ReplayPlan, source_lines: Mapping[str, SourceLines]) -> SpanOutcome:
    """Return what the stages make of the pages of a span. Runs in a worker."""
    result = SpanOutcome()
    for found in read_span(span, plan, result):
        if isinstance(found, Rejection):
            result.outcomes.append(found)
            continue
        lines = source_lines.get(found.source)
        before = time.thread_time()
        outcome = process_page(found, extractor=plan.extractor, min_words=plan.min_words, source_lines=lines)
        result.stages_seconds += time.thread_time() - before
        result.outcomes.append(outcome)
    return result


def process_packed(span: Span, plan: bytes, source_lines: bytes) -> SpanOutcome:
    """Do the same with a plan and lines as pickle makes them.

    A catalogue of 500 sources takes 7 ms to pack and unpack, so each worker does it once, and with the lines once each time they change.
    """
    return process_span(span, _unpack_plan(plan), _unpack_lines(source_lines))


@lru_cache(maxsize=1)
def _unpack_plan(plan: bytes) -> ReplayPlan:
    unpacked: ReplayPlan = pickle.loads(plan)
    return unpacked


@lru_cache(maxsize=1)
def _unpack_lines(lines: bytes) -> Mapping[str, SourceLines]:
    unpacked: Mapping[str, SourceLines] = pickle.loads(lines)
    return unpacked


def read_span(span: Span, plan: ReplayPlan, result: SpanOutcome) -> Iterator[FetchedPage | Rejection]:
    """Yield the pages of a span that the plan keeps; what else is in it is noted in result."""
    for found in read_pages(span.path, start=span.start, end=span.end):
        if isinstance(found, Damage):
            result.damages.append(found)
        elif isinstance(found, Skipped):
            result.skipped[found.reason] += 1
        elif not is_wanted(found, plan):
            result.skipped["filtered"] += 1
        else:
            yield make_page(found, plan)


def is_wanted(page: ArchivedPage, plan: ReplayPlan) -> bool:
    """Say whether a plan's filters keep a page."""
    if (plan.since and page.fetched_at < plan.since) or (plan.until and page.fetched_at >= plan.until):
        return False
    host = host_of(page.url)
    return not plan.hosts or any(host == wanted or host.endswith(f".{wanted}") for wanted in plan.hosts)


def make_page(page: ArchivedPage, plan: ReplayPlan) -> FetchedPage | Rejection:
    """Return an archived page as the crawl had it, or the rejection that the crawl made of a redirect.

    A page of others gets the name of the source whose home is on its registrable domain, else that domain as its name.
    """
    note, domain = page.note, registrable_domain(page.url)
    name = note.source if note else plan.names.get(domain, domain)
    hint = note.hint if note else None
    requested_url = hint.url if hint and hint.url != page.url else None
    if hint and requested_url and (source := plan.sources.get(name)):
        refusal = admit(replace(hint, url=page.url), source, now=page.fetched_at)
        if refusal:
            why = f"redirect_{refusal.reason}"
            return Rejection(
                url=page.url,
                requested_url=requested_url,
                source=name,
                stage="fetch",
                reason=why,
                detail=f"{requested_url} redirects to {page.url}",
                fetched_at=page.fetched_at,
                run_id=plan.run_id,
            )
    reserved = parse_reservation(page.tdm_reservation)
    if reserved is None and note:
        reserved = note.tdm_reserved
    return FetchedPage(
        url=page.url,
        body=page.body,
        encoding=page.encoding,
        fetched_at=page.fetched_at,
        source=name,
        run_id=plan.run_id,
        requested_url=requested_url,
        hint=hint,
        tdm_reserved=reserved,
        training_refused=note.training_refused if note else (),
    )
