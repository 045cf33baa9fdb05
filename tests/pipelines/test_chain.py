"""One page through all stages: the columns agree with each other, and the two kinds of page that this project grew from come out right."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipelines import chain
from pipelines.chain import process_page
from pipelines.dedup import deduplicate
from pipelines.records import Article, Discovered, Document, FetchedPage, Rejection, make_article_id
from pipelines.scrub import learn_lines, note_lines
from pipelines.text import count_words, text_hash
from pipelines.urls import identity_url

EVAL = Path(os.environ.get("COPYDESK_EVAL", Path(__file__).resolve().parents[3] / "shared" / "eval"))

# An agency's story with no mark of it but a reporter in the text.
FLOOD = (
    "The river Ornava broke its banks on Monday and flooded the old town of Talgrad, driving about four thousand people from their homes and leaving at least nine dead, officials said.",
    "Water stood two metres high in the covered market on Tuesday morning and soldiers in rubber boats were lifting families from the upper floors of a school, an AFP reporter said.",
    "Governor Mirela Stanc said that the flood wall, raised after a disaster twelve years ago, had given way along a stretch of sixty metres that was due to be repaired this autumn.",
    "“We heard a crack like a falling tree and then the whole street was brown water,” said Iosif Darvan, a baker who spent the night on his roof with two neighbours and their dog.",
    "The weather service expects more rain in the mountains until Thursday, and engineers have begun to lower the reservoir at Kesk to make room for it before the next crest arrives.",
    "Neighbouring Velania has offered helicopters and a field hospital, and the railway is running free trains to the capital, where three sports halls have been opened for the night.",
)

# An outlet's story on a republisher's page.
TALKS = (
    "PORT SELIM — Negotiators for the striking dockers and the harbour company walked out of talks early Wednesday, leaving the largest container port of the southern coast closed for a third week.",
    "More than ninety ships are now at anchor outside the breakwater, according to the harbour master, and some of them carry fruit that will have to be thrown away before the weekend.",
    "The dockers want the company to keep forty crane drivers whose work is to be done by machines from next spring, and a share of what the machines are expected to save.",
    "The company says it has offered each of the drivers two years of pay and training, and that no port in the region will survive the decade with cranes driven by hand.",
    "Shopkeepers in the old quarter said that trade had fallen by half since the strike began, as sailors stay on board and lorry drivers no longer sleep in the town.",
    "“My father unloaded ships here with a hook and a rope,” said Halim Orsat, who has driven a crane for thirty years. “They told him the same thing that they tell us now.”",
    "The labor minister has asked both sides to return on Friday and has threatened to appoint an arbitrator, which the law allows after twenty-one days without an agreement.",
)
CAPTIONS = (
    "Ships wait outside the harbor of Port Selim on Tuesday.Darro Vell / AFP – Getty Images",
    "Dockers gather at the gate of the terminal before the talks on Tuesday.Imke Sand / AP",
)
APP_PROMPT = "Download the NBC News app for breaking news and politics"
CONTRIBUTORS = (
    "Nora Wick and Emre Tassel reported from Port Selim, and Judith Crane reported from London.",
    "Emre Tassel, Lena Park and The Associated Press contributed.",
)
SOURCE_LINE = "Source: | This article originally belongs to Nbcnews.com"
TAIL = (
    "You May Also Like",
    "A small town votes on its last cinema. The result surprises everyone.",
    "MILLBROOK — When the projector broke in March, the owner of the Regal…",
    "Grain prices fall for the fourth month in a row",
    "By Kelda Moran Aug. 25, 2022 3:59 pm ET Listen to article…",
)


@pytest.fixture
def page() -> Callable[..., FetchedPage]:
    """A fetched page with these paragraphs, on plain HTML."""

    def build(*paragraphs: str, url: str = "https://www.daily.example/news/story", title: str = "", head: str = "", **fields: object) -> FetchedPage:  # fmt: skip
        body = "".join(f"<p>{html.escape(paragraph)}</p>\n" for paragraph in paragraphs)
        heading = f"<h1>{html.escape(title)}</h1>" if title else ""
        text = f'<!doctype html><html lang="en"><head><title>{html.escape(title)}</title>{head}</head><body><article>{heading}<div class="entry-content">{body}</div></article></body></html>'
        made = FetchedPage(url=url, body=text.encode(), encoding="utf-8", fetched_at=datetime(2024, 5, 6, 12, tzinfo=UTC), source="daily", run_id="r1")  # fmt: skip
        return replace(made, **fields)  # type: ignore[arg-type]

    return build


def article_on(page: FetchedPage) -> Article:
    """The article of a page that has one."""
    outcome = process_page(page)
    assert isinstance(outcome, Article), outcome
    return outcome


def republished(paragraphs: tuple[str, ...]) -> tuple[str, ...]:
    """The paragraphs as a republisher's plain page has them, among what is not the article."""
    return (*paragraphs[:2], CAPTIONS[0], paragraphs[2], APP_PROMPT, *paragraphs[3:5], CAPTIONS[1], *paragraphs[5:], *CONTRIBUTORS, SOURCE_LINE, *TAIL)  # fmt: skip


