"""Source memory in real crawls: 200 pages of one source, whose template has lines that no rule of ours knows, in two runs."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pandas as pd
import pytest
from scrapy.utils.test import get_crawler

from crawler import settings as project_settings
from crawler.item_pipelines import ProcessPages, StoreArticles
from crawler.run import Run
from pipelines.chain import learned_lines, open_store, process_page
from pipelines.corpus import Store
from pipelines.records import Article, FetchedPage
from tests.crawler.conftest import Ran, read
from tests.crawler.odd_site import OddSite, catalogue, feed

HOST = "valleypost.example"
SOURCE = "valleypost"
FIRST_RUN = 100
PAGES = 200
LABEL, MIDDLE, PROMPT = (
    "Valley Post for the whole family",
    "This report goes on below the picture of the day.",
    "Our newsroom is open to every reader of the valley.",
)
RARE = "The Valley Post keeps bees on its roof."
FURNITURE = {LABEL, MIDDLE, PROMPT}
PLACES = "Talgrad, Kesk, Port Selim, Millbrook, Ornava, Velania, Gundal, Westerholt, Aldervik, Brenz".split(", ")
WORDS = (
    "bridge ferry council harbour budget winter school market engineer railway storm farmer court museum teacher river tunnel doctor vote tower "
    "cinema orchard library quarry glacier lighthouse hospital parliament stadium archive bakery reservoir canal forest station monastery"
).split()


@dataclass(frozen=True)
class Page:
    """One page of the source: what it serves, and the lines of its article."""

    url: str
    html: bytes
    story: tuple[str, ...]


def paragraph(rng: random.Random) -> str:
    """A paragraph of a story, as no other page has it."""
    first, second = (" and the ".join(rng.sample(WORDS, 4)) for _ in range(2))
    year, sum_of_money = rng.randrange(1900, 2026), rng.randrange(2, 900)
    return (
        f"The {first} of {rng.choice(PLACES)} were built in {year}, officials said, and repairs of the {second} "
        f"will cost {sum_of_money} million over the next {rng.randrange(3, 60)} years."
    )


def make_page(number: int) -> Page:
    """The nth page. A third open with a place on its own line, most have the same subheadings, and some the same last line."""
    rng = random.Random(number)
    title = f"What {rng.choice(PLACES)} wants from its {rng.choice(WORDS)} in story {number}"
    body = [f"<p>{LABEL}</p>"]
    story: list[str] = []

    def tell(text: str, element: str = "p") -> None:
        story.append(text)
        body.append(f"<{element}>{escape(text)}</{element}>")

    if number % 3 == 0:
        tell("TALGRAD")
    for _ in range(3):
        tell(paragraph(rng))
    body.append(f"<p>{MIDDLE}</p>")
    if number % 10 < 8:
        tell("What happened", "h2")
    tell(paragraph(rng))
    if number % 10 < 7:
        body.append("<p><strong>What comes next</strong></p>")
        story.append("What comes next")
    tell(paragraph(rng))
    tell(paragraph(rng))
    if number % 5 == 0:
        tell("Read the full report of the commission.")
    if number % 2 == 0:
        tell(f"The {rng.choice(WORDS)} reopens on {rng.randrange(1, 29)} May.")
    body.append(f"<p>{PROMPT}</p>")
    if number in (3, 11, 17, 40):
        body.append(f"<p>{RARE}</p>")
    html = f"<!doctype html><html lang=en><head><title>{title}</title></head><body><article><h1>{title}</h1>{''.join(body)}</article></body></html>"
    return Page(f"http://{HOST}/{number}/story", html.encode(), tuple(story))


DEFAULTS = {name: value for name, value in vars(project_settings).items() if name.isupper()}
WORLD = [make_page(number) for number in range(PAGES)]


@dataclass(frozen=True)
class Crawled:
    """Two runs over the source: what they printed, and the articles of each."""

    output: Path
    runs: tuple[Ran, Ran]
    first: pd.DataFrame
    second: pd.DataFrame


@pytest.fixture(scope="module")
def site() -> Iterator[OddSite]:
    with OddSite.serve() as site:
        for page in WORLD:
            site.answers[page.url] = (200, {}, page.html)
        yield site


@pytest.fixture(scope="module")
def crawled(site: OddSite, crawl: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    folder = tmp_path_factory.mktemp("source_memory")
    output, sources = folder / "output", catalogue(folder, HOST)
    runs = []
    for pages in (WORLD[:FIRST_RUN], WORLD):
        status, headers, body = feed(*(page.url for page in pages))
        site.answers[f"http://{HOST}/feed"] = status, {**headers, "ETag": f'"{len(pages)}"'}, body
        # The extractor is not left to the default, so that this is about the memory and not about who decides the text. One commit a run, at
        # its end, however slow the machine.
        settings = ("-s", "EXTRACTOR=trafilatura", "-s", "STORE_BATCH_SECONDS=600")
        runs.append(crawl("news", output, *settings, sources=sources, http_proxy=site.proxy))
    articles = read(output, "articles").sort_values("fetched_at")
    is_first = articles["run_id"] == articles["run_id"].iloc[0]
    return Crawled(output, (runs[0], runs[1]), articles[is_first], articles[~is_first])


def fetched(page: Page) -> FetchedPage:
    """A page as the spider hands it on."""
    return FetchedPage(url=page.url, body=page.html, encoding="utf-8", fetched_at=datetime(2026, 11, 18, tzinfo=UTC), source=SOURCE)


def texts(articles: pd.DataFrame) -> dict[str, list[str]]:
    """{url: lines of the text}."""
    return {row.url: row.text.split("\n\n") for row in articles.itertuples()}


def test_both_runs_store_every_page(crawled: Crawled) -> None:
    """No page is lost to the memory."""
    for ran in crawled.runs:
        assert ran.status == 0, ran.output
        assert "Traceback" not in ran.output
    assert (len(crawled.first), len(crawled.second)) == (FIRST_RUN, PAGES - FIRST_RUN)


def test_the_first_run_learns_and_the_second_run_cuts(crawled: Crawled) -> None:
    """What stands in the texts of the first run stands in ``removed`` of every article of the second, with its reason, in page order."""
    assert all(set(lines) >= FURNITURE for lines in texts(crawled.first).values())
    for row in crawled.second.itertuples():
        assert not FURNITURE & set(row.text.split("\n\n"))
        assert [piece["text"] for piece in row.removed if piece["reason"] == "repeated_on_source"] == [LABEL, MIDDLE, PROMPT]


def test_no_line_of_a_story_is_cut(crawled: Crawled) -> None:
    """Places, subheadings, the last line of every fifth story and a line that four articles share: each text is the story's, line by line."""
    found = texts(crawled.second)
    assert {line for page in WORLD[FIRST_RUN:] for line in page.story} >= {"TALGRAD", "What happened", "What comes next"}
    for page in WORLD[FIRST_RUN:]:
        assert found[page.url] == list(page.story)


