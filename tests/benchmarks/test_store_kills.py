"""The checks of the kill test can fail: each finds what it is there to find."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks.store_kills import Tally, check_round, find_rests
from benchmarks.store_reader import Reader, read_duckdb, read_pandas
from newsroom import build_world, load_truth
from pipelines.chain import open_store, process_page
from pipelines.records import Article, FetchedPage


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished store with the newsroom's articles."""
    output, world = tmp_path_factory.mktemp("reference") / "output", build_world()
    articles = []
    for number, expected in enumerate(load_truth()):
        found = world.find(expected.url)
        assert found
        page = FetchedPage(
            url=expected.url,
            body=found.body,
            encoding="utf-8",
            fetched_at=datetime(2026, 11, 18, 12, 0, number, tzinfo=UTC),
            source=expected.source,
        )
        article = process_page(page)
        assert isinstance(article, Article)
        articles.append(article)
    with open_store(output) as store:
        for chunk in (articles[::2], articles[1::2]):
            store.commit(store.freeze(chunk))
        store.finish()
    return output


@pytest.fixture
def output(reference: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reference, tmp_path / "output"))


def drop_rows(output: Path, dataset: str) -> None:
    path = max((output / dataset).glob("*/*.parquet"), key=lambda path: path.stat().st_size)
    pq.write_table(pq.ParquetFile(path).read().slice(1), path)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a story missing": (lambda output: drop_rows(output, "corpus"), "corpus and copies lack"),
    "a copy missing": (lambda output: drop_rows(output, "copies"), "corpus and copies lack"),
    "a rest in staging": (lambda output: (output / "staging" / "x.parquet").touch(), "left in staging: x.parquet"),
    "an index file": (lambda output: (output / "state" / "index" / "0123456789abcdef.run").touch(), "left in state/index"),
    "a state file moved aside": (lambda output: (output / "state" / "copydesk.sqlite.corrupt-1").touch(), "left in state: "),
}


def test_a_sound_round_has_no_problems(reference: Path, output: Path) -> None:
    """Each row is where it belongs and as the undisturbed crawl has it."""
    tally = Tally()
    assert list(check_round(output, reference, tally)) == []
    assert tally.rows == len(load_truth())


@pytest.mark.parametrize("name", DAMAGE)
def test_a_round_with_damage_has_problems(reference: Path, output: Path, name: str) -> None:
    """A row too few, a file too many."""
    harm, expected = DAMAGE[name]
    harm(output)
    assert any(expected in problem for problem in check_round(output, reference, Tally()))


@pytest.mark.parametrize("read", [read_pandas, read_duckdb])
def test_the_reader_sees_what_no_reader_may_see(reference: Path, read: Callable[[Path], pd.DataFrame]) -> None:
    """Rows twice, torn rows, stories that were there before; and nothing in a sound corpus."""
    reader = Reader(reference, stories={article.url: article.story for article in load_truth()})
    frame = read(reference / "corpus")
    assert reader.find_problems(frame) == []
    assert reader.find_problems(pd.concat([frame, frame[:1]])) == ["story_id twice", "article_id twice"]
    assert len(reader.find_problems(frame.assign(text="other words"))) == len(frame)
    assert reader.counts["stories missed"] == 0
    reader.find_problems(frame[1:])
    assert reader.counts["stories missed"] == 1


def test_only_the_index_files_that_rows_name_are_needed(reference: Path) -> None:
    """A finished store has no rests."""
    assert list(find_rests(reference)) == []