def stories_of(*articles: Article) -> list[str]:
    """The story that each article belongs to."""
    names = Document.__dataclass_fields__
    return [one.story_id for one in deduplicate(Document(**{name: getattr(article, name) for name in names}) for article in articles)]


def test_the_columns_of_an_article_agree(page: Callable[..., FetchedPage]) -> None:
    """Id, hash, signature, words and host are functions of the text and URL that stand beside them."""
    canonical = '<link rel="canonical" href="https://daily.example/news/flood">'
    article = article_on(page(*FLOOD, url="https://www.daily.example/news/flood?utm_source=rss", title="Flood in Talgrad", head=canonical))
    assert article.url == "https://www.daily.example/news/flood"
    assert article.host == "daily.example"
    assert article.text_sha256 == text_hash(article.text, article.dateline)
    assert identity_url(article.url, article.canonical_url) == "https://daily.example/news/flood"
    assert article.article_id == make_article_id("https://daily.example/news/flood", article.text_sha256)
    assert article.minhash is not None
    assert len(article.minhash) == 512
    assert article.word_count == count_words(article.text)
    assert (article.source, article.run_id, article.fetched_at) == ("daily", "r1", datetime(2024, 5, 6, 12, tzinfo=UTC))


def test_a_canonical_address_on_another_site_is_no_identity(page: Callable[..., FetchedPage]) -> None:
    """Two sites that republish one page are two articles."""
    canonical = '<link rel="canonical" href="https://www.other.example/news/flood">'
    one = article_on(page(*FLOOD, url="https://www.daily.example/a", head=canonical))
    other = article_on(page(*FLOOD, url="https://www.weekly.example/a", head=canonical))
    assert one.text_sha256 == other.text_sha256
    assert one.article_id != other.article_id


def test_what_was_cut_stands_in_page_order(page: Callable[..., FetchedPage]) -> None:
    """Whichever stage cut it: captions and prompts of scrubbing, lines of attribution, the tail."""
    removed = [piece.text for piece in article_on(page(*republished(TALKS), title="Talks fail")).removed]
    expected = [CAPTIONS[0], APP_PROMPT, CAPTIONS[1], *CONTRIBUTORS, SOURCE_LINE, *TAIL]
    assert [text for text in removed if text in expected] == expected


@pytest.mark.parametrize(
    ("requested", "extra"),
    [
        pytest.param(None, None, id="not redirected"),
        pytest.param("https://www.daily.example/news/story", None, id="the same address"),
        pytest.param("https://dly.example/é", {"requested_url": "https://dly.example/é"}, id="redirected"),
    ],
)
def test_the_requested_url_is_kept_only_when_it_differs(
    page: Callable[..., FetchedPage], requested: str | None, extra: dict[str, str] | None
) -> None:
    """The store marks both addresses as seen."""
    article = article_on(page(*FLOOD, requested_url=requested))
    assert (json.loads(article.extra) if article.extra else None) == extra


@pytest.mark.parametrize(
    ("stated", "authors", "byline"),
    [
        pytest.param("Nora Wick", ("Nora Wick",), None, id="a person"),
        pytest.param("Nora Wick, AFP", ("Nora Wick",), None, id="a person and an agency"),
        pytest.param("AFP", (), ["AFP"], id="an agency, which attribution takes out of the authors"),
        pytest.param("The Daily Desk", (), ["The Daily Desk"], id="a desk"),
        pytest.param(None, (), None, id="nobody"),
    ],
)
def test_the_byline_is_kept_where_it_names_no_person(
    page: Callable[..., FetchedPage], stated: str | None, authors: tuple[str, ...], byline: list[str] | None
) -> None:
    """The authors are people only; what the page says instead is not lost."""
    head = f'<meta name="author" content="{stated}">' if stated else ""
    article = article_on(page(*FLOOD, head=head))
    assert article.authors == authors
    assert json.loads(article.extra or "{}").get("byline") == byline


def test_where_a_page_was_found_is_kept(page: Callable[..., FetchedPage]) -> None:
    """The feed or sitemap, beside the URL that was asked for; nothing where a retry has no endpoint."""
    hint = Discovered(url="https://dly.example/1", found_in="https://www.daily.example/feed", channel="feed")
    article = article_on(page(*FLOOD, requested_url=hint.url, hint=hint))
    assert article.extra is not None
    assert json.loads(article.extra) == {"requested_url": hint.url, "found_in": hint.found_in, "channel": "feed"}
    assert article_on(page(*FLOOD, hint=replace(hint, found_in=""))).extra is None


