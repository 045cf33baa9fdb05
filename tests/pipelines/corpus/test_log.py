"""The log: freezing, committing, and committing again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.corpus import Store
from pipelines.corpus import log as log_module
from pipelines.errors import CorpusError


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()


def test_a_batch_over_midnight_becomes_two_parts(store: Store, planted: ModuleType, out: Path) -> None:
    """One part, one UTC day; both are registered together."""
    midnight = planted.NOON.replace(hour=0)
    moments = [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=1)]
    articles = [planted.make_article(f"https://a.example/{n}", "k1 r1", fetched_at=moment) for n, moment in enumerate(moments)]
    store.commit(store.freeze(articles))
    rows = planted.read_rows(out, "articles")
    assert [(day, row["url"][-1]) for day, _, row in rows] == [("2026-11-17", "0"), ("2026-11-18", "1"), ("2026-11-18", "2")]
    assert len({part for _, part, _ in rows}) == 2
    assert store.counts().parts == 2


def test_an_article_is_once_in_a_batch(store: Store, planted: ModuleType, out: Path) -> None:
    """Its earliest fetch counts, across midnight too; both URLs become known."""
    late = planted.make_article("https://a.example/1", "k1 r1", fetched_at=planted.DAYS[2], extra=None)
    early = replace(late, url="https://a.example/1?page=amp", fetched_at=planted.DAYS[1])
    store.commit(store.freeze([late, early, late]))
    assert [row["url"] for _, _, row in planted.read_rows(out, "articles")] == [early.url]
    assert store.known_urls([late.url, early.url], now=planted.NOON) == {late.url, early.url}


def test_rejections_are_rows_beside_the_log(store: Store, planted: ModuleType, out: Path) -> None:
    """A rejection without a time gets the time of its batch."""
    store.commit(store.freeze([], [planted.reject("https://a.example/1"), planted.reject("https://a.example/2", fetched_at=None)]))
    rows = planted.read_rows(out, "rejected")
    assert {row["url"] for _, _, row in rows} == {"https://a.example/1", "https://a.example/2"}
    assert all(isinstance(row["fetched_at"], datetime) for _, _, row in rows)
    assert store.counts().rejected == 2


def test_committing_again_changes_nothing(store: Store, planted: ModuleType, out: Path) -> None:
    """The same names, the same rows, also after the parts were folded."""
    batch = store.freeze(
        [planted.make_article(f"https://a.example/{n}", f"k{n} r1") for n in range(4)],
        [planted.reject("https://a.example/bad"), planted.reject("https://a.example/slow", is_final=False)],
    )
    store.commit(batch)
    store.finish()
    before = {path: path.read_bytes() for path in out.rglob("*.parquet")}, store.counts()
    store.commit(batch)
    store.finish()
    assert ({path: path.read_bytes() for path in out.rglob("*.parquet")}, store.counts()) == before


def test_a_failed_commit_is_retried_under_the_same_names(
    store: Store, planted: ModuleType, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the folder's fsync fails nobody knows whether the part is there: the same part is written again."""
    batch = store.freeze([planted.make_article("https://a.example/1", "k1 r1")])
    real, calls = os.fsync, iter(range(100))

    def fail_second(descriptor: int) -> None:
        if next(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_second)
        with pytest.raises(CorpusError, match="writing a batch failed: Input/output error"):
            store.commit(batch)
    assert store.known_urls(["https://a.example/1"], now=planted.NOON) == set()
    store.commit(batch)
    store.finish()
    assert store.counts().rows == 1
    assert planted.find_violations(out) == []


def test_a_large_batch_is_split(store: Store, planted: ModuleType, monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    """A fold holds the texts of one part: parts stay small."""
    monkeypatch.setattr(log_module, "MAX_PART_ROWS", 3)
    store.commit(store.freeze([planted.make_article(f"https://a.example/{n}", f"k{n % 2} r{n}") for n in range(8)]))
    store.finish()
    assert (store.counts().parts, store.counts().stories) == (3, 2)
    assert planted.find_violations(out) == []


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        pytest.param({"fetched_at": datetime(2026, 11, 18)}, "expected fetched_at with a time zone, got 2026-11-18", id="naive time"),
        pytest.param({"fetched_at": None}, "expected fetched_at, got None", id="no time"),
        pytest.param({"article_id": "XYZ"}, "expected an article_id of 32 hex digits, got 'XYZ'", id="no hex id"),
        pytest.param({"word_count": "many"}, "column word_count: expected int32", id="wrong type"),
        pytest.param({"word_count": 10**30}, "column word_count: expected int32", id="a number too large"),
        pytest.param({"text_sha256": b"abc", "title": "\ud800"}, "column text_sha256: expected fixed_size_binary", id="a short hash"),
        pytest.param({"title": "\ud800", "tags": ("\ud800", 3)}, "column tags: expected list", id="a number among broken strings"),
        pytest.param(
            {"published_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=9)))},
            "expected published_at between the years 1 and 9999 in UTC, got 9999-12-31",
            id="a time after the last one",
        ),
        pytest.param({"provenance": ("AP",)}, "'str' object has no attribute 'field'", id="evidence of another kind"),
    ],
)
def test_a_record_that_cannot_be_stored_is_rejected_alone(
    store: Store, planted: ModuleType, out: Path, changes: dict[str, Any], detail: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest of its batch is stored; the rejection says why, its URL is known, the log names it."""
    good = [planted.make_article(f"https://a.example/{n}", f"k{n} r1") for n in range(3)]
    bad = replace(planted.make_article("https://a.example/bad", "k9 r1"), **changes)
    batch = store.freeze([good[0], bad, *good[1:]], [planted.reject("https://a.example/short")])
    assert batch.unstorable == (bad,)
    assert (batch.articles, batch.rejections) == (3, 2)
    store.commit(batch)
    store.finish()
    assert store.counts().articles == 3
    (row,) = [row for _, _, row in planted.read_rows(out, "rejected") if row["stage"] == "store"]
    assert (row["url"], row["reason"], row["source"], row["is_final"]) == (bad.url, "unstorable", "gazette", True)
    assert row["detail"].startswith(detail)
    assert store.known_urls([bad.url], now=planted.NOON) == {bad.url}
    assert "https://a.example/bad: cannot be stored" in caplog.text
    assert planted.find_violations(out) == []


def test_a_rejection_that_cannot_be_stored_says_so(store: Store, planted: ModuleType, out: Path) -> None:
    """It keeps its URL and what it was, and the others are rows as they are."""
    batch = store.freeze([], [planted.reject("https://a.example/1", detail=12), planted.reject("https://a.example/2")])
    assert batch.unstorable == ()
    store.commit(batch)
    one, other = sorted((row for _, _, row in planted.read_rows(out, "rejected")), key=lambda row: str(row["url"]))
    assert (one["url"], one["reason"]) == ("https://a.example/1", "unstorable")
    assert one["detail"].startswith("scrub too_short: column detail: expected string")
    assert other["reason"] == "too_short"


def test_the_first_and_the_last_day_are_days(store: Store, planted: ModuleType, out: Path) -> None:
    """A folder is named with four digits of a year, else its parts would not be found again."""
    store.commit(
        store.freeze([planted.make_article("https://a.example/1", "k1 r1", fetched_at=datetime(987, 6, 5, tzinfo=UTC), published_at=None)])
    )
    assert [day for day, _, _ in planted.read_rows(out, "articles")] == ["0987-06-05"]
    store.finish()
    assert planted.find_violations(out) == []
