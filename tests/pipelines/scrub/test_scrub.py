"""A draft leaves the stage as the article alone, and what was cut stands beside it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml.html import document_fromstring

from pipelines import scrub
from pipelines.records import Block, Draft, Rejection
from pipelines.text import clean_text, count_words

DraftFrom = Callable[..., Draft]
PAGES = Path(__file__).parents[2] / "pages"

# What a republisher's page looks like in text: captions with glued credits, an app prompt, contributors, a source line, and a tail.
REPUBLISHED = (
    "PORT HAVEN — The last ferry left the old terminal on Sunday, ending ninety years of crossings that three generations of commuters took for granted.",
    "A ferry leaves the old terminal on Sunday.Ana Roe / AFP – Getty Images",
    "Download the Daily Example app for breaking news and politics",
    "The operator blamed falling revenue and the price of repairs, which it put at four million, for a pier that storms have damaged twice since the autumn.",
    "Commuters wait at the ticket window after the council announced the closure of the terminal in Port Haven on Wednesday.Juan Pérez / AP",
    "Councillors from the northern shore opposed the plan and said they would ask a court to review whether the public had been consulted as the law requires.",
    "Jane Doe and John Roe reported from Port Haven, and Ida Berg reported from the capital.",
    "Jane Doe, John Roe and The Associated Press contributed.",
    "Source: | This article originally belongs to Daily.example",
    "You May Also Like",
    "Storm damages the northern pier again. Repairs will take months.",
    "CAPITAL — When the minister faced her first question about the pier last…",
    "Fishermen win prize for the largest catch in a decade",
    "The crew of a small trawler has won the prize, and it will…",
    "Harbour Museum Opens Its Doors to Families",
    "By Ida Berg Aug. 25, 2022 3:59 pm ET Listen to article…",
)
ARTICLE = (0, 3, 5, 6, 7, 8)


def run(draft: Draft, **options: int) -> Draft:
    """Scrub a draft that must not be rejected."""
    outcome = scrub.scrub_draft(draft, **options)
    assert isinstance(outcome, Draft), outcome
    return outcome


def test_a_republished_page_comes_out_as_the_article(draft: DraftFrom) -> None:
    """Captions, prompt and tail go; contributors, agency and source lines stay for attribution."""
    scrubbed = run(draft(REPUBLISHED))
    assert [block.position for block in scrubbed.blocks] == list(ARTICLE)
    assert [piece.reason for piece in scrubbed.removed] == ["caption", "app", "caption"] + ["tail"] * 7
    assert [piece.position for piece in scrubbed.removed] == [1, 2, 4, *range(9, 16)]


def test_teasers_are_a_tail_without_their_heading(draft: DraftFrom) -> None:
    """Extractors drop the heading "You May Also Like" and keep what follows."""
    scrubbed = run(draft([text for text in REPUBLISHED if text != "You May Also Like"]))
    assert scrubbed.blocks[-1].text == "Source: | This article originally belongs to Daily.example"


def test_nothing_is_cut_from_a_clean_story(draft: DraftFrom, story: tuple[str, ...]) -> None:
    """Every block stays as it was."""
    clean = draft(story, title="Council closes ferry terminal", standfirst="After ninety years the boats stop.", authors=("Jane Doe",))
    assert run(clean) == clean


def test_everything_cut_is_kept_aside(draft: DraftFrom) -> None:
    """Blocks and removed pieces together are the blocks that came in."""
    before = draft(REPUBLISHED)
    after = run(before)
    assert sorted(piece.text for piece in (*after.blocks, *after.removed)) == sorted(block.text for block in before.blocks)


@pytest.mark.parametrize(("words", "kept"), [(25, True), (24, False)], ids=["twenty-five words", "twenty-four words"])
def test_a_short_text_is_rejected(draft: DraftFrom, words: int, kept: bool) -> None:
    """The reason is too_short; the standfirst does not count."""
    outcome = scrub.scrub_draft(draft(["word " * words], standfirst="many more words " * 20), min_words=25)
    assert isinstance(outcome, Draft) is kept
    if isinstance(outcome, Rejection):
        assert (outcome.stage, outcome.reason, outcome.url) == ("scrub", "too_short", "https://daily.example/ferry")


_LINES = st.sampled_from(
    [
        *REPUBLISHED,
        "Related stories", "- Storm damages pier", "Read more: Storm damages pier", "Advertisement", "Updated: May 3, 2024 10:30 am", "Photo: AFP", "Share on Facebook",
        "Council closes ferry terminal", "After ninety years the boats stop.", "By Jane Doe", "More from Daily Example", "The boats stopped…", "# What now",
        "One. Two. Three.Ana Roe / AFP", "Short line", "Comments", "12 Comments", "(dpa/gem)",
    ]
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_LINES, max_size=14))
def test_scrubbing_twice_equals_once(draft: DraftFrom, texts: list[str]) -> None:
    """What is left has nothing more to cut, whatever stood next to what."""
    once = scrub.scrub_draft(
        draft(texts, title="Council closes ferry terminal", standfirst="After ninety years the boats stop.", authors=("Jane Doe",)),
        min_words=0,
    )
    assert isinstance(once, Draft)
    assert scrub.scrub_draft(once, min_words=0) == once


# Every text of the test pages, story and furniture, in any order.
_PAGE_LINES = st.sampled_from(
    sorted(
        {
            prefix + clean_text(element.text_content())
            for page in PAGES.glob("*/*/page.html")
            for element in document_fromstring(page.read_text("utf-8")).iter("p", "li", "h2", "h3", "h4")
            for prefix in [{"p": "", "li": "- "}.get(element.tag, "# ")]
        }
    )
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_PAGE_LINES, max_size=20))
def test_kept_and_removed_are_what_came_in(draft: DraftFrom, texts: list[str]) -> None:
    """Letter by letter, whatever stood next to what; and a second pass cuts no more."""
    before = draft(texts, title="Ferries stop as strike enters second week", authors=("Nell Harrow",))
    after = scrub.scrub_draft(before, min_words=0)
    assert isinstance(after, Draft)
    assert letters(piece.text for piece in (*after.blocks, *after.removed)) == letters(block.text for block in before.blocks)
    assert [piece.position for piece in after.removed] == sorted(piece.position for piece in after.removed)
    assert scrub.scrub_draft(after, min_words=0) == after


def letters(texts: Iterable[str]) -> Counter[str]:
    """How often each letter and sign stands in texts."""
    return Counter("".join("".join(texts).split()))


@settings(max_examples=200)
@given(text=st.text(max_size=300))
def test_any_text_is_kept_or_cut_whole(text: str) -> None:
    """No text raises; words are neither lost nor made."""
    outcome = scrub.scrub_draft(Draft(url="x", canonical_url=None, title=None, standfirst=None, blocks=(Block(text=text),)), min_words=0)
    assert isinstance(outcome, Draft)
    assert count_words(text) == sum(count_words(piece.text) for piece in (*outcome.blocks, *outcome.removed)) or "".join(
        text.split()
    ) == "".join("".join(piece.text.split()) for piece in (*outcome.blocks, *outcome.removed))


@pytest.mark.parametrize(
    "piece",
    [
        "Read more: ",
        "a. ",
        "A/",
        "A / ",
        "Photo: ",
        "newsletter ",
        "(",
        ".A",
        "… ",
        "12:30 ",
        "Ana Roe / ",
        "via ",
        "»",
        "\u00a0",
        "AFP – Getty Images",
        "word ",
    ],
)
def test_cost_of_a_hostile_line_is_linear(draft: DraftFrom, piece: str) -> None:
    """A line of 200,000 characters costs well under a second and a half of CPU."""
    line = piece * (200_000 // len(piece))
    start = time.process_time()
    scrub.scrub_draft(draft([line, line + ".", line + " AFP", "x " + line]), min_words=0)
    assert time.process_time() - start < 1.5


@pytest.mark.parametrize(
    "lines", [("Related", "word " * 20 + "."), ("Read next", "A teaser of five words"), ("# More from us", "Short. One.")]
)
def test_cost_of_many_lines_is_linear(draft: DraftFrom, lines: tuple[str, ...]) -> None:
    """Twenty thousand of them cost under four seconds of CPU."""
    blocks = draft([*lines] * 10_000)
    start = time.process_time()
    scrub.scrub_draft(blocks, min_words=0)
    assert time.process_time() - start < 4