def test_the_corpus_compares_the_cleaned_texts(crawled: Crawled) -> None:
    """Two hundred stories, though all pages share lines; dedup sees what is left."""
    assert len(read(crawled.output, "corpus")) == PAGES
    assert len(read(crawled.output, "copies")) == 0


def test_the_log_gives_the_memory_again(crawled: Crawled, scrapy: Callable[..., Ran]) -> None:
    """``scrapy corpus rebuild`` learns from the log what the crawls had learned, from lines in texts and lines that were cut."""

    def known(store: Store) -> object:
        try:
            return learned_lines(store, [SOURCE])[SOURCE], set(store.line_notes([SOURCE])[SOURCE])
        finally:
            store.close()

    before = known(open_store(crawled.output))
    assert scrapy("corpus", "rebuild", "-s", f"OUTPUT_DIR={crawled.output}").status == 0
    assert known(open_store(crawled.output)) == before


def test_a_page_is_cut_only_by_what_is_handed_along(crawled: Crawled) -> None:
    """``process_page`` without the memory leaves the lines, with it they go; a line that only four articles share stays."""
    store = open_store(crawled.output)
    lines = learned_lines(store, [SOURCE])[SOURCE]
    store.close()
    page = fetched(WORLD[3])
    bare, cleaned = process_page(page), process_page(page, source_lines=lines)
    assert isinstance(bare, Article)
    assert isinstance(cleaned, Article)
    assert set(bare.text.split("\n\n")) == {*WORLD[3].story, *FURNITURE, RARE}
    assert cleaned.text.split("\n\n") == [*WORLD[3].story, RARE]


def test_a_run_learns_from_its_own_commits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What its first articles taught is cut from those that follow; the log says how many lines are known."""
    settings = {"OUTPUT_DIR": str(tmp_path), "EXTRACTOR": "trafilatura", "EXTRACT_WORKERS": 0, "STORE_BATCH_ARTICLES": 5}
    run = Run.of(get_crawler(settings_dict={**DEFAULTS, **settings}))
    run.start([])
    process, store = ProcessPages(run), StoreArticles(run)

    async def crawl(pages: list[Page]) -> list[Article]:
        articles = []
        for page in pages:
            article = await process.process_item(fetched(page))
            articles.append(await store.process_item(article))
        return articles

    with caplog.at_level("INFO", logger="crawler.run"):
        articles = asyncio.run(crawl(WORLD[:10]))
    run.store.close()
    assert [LABEL in article.text for article in articles] == [True] * 5 + [False] * 5
    assert [PROMPT in article.text for article in articles] == [True] * 5 + [False] * 5
    assert re.search(rf"{SOURCE}: \d+ short lines are known to repeat", caplog.text)


def test_a_crawl_without_the_memory_leaves_the_lines(site: OddSite, crawled: Crawled, crawl: Callable[..., Ran], tmp_path: Path) -> None:
    """``SCRUB_SOURCE_MEMORY=False`` cuts nothing, whatever is known."""
    ran = crawl(
        "page", crawled.output, "-a", f"url={WORLD[150].url}", "-s", "SCRUB_SOURCE_MEMORY=False", "-s", "EXTRACTOR=trafilatura",
        sources=catalogue(tmp_path, HOST), http_proxy=site.proxy,
    )  # fmt: skip
    assert ran.status == 0, ran.output
    rows = read(crawled.output, "articles").query("url == @WORLD[150].url").sort_values("fetched_at")
    assert set(rows.iloc[-1]["text"].split("\n\n")) == {*WORLD[150].story, *FURNITURE}
