"""``scrapy corpus`` on a sound store and on damaged ones."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.chain import store_parameters
from pipelines.corpus import Store
from pipelines.dedup import StoryIndex

PLANTED = Path(__file__).parents[1] / "pipelines" / "corpus" / "planted.py"


@pytest.fixture(scope="session")
def make_article() -> Callable[..., Any]:
    """The store's own example articles."""
    spec = importlib.util.spec_from_file_location("planted_for_commands", PLANTED)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    made: Callable[..., Any] = module.make_article
    return made


@pytest.fixture
def output(tmp_path: Path, make_article: Callable[..., Any]) -> Path:
    """A finished corpus of two parts: two outlets with one text, and another text."""
    wire = "The harbor of Porto Azul was closed on Monday after a freighter ran aground in the night, the coast guard said. " * 2
    folder = tmp_path / "output"
    with Store(folder, open_index=StoryIndex, parameters=store_parameters()) as store:
        for number in range(3):
            text = (
                f"{wire} {number}" if number < 2 else "Prices of grain fell for a third week, the ministry of farming said in its report."
            )
            article = make_article(f"https://o{number}.example/1", text, source=f"o{number}", extra=None)
            store.commit(store.freeze([replace(article, fetched_at=article.fetched_at + timedelta(minutes=number))]))
        store.finish()
    return folder


def without_sizes(told: str) -> str:
    """What stats says, but for the numbers of parts, files and bytes."""
    return re.sub(r"(parts|articles|corpus|copies|rejected)(\W+[\d.]+)+", r"\1", told)


def test_each_action_works_on_a_sound_store(scrapy: Callable[..., Any], output: Path) -> None:
    """Counts, no problems, and the same counts after a rebuild."""
    told = [scrapy("corpus", action, "-s", f"OUTPUT_DIR={output}") for action in ("stats", "verify", "rebuild")]
    assert [ran.status for ran in told] == [0, 0, 0], told
    assert told[1].output.strip().endswith("sound")
    assert "articles" in told[0].output
    for cells in ("corpus 2", "languages stories", "en 2", "o2 1 0", "AP 2", "edited 1"):
        assert re.search(r"\W+".join(cells.split()), told[0].output), (cells, told[0].output)
    assert without_sizes(told[0].output) == without_sizes(told[2].output)


def test_a_rebuild_keeps_the_shingles_that_it_is_told_to(scrapy: Callable[..., Any], output: Path) -> None:
    """Those of the last second, or all; an age that is none is refused."""
    kept = []
    for days in ("0.00001", "0"):
        ran = scrapy("corpus", "rebuild", "-s", f"OUTPUT_DIR={output}", "-s", f"DEDUP_KEEP_SHINGLES_DAYS={days}")
        assert ran.status == 0, ran.output
        with closing(sqlite3.connect(output / "state" / "copydesk.sqlite")) as state:
            kept += state.execute("SELECT count(*) FROM dedup_shingles").fetchone()
    assert kept == [1, 3]
    ran = scrapy("corpus", "stats", "-s", f"OUTPUT_DIR={output}", "-s", "DEDUP_KEEP_SHINGLES_DAYS=long")
    assert ran.status == 1
    assert "scrapy corpus: DEDUP_KEEP_SHINGLES_DAYS must be a number from 0, got 'long'" in ran.output


def test_rebuild_mends_a_damaged_index(scrapy: Callable[..., Any], output: Path, make_article: Callable[..., Any]) -> None:
    """Also while parts of the log wait for a fold."""
    with Store(output, open_index=StoryIndex) as store:
        store.commit(store.freeze([make_article("https://late.example/1", "The late report of the harbor", extra=None)]))
    next((output / "state" / "index").glob("*.run")).write_bytes(b"torn")
    ran = scrapy("corpus", "rebuild", "-s", f"OUTPUT_DIR={output}")
    assert ran.status == 0, ran.output
    assert scrapy("corpus", "verify", "-s", f"OUTPUT_DIR={output}").status == 0
    with Store(output, open_index=StoryIndex, recover=False) as store:
        assert (store.counts().articles, store.counts().unfolded) == (4, 0)


