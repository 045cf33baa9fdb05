"""The store under kill and faults at length, and what it costs: ``python -m benchmarks.store`` (about half an hour).

``--kills 300`` crawls of the newsroom are killed, ``--stride 1`` puts a fault at every call that touches the disk; ``--costs`` measures only.
Ends with 1 if a promise or one of the limits below does not hold.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.__main__ import newsroom_pages
from benchmarks.store_kills import kill_crawls
from pipelines.chain import open_store, process_page
from pipelines.corpus import Store, articles_from_table, read_part
from pipelines.records import Article, make_article_id
from pipelines.text import text_hash

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2026, 11, 18, 6, tzinfo=UTC)
MAX_COMMIT_SHARE = 0.03
"""Of the CPU that the stages take for the same articles; a whole crawl takes more."""
MAX_PUBLISH_SECONDS = 3.0
"""CPU, after 100 of 1,000 new articles took over a story each in old parts of 1,000 rows."""
MAX_STATE_BYTES = 600
"""An article, the dedup index apart."""
BATCH = 200
T = TypeVar("T")


def main() -> int:
    """Run what is asked for and say what does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stride", type=int, default=1, help="a fault at every so many-th call (default: 1, all)")
    parser.add_argument("--costs", action="store_true", help="measure the costs only")
    parser.add_argument("--parts", type=int, default=100, help="old parts of 1,000 articles when the publish is measured (default: 100)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        problems = measure_commit(folder / "commit") + measure_publish(folder / "publish", parts=chosen.parts)
        if not chosen.costs:
            problems += run_kills(folder / "kills", chosen.kills, seed=chosen.seed) + run_faults(chosen.stride)
    print("\n".join(problems) or "all limits and promises hold")
    return 1 if problems else 0


def run_kills(folder: Path, kills: int, *, seed: int) -> list[str]:
    """Kill crawls, a third of them started as users do, and print what was done."""
    tally = kill_crawls(kills, folder, seed=seed, exec_share=0.3)
    print(f"kills        {sum(tally.kills.values())} ({dict(tally.kills)}), {tally.ended} crawls had ended, {tally.rounds} clean runs")
    print(f"             {tally.rows} rows of the log, {tally.repeats} of them repeats; a plain reader: {dict(tally.reader)}")
    return tally.problems


def run_faults(stride: int) -> list[str]:
    """Put a fault at every stride-th call of a run, in each way of failing."""
    tests = [f"tests/pipelines/corpus/{name}.py" for name in ("test_faults", "test_fold_faults")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "0", *tests]
    status = subprocess.run(command, cwd=ROOT, env={**os.environ, "COPYDESK_FAULT_STRIDE": str(stride)}, check=False).returncode
    return [f"faults: pytest ended with {status}"] if status else []


def measure_commit(folder: Path) -> list[str]:
    """Print what a commit costs beside the stages that made its articles."""
    pages = [replace(page, fetched_at=START) for page in newsroom_pages()]
    seconds, outcomes = cpu_seconds(lambda: [process_page(page) for page in pages])
    articles = [outcome for outcome in outcomes if isinstance(outcome, Article)]
    batches = [[renamed(article, number) for article in articles for number in range(round_, round_ + 4)][:BATCH] for round_ in (0, 10, 20)]
    with open_store(folder) as store:
        spent = [cpu_seconds(lambda batch=batch: store.commit(store.freeze(batch)))[0] for batch in batches]  # type: ignore[misc]
    share = min(spent) / len(batches[0]) / (seconds / len(pages))
    print(f"commit       {1000 * min(spent):.0f} ms CPU for {len(batches[0])} articles, {share:.1%} of what their stages take")
    return [f"commit: expected at most {MAX_COMMIT_SHARE:.0%} of the stages, found {share:.1%}"] if share > MAX_COMMIT_SHARE else []


def measure_publish(folder: Path, *, parts: int) -> list[str]:
    """Print what a publish costs after 100 takeovers of stories anywhere in the old parts, and what the state takes."""
    words = np.array(
        [f"{first}{second}" for first in "kmnprstv" for second in ("alo", "eri", "ulat", "iben", "orum", "estin", "andu", "ovic")]
    )
    rng = np.random.default_rng(5)
    with open_store(folder) as store:
        for part in range(parts):
            commit_stories(store, [story(words, rng, f"{part}-{number}", part) for number in range(1000)])
            store.fold()
        store.finish()
        count = store.counts()
        taken_over = Counter(rng.integers(parts, size=100).tolist())
        old = [row for part, number in taken_over.items() for row in read_texts(folder, part, number)]
        better = [replace_text(row, f"{row.text} {' '.join(rng.choice(words, 30))}", parts + 1) for row in old]
        commit_stories(store, [*better, *(story(words, rng, f"new-{number}", parts + 1) for number in range(1000 - len(better)))])
        store.fold()
        dirty = store.counts().unpublished
        seconds, _ = cpu_seconds(store.publish)
        copies = store.counts().copies - count.copies
        problems = store.verify()
    size = state_bytes(folder) / (count.articles + 1000)
    print(f"publish      {seconds:.2f} s CPU after {copies} takeovers, {dirty} parts dirty, {count.articles:,} articles before")
    print(f"state        {size:.0f} bytes an article, the dedup index apart")
    if seconds > MAX_PUBLISH_SECONDS:
        problems.append(f"publish: expected at most {MAX_PUBLISH_SECONDS} s of CPU, found {seconds:.2f}")
    if size > MAX_STATE_BYTES:
        problems.append(f"state: expected at most {MAX_STATE_BYTES} bytes an article, found {size:.0f}")
    if copies < 90:
        problems.append(f"publish: expected about 100 takeovers, found {copies}")
    return problems


def state_bytes(folder: Path) -> int:
    """Return what the state file takes without the tables of the dedup index."""
    copy = folder / "copy.sqlite"
    with closing(sqlite3.connect(folder / "state" / "copydesk.sqlite", isolation_level=None)) as state:
        state.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy, isolation_level=None)) as state:
        for (table,) in state.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'dedup%'").fetchall():
            state.execute(f"DROP TABLE {table}")
        state.execute("VACUUM")
    return copy.stat().st_size


