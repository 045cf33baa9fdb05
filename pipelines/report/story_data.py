"""The stories of a report page: as many rows and full texts as a page may hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.corpus import Place, Window, read_articles
from pipelines.report.embed import encode_json

MAX_ROWS = 2_000
MAX_OPENED = 300
"""Stories whose texts are looked up at all."""
MAX_MEMBERS = 12
MAX_TEXT = 30_000
MAX_PIECES = 80
MAX_PIECE = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryData:
    """What a page shows of the stories, ready for JSON."""

    rows: list[dict[str, Any]]
    details: dict[str, list[dict[str, Any]]] = field(repr=False)
    """Story id -> its articles with texts, the canonical copy first."""
    left_out: list[str]
    """What the page does not hold, one sentence each."""


def choose_stories(window: Window, datasets: Place, *, run_id: str | None, max_row_bytes: int, max_detail_bytes: int) -> StoryData:
    """Return the stories of a window that fit: those in which the run has a part first, then those with most copies, then the newest."""
    copies: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for copy in sorted(window.copies, key=lambda row: (row["fetched_at"], row["article_id"])):
        copies[copy["story_id"]].append(copy)

    def is_of_run(story: Mapping[str, Any]) -> bool:
        return run_id is not None and any(row["run_id"] == run_id for row in (story, *copies[story["story_id"]]))

    stories = sorted(window.stories, key=lambda row: (row["fetched_at"], row["story_id"]), reverse=True)
    stories.sort(key=lambda row: (not is_of_run(row), -len(copies[row["story_id"]])))
    chosen = stories[:MAX_ROWS]
    rows = _fill([_row(story, copies[story["story_id"]], of_run=is_of_run(story)) for story in chosen], max_row_bytes)
    details = _details(chosen[: min(len(rows), MAX_OPENED)], copies, datasets, max_detail_bytes)
    left_out = []
    if len(rows) < len(stories):
        left_out.append(f"{len(stories) - len(rows):,} of {len(stories):,} stories are not listed")
    if len(details) < len(rows):
        left_out.append(f"{len(rows) - len(details):,} of the {len(rows):,} listed stories come without their texts")
    return StoryData(rows=rows, details=details, left_out=left_out)


def _row(story: Mapping[str, Any], copies: Collection[Mapping[str, Any]], *, of_run: bool) -> dict[str, Any]:
    return {
        "id": story["story_id"],
        "title": (story["title"] or "")[:300],
        "source": story["source"],
        "agencies": story["agencies"] or [],
        "from": story["syndicated_from"],
        "published": _iso(story["published_at"]),
        "fetched": _iso(story["fetched_at"]),
        "words": story["word_count"],
        "language": story["language"],
        "run": of_run,
        "copies": [[copy["source"], copy["relation"]] for copy in list(copies)[:50]],
        "count": len(copies),
    }


def _details(
    stories: Collection[Mapping[str, Any]], copies: Mapping[str, list[dict[str, Any]]], datasets: Place, max_bytes: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the articles of the stories that fit, in order; one that is too large is left out and the next is tried."""
    members = {story["story_id"]: [story, *copies.get(story["story_id"], ())[: MAX_MEMBERS - 1]] for story in stories}
    wanted = {row["article_id"] for rows in members.values() for row in rows}
    found = read_articles(datasets, wanted, days=_days_of(members))
    details: dict[str, list[dict[str, Any]]] = {}
    for story_id, rows in members.items():
        shown = [_article(found[row["article_id"]], row) for row in rows if row["article_id"] in found]
        size = len(encode_json(shown)) + len(story_id) + 8
        if shown and size <= max_bytes:
            details[story_id] = shown
            max_bytes -= size
    return details


def _days_of(members: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    """The days on which the members were fetched: a canonical copy may be younger than the first member, under whose day its story stands."""
    return {f"{row['fetched_at']:%Y-%m-%d}" for rows in members.values() for row in rows}


def _article(row: Mapping[str, Any], placed: Mapping[str, Any]) -> dict[str, Any]:
    """An article for the story view; lists of lists are kept short in names, the page reads them by place."""
    removed = row["removed"] or []
    return {
        "id": row["article_id"],
        **{name: row[name] for name in ("source", "url", "title", "standfirst", "dateline", "syndicated_from", "copyright")},
        "authors": row["authors"] or [],
        "contributors": row["contributors"] or [],
        "agencies": row["agencies"] or [],
        "published": _iso(row["published_at"]),
        "fetched": _iso(row["fetched_at"]),
        "words": row["word_count"],
        "relation": placed.get("relation"),
        "jaccard": _short(placed.get("jaccard")),
        "containment": _short(placed.get("containment")),
        "text": row["text"][:MAX_TEXT],
        "cut_short": len(row["text"]) > MAX_TEXT,
        "removed": [[piece["reason"], piece["text"][:MAX_PIECE]] for piece in removed[:MAX_PIECES]],
        "removed_count": len(removed),
        "provenance": [
            [said["field"], said["value"], said["signal"], said["evidence"], _short(said["confidence"])] for said in row["provenance"] or []
        ],
    }


def _fill(rows: list[dict[str, Any]], max_bytes: int) -> list[dict[str, Any]]:
    """Return the first rows that fit into so many bytes of JSON."""
    for index, row in enumerate(rows):
        max_bytes -= len(encode_json(row)) + 1
        if max_bytes < 0:
            return rows[:index]
    return rows


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
