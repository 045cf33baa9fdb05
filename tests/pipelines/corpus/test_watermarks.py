"""Watermarks: no story moves under a reader because a page that was fetched first is committed last."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from pipelines.corpus import Store
from pipelines.corpus.watermarks import Watermark, lowest_watermark

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000


def test_the_lowest_of_the_running_crawls_counts(tmp_path: Path) -> None:
    assert lowest_watermark(tmp_path / "none") is None
    early, late = Watermark(tmp_path, "early", NOON), Watermark(tmp_path, "late", NOON + timedelta(seconds=9))
    assert lowest_watermark(tmp_path) == NOON_US
    early.set(NOON + timedelta(seconds=20, microseconds=1))
    assert lowest_watermark(tmp_path) == NOON_US + 9_000_000
    late.close()
    assert lowest_watermark(tmp_path) == NOON_US + 20_000_001
    early.close()
    early.close()
    assert lowest_watermark(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_killed_crawl_holds_nothing_back(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from datetime import UTC, datetime; from pipelines.corpus.watermarks import Watermark;"
        "mark = Watermark(Path(sys.argv[1]), 'killed', datetime(2026, 11, 18, 12, tzinfo=UTC)); print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as crawl:
        assert crawl.stdout is not None
        assert crawl.stdout.readline() == b"in\n"
        assert lowest_watermark(tmp_path) == NOON_US
        crawl.kill()
    assert lowest_watermark(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_story_waits_for_a_page_that_was_fetched_before_it(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """Two crawls: what the first fetched at once and commits late decides where the story shows, so that nothing shows before."""
    slow, quick = open_store(), open_store()
    slow.start_crawl("slow", moment=NOON)
    quick.start_crawl("quick", moment=NOON)
    old, first, copy = (
        planted.make_article(f"https://a.example/{number}", words, fetched_at=NOON + timedelta(seconds=seconds))
        for number, (words, seconds) in enumerate((("k2 r1", -5), ("k1 r1", 1), ("k1 r2", 2)))
    )
    quick.commit(quick.freeze([old, copy]))
    quick.set_watermark(NOON + timedelta(seconds=3))
    quick.finish()
    assert [row["url"] for _, _, row in planted.read_rows(out, "corpus")] == [old.url]
    assert quick.unfinished() is not None
    assert quick.verify() == []
    slow.commit(slow.freeze([first]))
    slow.set_watermark(NOON + timedelta(seconds=4))
    slow.fold()
    slow.publish()
    shown = {row["story_id"]: (part, row["url"]) for _, part, row in planted.read_rows(out, "corpus")}
    assert {url for _, url in shown.values()} == {old.url, copy.url}
    # In the file of the page that was fetched first; the other has never had it.
    assert shown[first.article_id][0] != shown[old.article_id][0]
    slow.finish()
    assert planted.find_violations(out) == []
    assert slow.unfinished() is None


def test_the_last_crawl_to_end_shows_everything(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    stores = [open_store(), open_store()]
    for number, store in enumerate(stores):
        store.start_crawl(str(number), moment=NOON)
        store.commit(store.freeze([planted.make_article(f"https://a.example/{number}", f"k{number} r1", fetched_at=NOON)]))
    for number, store in enumerate(stores):
        store.finish()
        assert len(planted.read_rows(out, "corpus")) == 2 * number
    assert planted.find_violations(out) == []


def test_what_readers_have_seen_is_not_taken_from_them(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A crawl that starts under a clock that went back, or beside a log with times to come, hides no row and no copy."""
    store = open_store()
    store.commit(store.freeze([planted.make_article(f"https://a.example/{rank}", f"k1 r{rank}", fetched_at=NOON) for rank in (1, 2)]))
    store.finish()
    store.start_crawl("later", moment=NOON - timedelta(hours=1))
    store.commit(store.freeze([planted.make_article("https://a.example/3", "k1 r3", fetched_at=NOON + timedelta(hours=1))]))
    store.fold()
    store.publish()
    assert [row["url"] for _, _, row in planted.read_rows(out, "corpus")] == ["https://a.example/3"]
    assert "https://a.example/1" in [row["url"] for _, _, row in planted.read_rows(out, "copies")]
    store.finish()
    assert planted.find_violations(out) == []