def test_a_store_with_a_lost_log_part_can_be_checked_and_rebuilt(scrapy: Callable[..., Any], output: Path) -> None:
    """A crawl refuses it; verify names the part, and rebuild takes the log as it stands."""
    lost = sorted(output.glob("articles/*/*.parquet"))[0]
    lost.unlink()
    stats = scrapy("corpus", "stats", "-s", f"OUTPUT_DIR={output}")
    assert stats.status == 1
    assert "scrapy corpus rebuild" in stats.output
    verify = scrapy("corpus", "verify", "-s", f"OUTPUT_DIR={output}")
    assert verify.status == 1
    assert lost.stem in verify.output
    rebuild = scrapy("corpus", "rebuild", "-s", f"OUTPUT_DIR={output}")
    assert rebuild.status == 0, rebuild.output
    assert scrapy("corpus", "verify", "-s", f"OUTPUT_DIR={output}").status == 0


def test_an_unreadable_log_part_is_named(scrapy: Callable[..., Any], output: Path) -> None:
    """By verify, and by a rebuild, which goes on when it is moved away."""
    torn = sorted(output.glob("articles/*/*.parquet"))[0]
    torn.write_bytes(torn.read_bytes()[:50])
    for action in ("verify", "rebuild"):
        ran = scrapy("corpus", action, "-s", f"OUTPUT_DIR={output}")
        assert ran.status == 1
        assert str(torn) in ran.output
        assert "Traceback" not in ran.output
    torn.rename(output.parent / torn.name)
    assert scrapy("corpus", "rebuild", "-s", f"OUTPUT_DIR={output}").status == 0


def test_compact_merges_the_parts_of_past_days(scrapy: Callable[..., Any], output: Path) -> None:
    """It says what it did, a second time that there is nothing to do, and wrong usage is told."""
    stats = scrapy("corpus", "stats", "-s", f"OUTPUT_DIR={output}").output
    ran = scrapy("corpus", "compact", "-s", f"OUTPUT_DIR={output}")
    assert ran.status == 0, ran.output
    assert re.search(r"compacted 1 days, \d+ files to 3, [\d,]+ bytes to [\d,]+", ran.output)
    assert [len(list(output.glob(f"{dataset}/*/*.parquet"))) for dataset in ("articles", "corpus", "copies")] == [1, 1, 1]
    assert "nothing to compact" in scrapy("corpus", "compact", "-s", f"OUTPUT_DIR={output}").output
    assert scrapy("corpus", "verify", "-s", f"OUTPUT_DIR={output}").status == 0
    after = scrapy("corpus", "stats", "-s", f"OUTPUT_DIR={output}").output
    assert without_sizes(after) == without_sizes(stats)
    assert scrapy("corpus", "compact", "--min-age-days", "-1", "-s", f"OUTPUT_DIR={output}").status == 2


def test_export_writes_the_stories_chosen(scrapy: Callable[..., Any], output: Path, tmp_path: Path) -> None:
    """A new folder; what is there already is left alone, and wrong options are told."""
    target = tmp_path / "out"
    options = ("--columns", "article_id,source", "--source", "o2", "--since", "2026-11-18", "-s", f"OUTPUT_DIR={output}")
    ran = scrapy("corpus", "export", str(target), *options)
    assert (ran.status, "1 stories in 1 files" in ran.output) == (0, True), ran.output
    assert pq.read_table(target).column_names == ["article_id", "source"]
    again = scrapy("corpus", "export", str(target), *options)
    assert (again.status, "overwrites nothing" in again.output) == (1, True), again.output
    assert scrapy("corpus", "export", "-s", f"OUTPUT_DIR={output}").status == 2
    wrong = scrapy("corpus", "export", str(tmp_path / "b"), "--since", "yesterday", "-s", f"OUTPUT_DIR={output}")
    assert (wrong.status, "expected a day as YYYY-MM-DD, got 'yesterday'" in wrong.output) == (2, True), wrong.output