def test_a_line_that_the_source_repeats_hides_no_tail(page: Callable[..., FetchedPage]) -> None:
    """Scrub's own rules run again behind it: teasers above it go as the tail that they are, and so does the label above them."""
    label, prompt = "Valley notices", "Our newsroom is open to every reader of the valley."
    teasers = ("The mayor of Talgrad promised a new wall, but the…", "Trains to the capital stay free until the end of…")
    others = (f"{paragraph}\n\nReport {n} of many: {paragraph}\n\n{label}\n\n{prompt}" for n, paragraph in enumerate(FLOOD))
    known = learn_lines(map(note_lines, others))
    outcome = process_page(page(*FLOOD, label, *teasers, prompt), source_lines=known)
    assert isinstance(outcome, Article)
    assert outcome.text.split("\n\n") == list(FLOOD)
    reasons = {piece.text: piece.reason for piece in outcome.removed}
    assert reasons == {label: "repeated_on_source", **dict.fromkeys(teasers, "tail"), prompt: "repeated_on_source"}
    assert list(reasons) == [label, *teasers, prompt]


def test_the_source_s_lines_cost_no_short_article(page: Callable[..., FetchedPage]) -> None:
    """What would be too short without them stays with them, as if nothing were known."""
    prompt = "Our newsroom is open to every reader of the valley."
    known = learn_lines(note_lines(f"{paragraph}\n\n{prompt}") for paragraph in FLOOD)
    fetched = page(FLOOD[0], prompt)
    outcome = process_page(fetched, min_words=count_words(FLOOD[0]) + 1, source_lines=known)
    assert outcome == process_page(fetched, min_words=count_words(FLOOD[0]) + 1)
    assert isinstance(outcome, Article)


def test_a_rejection_names_the_page_it_is_about(page: Callable[..., FetchedPage]) -> None:
    """Source, run, time and requested URL travel with it."""
    fetched = page("Too little.", requested_url="https://dly.example/1")
    outcome = process_page(fetched)
    assert isinstance(outcome, Rejection)
    assert (outcome.url, outcome.requested_url, outcome.source, outcome.run_id, outcome.fetched_at) == (
        fetched.url, "https://dly.example/1", "daily", "r1", fetched.fetched_at,
    )  # fmt: skip


def test_a_body_below_the_minimum_is_rejected(page: Callable[..., FetchedPage]) -> None:
    """min_words decides."""
    outcome = process_page(page(*FLOOD), min_words=1000)
    assert isinstance(outcome, Rejection)
    assert (outcome.stage, outcome.reason, outcome.is_final) == ("scrub", "too_short", True)


