"""The made-up corpora of the dedup benchmark, and the benchmark itself on a small one."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from benchmarks import corpora
from benchmarks import dedup as benchmark
from pipelines.dedup import deduplicate


@pytest.fixture(autouse=True)
def no_labelled_documents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Sentences are invented, as where the labelled sets are not there."""
    monkeypatch.setattr(corpora, "EVAL", tmp_path)
    monkeypatch.setattr(benchmark, "KIT", tmp_path)


def test_a_corpus_is_the_same_again() -> None:
    """For the same size and seed; another seed gives another."""
    one, other, third = (list(corpora.make_corpus(300, seed=seed)) for seed in (1, 1, 2))
    assert one == other
    assert one != third
    assert len({labelled.document.article_id for labelled in one}) == 300


def test_stories_run_once_or_in_several_sources() -> None:
    """No source runs a story twice, so that none becomes its boilerplate; about half of the documents are alone."""
    corpus = list(corpora.make_corpus(3000))
    runs = Counter((labelled.story, labelled.document.source) for labelled in corpus)
    assert max(runs.values()) == 1
    copies = Counter(labelled.story for labelled in corpus)
    assert 0.3 < sum(count == 1 for count in copies.values()) / len(corpus) < 0.7


def test_large_stories_come_after_some_thousand_documents() -> None:
    """Two of several hundred copies, one of them in wordings that all differ."""
    corpus = list(islice(corpora.make_corpus(corpora.PER_MANY), 9000))
    (large, _), (larger, _), *_ = Counter(labelled.story for labelled in corpus).most_common(3)
    texts = {story: [labelled.document.text for labelled in corpus if labelled.story == story] for story in (large, larger)}
    assert all(len(found) > 100 for found in texts.values())
    assert any(len(set(found)) == len(found) for found in texts.values())


def test_our_engine_finds_the_stories() -> None:
    """Nearly all pairs, and nearly no other."""
    corpus = list(corpora.make_corpus(2000))
    found = {one.article_id: one.story_id for one in deduplicate(labelled.document for labelled in corpus)}
    score = benchmark.score_pairs({labelled.document.article_id: labelled.story for labelled in corpus}, found)
    assert score["precision"] > 0.99
    assert score["recall"] > 0.99


@pytest.mark.parametrize("engine", ["ours", "datasketch"])
def test_the_benchmark_measures_an_engine(engine: str) -> None:
    """With accuracy, speed and size; the labelled documents are not there."""
    row = benchmark.measure(engine, 200)
    assert (row["engine"], row["documents"], row["labelled_f1"]) == (engine, 200, None)
    assert row["f1"] > 0.5
    assert row["per_cpu_second"] > 1