def renamed(article: Article, number: int) -> Article:
    """Return an article of the same size under another URL."""
    return replace_text(replace(article, url=f"{article.url}?edition={number}"), f"{article.text}\n\nEdition {number}.", 0)


def replace_text(article: Article, text: str, hours: int) -> Article:
    """Return an article with another text, of another site, fetched later."""
    url, digest = f"{article.url}-{hours}", text_hash(text, article.dateline)
    return replace(
        article, url=url, text=text, text_sha256=digest, article_id=make_article_id(url, digest), word_count=len(text.split()),
        fetched_at=article.fetched_at + timedelta(minutes=hours), source=f"{article.source}-{hours}", canonical_url=None,
    )  # fmt: skip


_TEMPLATE: list[Article] = []


def story(words: np.ndarray, rng: np.random.Generator, name: str, part: int) -> Article:
    """Return an article of 120 words that shares no story with others."""
    if not _TEMPLATE:
        _TEMPLATE.extend(
            outcome for page in newsroom_pages()[:1] if isinstance(outcome := process_page(replace(page, fetched_at=START)), Article)
        )
    url, text = f"https://www.outlet{part % 50}.example/2026/11/18/{name}", " ".join(rng.choice(words, 120))
    plain = replace(_TEMPLATE[0], url=url, source=f"outlet{part % 50}", host=f"www.outlet{part % 50}.example", agencies=(), extra=None)
    plain = replace(plain, syndicated_from=None, syndicated_url=None, dateline=None, published_at=None, modified_at=None, provenance=())
    return replace(replace_text(plain, text, part), source=plain.source)


def commit_stories(store: Store, articles: list[Article]) -> None:
    """Commit articles as one part."""
    store.commit(store.freeze(articles))


def read_texts(folder: Path, part: int, count: int) -> list[Article]:
    """Return the first articles of the part-th log part."""
    path = sorted(folder.glob("articles/*/*.parquet"))[part]
    return articles_from_table(read_part(path, "articles").slice(0, count))


def cpu_seconds(work: Callable[[], T]) -> tuple[float, T]:
    """Return the CPU seconds of some work, and what it returned."""
    before = time.process_time()
    done = work()
    return time.process_time() - before, done


if __name__ == "__main__":
    sys.exit(main())
