"""SIGKILL at random moments of two writers, while a plain reader reads."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from pipelines.corpus import Store
from pipelines.records import make_article_id
from pipelines.text import text_hash

ROOT = Path(__file__).parents[3]
KILLS = 14

Order = Callable[[str, int], int]


@pytest.fixture
def order(out: Path, tmp_path: Path) -> Iterator[Order]:
    """Give an order to the process of writer.py and return its answer."""
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), str(out), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        orders, answers = process.stdin, process.stdout

        def give(word: str, number: int) -> int:
            orders.write(f"{word} {number}\n")
            return int(answers.readline())

        yield give
        orders.close()  # ends it, and its writers see that


def told_articles(folder: Path) -> list[str]:
    """The articles that writers acknowledged so far."""
    return [line for path in folder.glob("told-*") for line in path.read_text().split() if len(line) == 32]


def test_killed_writers_lose_and_double_nothing(
    planted: ModuleType, open_store: Callable[..., Store], out: Path, tmp_path: Path, order: Order
) -> None:
    """Every acknowledged article is in corpus or copies, once; no reader saw a torn row meanwhile. The writers compact, too."""
    open_store().close()
    rng = random.Random(5)
    writers = [order("start", seed) for seed in range(2)]
    reads = 0
    for seed in range(2, 2 + 5 * KILLS):
        if (
            seed >= 2 + KILLS and len(told_articles(tmp_path)) > 30 and reads > 5
        ):  # on a busy machine a life may end before its first commit
            break
        end = time.monotonic() + rng.uniform(0.05, 0.6)
        while time.monotonic() < end:
            if list(out.glob("corpus/*/*.parquet")):
                try:
                    rows = pd.read_parquet(out / "corpus", columns=["article_id", "url", "text"])
                except FileNotFoundError:  # a compaction came between listing and reading: read again, say the docs
                    continue
                assert [make_article_id(url, text_hash(text)) for url, text in zip(rows.url, rows.text, strict=True)] == list(
                    rows.article_id
                )
                reads += 1
            time.sleep(0.05)
        index = rng.randrange(2)
        assert order("kill", writers[index]) == signal.SIGKILL
        writers[index] = order("start", seed)
    assert [order("kill", number) for number in writers] == [signal.SIGKILL] * 2
    store = open_store()
    store.finish()
    told = told_articles(tmp_path)
    assert len(told) > 30
    assert reads > 5
    assert planted.find_violations(out, told) == []
    assert store.verify() == []
