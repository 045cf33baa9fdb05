"""Small newsrooms where it is known which pages tell one story, and why: ``cases.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.dedup import deduplicate
from pipelines.records import Document

if TYPE_CHECKING:
    from conftest import Desk

Write = Callable[..., str]
Make = Callable[..., Document]
CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))["case"]


def documents_of(case: dict[str, Any], document: Make) -> list[Document]:
    paragraphs = case.get("paragraphs", {})
    pages = []
    for minutes, page in enumerate(case["page"]):
        text = "\n\n".join(paragraphs.get(part, part) for part in page["text"])
        pages.append(
            document(page["id"], text, source=page["source"], minutes=minutes, **{key: page[key] for key in ("url",) if key in page})
        )
    return pages


@pytest.mark.parametrize("fold_size", [1, 100], ids=["one by one", "all at once"])
@pytest.mark.parametrize("backwards", [False, True], ids=["as they came", "backwards"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_pages_are_the_stories_they_tell(case: dict[str, Any], document: Make, backwards: bool, fold_size: int) -> None:
    """However they come; the case says why."""
    pages = documents_of(case, document)
    placed = deduplicate(pages[::-1] if backwards else pages, fold_size=fold_size)
    stories: dict[str, set[str]] = {}
    for membership in placed:
        stories.setdefault(membership.story_id, set()).add(membership.article_id)
    assert {frozenset(story) for story in stories.values()} == {frozenset(story) for story in case["stories"]}, case["why"]


def test_the_newest_version_of_a_live_page_stands(document: Make) -> None:
    """Its earlier versions are revisions of it; who took an early one has an excerpt of it and a line of his own."""
    (case,) = (case for case in CASES if case["name"].startswith("a live page"))
    placed = {membership.article_id: membership for membership in deduplicate(documents_of(case, document))}
    assert {membership.canonical_article_id for membership in placed.values()} == {"v5"}
    assert {placed[f"v{number}"].relation for number in range(1, 5)} == {"revision"}
    assert placed["late"].relation == "excerpt"


def test_a_story_of_500_copies_is_verified_by_its_texts(desk: Desk, write: Write, document: Make) -> None:
    """In 25 wordings: each new text is compared about once, equal ones never, and in all 500 rows the relation is right."""
    text = write("quake", 200)
    wordings = [text, *(f"{' '.join(text.split()[: 199 - number])} {write(f'desk {number}', 5)}" for number in range(24))]
    copies = [document(f"c{number:03}", wordings[number % 25], source=f"outlet{number}", minutes=number) for number in range(500)]
    for begin in range(0, 500, 50):
        desk.fold(copies[begin : begin + 50])
    assert len(desk.stories()) == 1
    counted = desk.index.statistics()
    assert (counted["texts"], counted["edges"], counted["comparisons"]) == (25, 24, 24)
    assert {membership.canonical_article_id for membership in desk.standing.values()} == {"c000"}
    assert {desk.standing[f"c{number:03}"].relation for number in range(25, 500, 25)} == {"exact"}
    assert {desk.standing[f"c{number:03}"].relation for number in range(1, 500, 25)} == {"copy"}
