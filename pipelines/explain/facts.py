"""Why an article is what it is: its row, its story, and the rule that decided between the canonical copy and each other one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from pipelines.chain import load_agency_hosts
from pipelines.corpus import Place, find_ids, find_placement, find_rejections, find_versions, is_article_id, read_articles, read_story
from pipelines.dedup import Rank, deciding_rule, describe_members, rank_members
from pipelines.errors import NothingFound
from pipelines.records import Document
from pipelines.urls import absolute_url, clean_url

NAMED_IDS = 5

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One article of a story beside the copy that stands for it."""

    article: Row = field(repr=False)
    """Its row of ``articles/``."""
    placed: Row
    """Its row of ``copies/``; story_id only for the canonical copy."""
    rule: str = ""
    """The field of ``dedup.Rank`` that decided against it; "" for the canonical copy."""
    rank: Rank | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What there is to say about a URL or an id. Without ``article`` it was rejected each time it was asked for."""

    article: Row | None = field(default=None, repr=False)
    found: Mapping[str, str] = field(default_factory=dict)
    """``requested_url``, ``found_in`` and ``channel``, where known."""
    other_versions: Sequence[str] = ()
    """Ids of earlier articles under the same URL."""
    story: Row | None = field(default=None, repr=False)
    """The row of ``corpus/``; None while the article waits for a fold."""
    members: Sequence[Standing] = ()
    """The canonical copy first, then the others in the order they were fetched."""
    best: str = ""
    """The article that the rules choose now: the canonical copy, unless the corpus waits to be published."""
    rejections: Sequence[Row] = ()
    """Rows of ``rejected/``, in the order they happened."""


def explain(datasets: Place, key: str) -> Explanation:
    """Return what is known of an article's id (or the start of one), a story's id or a URL.

    Raises NothingFound when there is neither article nor rejection, or when several ids start so.
    """
    if is_article_id(key.lower()):
        return _explain_article(datasets, _only_id(datasets, key.lower()))
    urls = {url for url in (absolute_url(key), clean_url(key)) if url}
    if not urls:
        raise NothingFound(f"expected an http(s) URL or an id of 4 to 32 hex digits, got {key!r}")
    rejections = find_rejections(datasets, urls)
    if versions := find_versions(datasets, urls):
        return _explain_article(datasets, versions[0], rejections=rejections, other_versions=versions[1:])
    if rejections:
        return Explanation(rejections=rejections)
    raise NothingFound(
        f"{key}: neither an article nor a rejection in {datasets}. It was never asked for, or left at discovery "
        "(offsite, too_old and the like are counted in the run's report only)"
    )


def _only_id(datasets: Place, prefix: str) -> str:
    ids = find_ids(datasets, prefix)
    if not ids:
        raise NothingFound(f"{prefix}: no article in {datasets} has an id that starts so")
    if len(ids) > 1:
        more = f" and {len(ids) - NAMED_IDS} more" if len(ids) > NAMED_IDS else ""
        raise NothingFound(f"{prefix}: expected the start of one id, found {len(ids)}: {', '.join(ids[:NAMED_IDS])}{more}")
    return ids[0]


def _explain_article(
    datasets: Place, article_id: str, *, rejections: Sequence[Row] = (), other_versions: Sequence[str] = ()
) -> Explanation:
    placed = find_placement(datasets, article_id)
    story, copies = read_story(datasets, placed["story_id"]) if placed else (None, [])
    places = {story["article_id"]: {"story_id": story["story_id"]}} if story else {}
    places |= {copy["article_id"]: copy for copy in copies}
    rows = read_articles(datasets, {article_id, *places})
    known = [rows[member] for member in places if member in rows]
    ranks = rank_members(describe_members([_document(row) for row in known]), agency_hosts=load_agency_hosts())
    canonical = known[0]["article_id"] if story and known else ""
    members = [
        Standing(
            article=row,
            placed=places[row["article_id"]],
            rule="" if row["article_id"] == canonical else deciding_rule(ranks[canonical], ranks[row["article_id"]]),
            rank=ranks[row["article_id"]],
        )
        for row in known
    ]
    return Explanation(
        article=rows[article_id],
        found=json.loads(rows[article_id]["extra"] or "{}"),
        other_versions=other_versions,
        story=story,
        members=members if story else (),
        best=min(ranks, key=ranks.__getitem__, default=""),
        rejections=rejections,
    )


def _document(row: Row) -> Document:
    return Document(
        **{item.name: row[item.name] for item in fields(Document)} | {"text": row["text"] or "", "agencies": tuple(row["agencies"] or ())}
    )
