"""The figures of a report: yield and duplicates by source and day, agencies, who copies whom, why pages and lines were not kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.corpus import Window

FROM_OTHERS = ("exact", "copy", "excerpt", "edited")
"""How an article relates to a canonical copy that another hand made; ``update`` and ``revision`` are the outlet's own later versions."""

Figures = list[dict[str, Any]]


def summarize_window(window: Window) -> dict[str, Any]:
    """Return all figures of some days of a corpus, ready for JSON; each list has its largest entries first."""
    return {
        "days": window.days,
        "days_left_out": window.days_left_out,
        "by_day": by_day(window),
        "by_source": by_source(window),
        "agencies": by_agency(window),
        "flows": who_copies_whom(window),
        "rejected": _count_reasons(window),
        "removed": [{"reason": reason, "pieces": number} for reason, number in _most_common(window.removed)],
    }


def by_day(window: Window) -> Figures:
    """Return stories first seen, copies and rejections of each day, oldest first."""
    stories, copies = Counter(row["day"] for row in window.stories), Counter(row["day"] for row in window.copies)
    rejected: Counter[str] = Counter()
    for (day, *_), number in window.rejected.items():
        rejected[day] += number
    return [{"day": day, "stories": stories[day], "copies": copies[day], "rejected": rejected[day]} for day in window.days]


def by_source(window: Window) -> Figures:
    """Return for each source its canonical copies, its other articles by relation, and what was rejected."""
    canonical = Counter(row["source"] for row in window.stories)
    relations: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in window.copies:
        relations[row["source"]][row["relation"]] += 1
    rejected: Counter[str] = Counter()
    for (_, source, _, _), number in window.rejected.items():
        rejected[source] += number
    return sorted(
        (
            {
                "source": source,
                "stories": canonical[source],
                "copies": relations[source].total(),
                "relations": dict(relations[source]),
                "rejected": rejected[source],
            }
            for source in {*canonical, *relations, *rejected}
        ),
        key=lambda figures: (-figures["stories"] - figures["copies"], figures["source"]),
    )


def by_agency(window: Window) -> Figures:
    """Return for each agency the stories that are its copy, the articles that carry them, and in how many sources they ran."""
    agencies = _agencies_of_stories(window)
    articles: Counter[str] = Counter()
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for row in (*window.stories, *window.copies):
        for agency in agencies.get(row["story_id"], ()):
            articles[agency] += 1
            sources[agency].add(row["source"])
    stories = Counter(agency for found in agencies.values() for agency in found)
    return [
        {"agency": agency, "stories": stories[agency], "articles": number, "sources": len(sources[agency])}
        for agency, number in _most_common(articles)
    ]


def who_copies_whom(window: Window) -> dict[str, Figures]:
    """Return the edges of the syndication graph, ``{"from", "to", "articles"}``.

    ``outlets``: from the source of a story's canonical copy to each other source that ran it, and from an outlet that a canonical copy names
    as its origin and that was not crawled. ``agencies``: from an agency to every source that ran its copy.
    """
    origin = {row["story_id"]: row["source"] for row in window.stories}
    outlets: Counter[tuple[str, str]] = Counter()
    for row in window.stories:
        if row["syndicated_from"]:
            outlets[row["syndicated_from"], row["source"]] += 1
    for row in window.copies:
        if row["relation"] in FROM_OTHERS and row["source"] != (start := origin.get(row["story_id"], row["source"])):
            outlets[start, row["source"]] += 1
    agencies = _agencies_of_stories(window)
    wire = Counter(
        (agency, row["source"]) for row in (*window.stories, *window.copies) for agency in agencies.get(row["story_id"], ())
    )  # fmt: skip
    return {"outlets": _edges(outlets), "agencies": _edges(wire)}


def _agencies_of_stories(window: Window) -> dict[str, set[str]]:
    """A story is an agency's when its canonical copy is: that row also tells what the copies know."""
    return {row["story_id"]: set(row["agencies"]) for row in window.stories if row["agencies"]}


def _edges(counts: Mapping[tuple[str, str], int]) -> Figures:
    return [{"from": start, "to": end, "articles": number} for (start, end), number in _most_common(counts)]


def _count_reasons(window: Window) -> Figures:
    pages: Counter[tuple[str, str]] = Counter()
    sources: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for (_, source, stage, reason), number in window.rejected.items():
        pages[stage, reason] += number
        sources[stage, reason].add(source)
    return [
        {"stage": stage, "reason": reason, "pages": number, "sources": len(sources[stage, reason])}
        for (stage, reason), number in _most_common(pages)
    ]


def _most_common(counts: Mapping[Any, int]) -> Iterable[tuple[Any, int]]:
    """Largest first, equal ones by name: two reports of the same corpus are equal."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
