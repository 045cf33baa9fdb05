"""The report page as bytes and data: what it holds, how large it gets, what it says it left out."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.corpus.files import claim_file
from pipelines.errors import CorpusError
from pipelines.report import RunReport, write_page, write_report
from pipelines.report.embed import encode_json, make_visible
from pipelines.report.page import MAX_PAGE_BYTES, gather_data
from tests.pipelines.corpus.planted import DAYS, NOON
from tests.pipelines.report.corpora import HOSTILE, article, fill, hostile, ordinary


def embedded(page: bytes) -> dict[str, object]:
    """The data inside a page."""
    (found,) = re.findall(rb'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    read: dict[str, object] = json.loads(found)
    return read


def test_the_figures_are_those_of_the_corpus(tmp_path: Path) -> None:
    """By source, day, agency and reason; and who copies whom."""
    ordinary(tmp_path)
    data = gather_data(tmp_path, run=None)
    assert data["by_day"] == [{"day": f"{NOON:%Y-%m-%d}", "stories": 2, "copies": 2, "rejected": 1}]
    assert {row["source"]: (row["stories"], row["copies"], row["rejected"]) for row in data["by_source"]} == {"hills": (1, 1, 1), "wire": (1, 0, 0), "coast": (0, 1, 0)}  # fmt: skip
    assert data["agencies"] == [{"agency": "AP", "stories": 1, "articles": 3, "sources": 3}]
    assert data["flows"]["outlets"] == [{"from": "wire", "to": "coast", "articles": 1}, {"from": "wire", "to": "hills", "articles": 1}]
    assert {edge["to"] for edge in data["flows"]["agencies"]} == {"wire", "coast", "hills"}
    assert data["rejected"] == [{"stage": "scrub", "reason": "too_short", "pages": 1, "sources": 1}]
    assert data["removed"] == [{"reason": "caption", "pieces": 4}, {"reason": "prompt", "pieces": 4}]
    assert data["left_out"] == []


def test_a_story_comes_with_its_copies_and_their_texts(tmp_path: Path) -> None:
    """The canonical copy first, then the others with their relation; stories with copies before those without."""
    ordinary(tmp_path)
    data = gather_data(tmp_path, run=None)
    assert [(row["title"], row["count"], row["copies"]) for row in data["stories"]] == [
        ("Ferry towed back", 2, [["coast", "edited"], ["hills", "exact"]]),
        ("Grain gets cheaper", 0, []),
    ]
    members = data["details"][data["stories"][0]["id"]]
    assert [member["source"] for member in members] == ["wire", "coast", "hills"]
    assert members[1]["text"].endswith("The owner said sorry.")
    assert members[0]["removed"] == [["prompt", "Sign up"], ["caption", "A bridge"]]


def test_the_stories_of_the_run_come_first(tmp_path: Path, make_report: Callable[..., RunReport]) -> None:
    """And are marked: they are what a reader of a run's report asks for."""
    ordinary(tmp_path)
    report = make_report(run_id="run-2")
    write_report(report, tmp_path)
    fill(tmp_path, [article("https://hills.example/owl", "An owl sat on the town hall for three days before anybody thought of feeding it, neighbors said.", run_id="run-2", title="Owl")])  # fmt: skip
    page = write_page(tmp_path)
    assert page == tmp_path / "runs" / "run-2" / "report.html"
    stories = embedded(page.read_bytes())["stories"]
    assert isinstance(stories, list)
    assert [(row["title"], row["run"]) for row in stories] == [("Owl", True), ("Ferry towed back", False), ("Grain gets cheaper", False)]


@pytest.mark.parametrize("number", [600], ids=["ten times what fits"])
def test_a_page_stays_small_and_says_what_it_left_out(tmp_path: Path, number: int) -> None:
    """Under 2 MB whatever the corpus; the texts go first, then stories."""
    rng = random.Random(3)
    texts = (" ".join(f"w{rng.randrange(10**6)}<&>é" for _ in range(900)) for _ in range(number))
    fill(tmp_path, [article(f"https://o.example/{place}", text, title=f"Story {place}") for place, text in enumerate(texts)])
    page = write_page(tmp_path).read_bytes()
    assert MAX_PAGE_BYTES * 0.8 < len(page) < 2_000_000
    data = embedded(page)
    stories, details = data["stories"], data["details"]
    assert isinstance(stories, list)
    assert isinstance(details, dict)
    assert len(stories) == number
    assert 0 < len(details) < number
    assert data["left_out"] == [f"{number - len(details)} of the {number} listed stories come without their texts"]


def test_older_days_are_left_out_and_counted(tmp_path: Path) -> None:
    """Whole days; the newest always stands, however many articles it has."""
    fill(
        tmp_path, [article(f"https://o.example/{day:%d}", f"Told on {day:%A} of the harbor and its boats", fetched_at=day) for day in DAYS]
    )
    data = gather_data(tmp_path, run=None, max_articles=1)
    assert data["days"] == [f"{DAYS[-1]:%Y-%m-%d}"]
    assert data["left_out"] == ["2 older days: the page covers the newest 1"]
    assert len(gather_data(tmp_path, run=None, max_days=2)["days"]) == 2