@pytest.mark.parametrize("stage", ["parse_page", "read_marks", "extract_article", "scrub_draft", "attribute_draft", "minhash_bytes"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(ValueError("broken"), "stage_error", id="a bug"),
        pytest.param(MemoryError(), "too_complex", id="no memory"),
        pytest.param(RecursionError(), "too_complex", id="no stack"),
    ],
)
def test_a_stage_that_breaks_costs_one_page_and_the_page_is_asked_again(
    page: Callable[..., FetchedPage], monkeypatch: pytest.MonkeyPatch, stage: str, error: Exception, reason: str
) -> None:
    """It becomes a rejection that is not final; nothing is raised."""

    def breaks(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(chain, stage, breaks)
    outcome = process_page(page(*FLOOD))
    assert isinstance(outcome, Rejection)
    assert (outcome.stage, outcome.reason, outcome.is_final) == ("extract", reason, False)
    assert repr(error) in outcome.detail
    assert outcome.source == "daily"


def test_an_agency_s_reporter_in_the_text_is_a_hint_and_no_more(page: Callable[..., FetchedPage]) -> None:
    """ "an AFP reporter said" is told in ``provenance`` and fills no column."""
    article = article_on(page(*FLOOD, title="Flood drives thousands from Talgrad"))
    assert article.text == "\n\n".join(FLOOD)
    assert (article.agencies, article.credited_agencies, article.syndicated_from, article.dateline) == ((), (), None, None)
    assert [(known.value, known.signal, known.confidence) for known in article.provenance] == [("AFP", "self_reference", 0.3)]


def test_a_republisher_s_page_gives_the_outlet_s_article_and_says_whose_it_is(page: Callable[..., FetchedPage]) -> None:
    """Captions, prompt, credit lines and tail are cut; who wrote it, who helped and where it was taken from is known."""
    article = article_on(page(*republished(TALKS), url="https://www.newsbundle.example/port-talks", title="Port talks break down"))
    assert article.text == "\n\n".join(TALKS)
    assert article.agencies == ()
    assert article.credited_agencies == ("AP",)
    assert article.syndicated_from == "nbcnews.com"
    assert article.dateline == "PORT SELIM"
    assert article.contributors == CONTRIBUTORS
    reasons = {piece.text: piece.reason for piece in article.removed if piece.reason != "headline"}
    assert reasons == {
        CAPTIONS[0]: "caption",
        CAPTIONS[1]: "caption",
        APP_PROMPT: "app",
        CONTRIBUTORS[0]: "contributors",
        CONTRIBUTORS[1]: "contributors",
        SOURCE_LINE: "source_line",
        **dict.fromkeys(TAIL, "tail"),
    }


def test_with_and_without_the_republisher_s_blocks_it_is_one_story(page: Callable[..., FetchedPage]) -> None:
    """The outlet's own page and the republisher's are copies; the other story is none."""
    own = article_on(page(*TALKS, url="https://www.nbcnews.com/world/port-talks", title="Port talks break down"))
    copied = article_on(page(*republished(TALKS), url="https://www.newsbundle.example/port-talks", title="Dockers and port: no deal"))
    other = article_on(page(*FLOOD, url="https://www.daily.example/flood", title="Flood drives thousands from Talgrad"))
    one, two, three = stories_of(own, copied, other)
    assert one == two
    assert three != one


@pytest.mark.parametrize(
    ("host", "marked", "agencies"),
    [
        pytest.param("www.morning.example", f"TALGRAD (AFP) - {FLOOD[0]}", ["AFP"], id="an unmarked copy of an agency's story"),
        pytest.param("edition.cnn.com", f"TALGRAD (CNN) — {FLOOD[0]}", [], id="an outlet's own story that its wire sells"),
    ],
)
def test_a_story_tells_the_agency_of_its_unmarked_copy(
    page: Callable[..., FetchedPage], tmp_path: Path, host: str, marked: str, agencies: list[str]
) -> None:
    """Through the store with the real index: the corpus row has it, with the copy named as evidence."""
    first = article_on(page(*FLOOD, url=f"https://{host}/flood", title="Flood", source="first"))
    later = datetime(2024, 5, 6, 15, tzinfo=UTC)
    copy = article_on(page(marked, *FLOOD[1:], url="https://www.evening.example/flood", title="Flood", source="copy", fetched_at=later))
    with chain.open_store(tmp_path) as store:
        store.commit(store.freeze([first, copy]))
        store.finish()
        assert store.verify() == []
    ((row,),) = [pd.read_parquet(path).to_dict("records") for path in (tmp_path / "corpus").glob("*/*.parquet")]
    assert (row["article_id"], list(row["agencies"])) == (first.article_id, agencies)
    told = [item["evidence"] for item in row["provenance"] if item["signal"] == "story"]
    assert told == [f"{copy.article_id} on evening.example"] * len(agencies)


@pytest.mark.skipif(
    not (EVAL / "seeds").is_dir(), reason="the two example articles are not part of this repository; COPYDESK_EVAL names their folder"
)
def test_the_example_articles_come_out_clean(page: Callable[..., FetchedPage]) -> None:
    """The two texts in COPYDESK_EVAL/seeds, on plain pages."""
    wire = [line for line in (EVAL / "seeds" / "afp_wire.txt").read_text("utf-8").splitlines() if line.strip()]
    junk = [line for line in (EVAL / "seeds" / "nbc_republished.txt").read_text("utf-8").splitlines() if line.strip()]
    afp = article_on(page(*wire, url="https://www.daily.example/world/1"))
    nbc = article_on(page(*junk, url="https://www.newsbundle.example/world/2"))
    assert afp.text.split("\n\n") == wire
    assert (afp.agencies, afp.credited_agencies, afp.syndicated_from) == ((), (), None)
    assert ("AFP", "self_reference") in {(known.value, known.signal) for known in afp.provenance}
    kept = nbc.text.split("\n\n")
    assert [line for line in junk if line in kept] == kept
    assert kept[-1].startswith("“This is the best way")
    assert not [line for line in kept if "Getty Images" in line or line.endswith("/ AP") or "app for breaking" in line]
    assert (nbc.agencies, nbc.credited_agencies, nbc.syndicated_from, nbc.dateline) == ((), ("AP",), "nbcnews.com", "JERUSALEM")
    end = junk.index(kept[-1]) + 1
    clean = article_on(page(*kept, url="https://www.nbcnews.com/world/2"))
    cut = article_on(page(*junk[:end], url="https://www.weekly.example/world/2"))
    one, two, three, four = stories_of(clean, nbc, cut, afp)
    assert one == two == three != four