def test_nothing_of_the_pages_leaves_its_json(tmp_path: Path, make_report: Callable[..., RunReport]) -> None:
    """The markup around the data is the same for a hostile corpus and an ordinary one; what nobody sees is spelled out."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    ordinary(tmp_path / "one")
    hostile(tmp_path / "other", make_report())
    pages = [write_page(tmp_path / name).read_bytes() for name in ("one", "other")]
    frames = [re.sub(rb'(id="data">).*?(</script>)', rb"\1\2", page, count=1, flags=re.DOTALL) for page in pages]
    assert frames[0] == frames[1]
    told = json.dumps(embedded(pages[1]), ensure_ascii=False)
    for attack in HOSTILE:
        assert json.dumps(make_visible(attack), ensure_ascii=False)[1:-1] in told
    assert "abc‹U+202E›gnp.exe ‹U+2066›hidden‹U+2069›" in told
    assert not set("\u2028\u2029\u202e\u2066") & set(pages[1].decode())


def test_the_policy_allows_the_page_s_own_scripts_and_nothing_else(tmp_path: Path) -> None:
    """No source but hashes; no inline exception."""
    ordinary(tmp_path)
    page = write_page(tmp_path).read_text(encoding="utf-8")
    policy = dict(part.split(" ", 1) for part in re.findall(r'Content-Security-Policy" content="([^"]+)"', page)[0].split("; "))
    assert policy["default-src"] == "'none'"
    assert all(re.fullmatch(r"('sha256-[A-Za-z0-9+/=]+' ?)+", policy[name]) for name in ("script-src", "style-src"))
    assert "sourceMappingURL" not in page


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        pytest.param("a\u202eb", "a‹U+202E›b", id="right-to-left override"),
        pytest.param("line\ttab\nbreak", "line\ttab\nbreak", id="tabs and line breaks stay"),
        pytest.param("क्\u200dष 👩\u200d🚒", "क्\u200dष 👩\u200d🚒", id="joiners stay"),
        pytest.param({"\x00": ["\ud800"]}, {"‹U+0000›": ["‹U+D800›"]}, id="keys, lists and half surrogate pairs"),
    ],
)
def test_what_nobody_sees_is_spelled_out(value: object, seen: object) -> None:
    """And can be written as UTF-8 then."""
    assert make_visible(value) == seen
    assert json.loads(encode_json(value)) == seen


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        pytest.param("{", "expected the report of a run in JSON", id="no JSON"),
        pytest.param("[]", "an object with 'stages', found list", id="another shape"),
    ],
)
def test_a_damaged_run_report_is_named(tmp_path: Path, make_report: Callable[..., RunReport], broken: str, words: str) -> None:
    """The run that was asked for must be read; in the history of another run it is left out."""
    ordinary(tmp_path)
    path = write_report(make_report(run_id="run-1"), tmp_path)
    path.write_text(broken)
    with pytest.raises(CorpusError, match=words):
        write_page(tmp_path, run_id="run-1")
    write_report(make_report(run_id="run-2"), tmp_path)
    runs = embedded(write_page(tmp_path, run_id="run-2").read_bytes())["runs"]
    assert isinstance(runs, list)
    assert [run["run_id"] for run in runs] == ["run-2"]


def test_a_run_that_is_not_there_is_told_with_those_that_are(tmp_path: Path, make_report: Callable[..., RunReport]) -> None:
    """So is a folder without a corpus."""
    with pytest.raises(CorpusError, match="found no articles/ folder"):
        write_page(tmp_path)
    ordinary(tmp_path)
    write_report(make_report(run_id="run-7"), tmp_path)
    with pytest.raises(CorpusError, match=r"report of run 'run-8', found 1 runs, the newest: run-7"):
        write_page(tmp_path, run_id="run-8")


def test_what_a_killed_writer_left_goes_with_the_next_page(tmp_path: Path, make_report: Callable[..., RunReport]) -> None:
    """Of any run; what a living writer holds stays."""
    ordinary(tmp_path)
    write_report(make_report(run_id="run-1"), tmp_path)
    write_report(make_report(run_id="run-2"), tmp_path)
    left = tmp_path / "runs" / "run-1" / ".report.html.123.tmp"
    left.write_text("<html>")
    with claim_file(tmp_path / "runs" / "run-2", prefix=".report.html.", suffix=".tmp") as (_, held):
        page = write_page(tmp_path, run_id="run-2")
        assert held.exists()
    assert not left.exists()
    assert sorted(path.name for path in page.parent.iterdir()) == sorted([held.name, "report.html", "report.json"])
