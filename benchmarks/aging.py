"""What forgetting old shingles saves and costs: ``python -m benchmarks.aging FOLDER``.

Two stores take the same made-up articles day by day over 50 days (``--articles`` in all): one keeps all shingles, the other those of the
last 10 days, so that four articles in five are old. Printed are bytes of index and state an article, CPU of the folds of the last five days, and of one
more fold of 2,000 articles of which some are cut copies of old ones, drawn from the whole log. Ends with 1 if an old article takes more than 1,200 bytes of
index, or if the two stores differ in a story.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.corpora import NOON, LabelledDocument, make_corpus
from benchmarks.million import make_article
from pipelines.chain import store_parameters
from pipelines.corpus import Store
from pipelines.dedup import StoryIndex
from pipelines.records import Article

DAYS, KEPT_DAYS, MEASURED_DAYS = 50, 10, 5
FOLD = 2_000
MAX_OLD_BYTES = 1_200


def main() -> int:
    """Fill both stores in turn, then measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.aging", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; 1.5 GB for 100,000 articles")
    parser.add_argument("--articles", type=int, default=100_000)
    options = parser.parse_args()
    folders = {None: options.folder / "keeping", KEPT_DAYS: options.folder / "aging"}
    seconds: dict[int | None, float] = dict.fromkeys(folders, 0.0)
    corpus, per_day = make_corpus(options.articles), options.articles // DAYS
    for day in range(DAYS):
        articles = [make_day_article(labelled, day) for labelled in islice(corpus, per_day)]
        for keep_days, folder in folders.items():
            spent = store_day(folder, keep_days, articles)
            seconds[keep_days] += spent if day >= DAYS - MEASURED_DAYS else 0.0
    told = {keep_days: describe(folder) for keep_days, folder in folders.items()}
    for keep_days, folder in folders.items():
        per_article = {name: size / options.articles for name, size in told[keep_days].items()}
        sizes = ", ".join(f"{name} {size:.0f}" for name, size in sorted(per_article.items(), key=lambda item: -item[1]) if size >= 1)
        print(f"{folder.name}: {index_bytes(told[keep_days]) / options.articles:.0f} bytes of index an article; {sizes}")
    young = index_bytes(told[None]) / options.articles
    kept_share = (KEPT_DAYS + 1) / DAYS
    old = (index_bytes(told[KEPT_DAYS]) / options.articles - kept_share * young) / (1 - kept_share)
    print(f"index: {young:.0f} bytes a young article, {old:.0f} an old one")
    print(f"folds of the last days: {seconds[KEPT_DAYS] / seconds[None]:.2f} of the CPU of the store that keeps all")
    everything = list(islice(make_corpus(options.articles), options.articles))
    fresh = list(islice(make_corpus(3 * FOLD, seed=2), 3 * FOLD))
    for turn, count in enumerate((0, 20, 200)):
        batch = [make_day_article(labelled, DAYS + turn) for labelled in fresh[turn * FOLD : (turn + 1) * FOLD - count]]
        batch += cut_copies(random.Random(turn).sample(everything[: len(everything) * 3 // 4], count), DAYS + turn)
        took = {keep_days: store_day(folder, keep_days, batch) for keep_days, folder in folders.items()}
        more = (took[KEPT_DAYS] - took[None]) / max(count, 1)
        print(
            f"{FOLD} articles, {count} of them cut copies of old ones: {took[None]:.2f} and {took[KEPT_DAYS]:.2f} CPU s, {1000 * more:.1f} ms more each"
        )
    standings = [read_standing(folder) for folder in folders.values()]
    print("stories: the same in both" if standings[0] == standings[1] else "stories: expected the same in both stores, found others")
    return int(old > MAX_OLD_BYTES or standings[0] != standings[1])


def make_day_article(labelled: LabelledDocument, day: int) -> Article:
    """Return a document as an article fetched in the middle of a day, its minute given by its URL."""
    article = make_article(labelled)
    return replace(article, fetched_at=NOON + timedelta(days=day, seconds=(article.fetched_at - NOON).total_seconds() % 3600))


def cut_copies(chosen: Sequence[LabelledDocument], day: int) -> list[Article]:
    """Return the first three quarters of documents, at an outlet of their own."""
    copies = []
    for number, labelled in enumerate(chosen):
        words = labelled.document.text.split()
        text, url = " ".join(words[: len(words) * 3 // 4]), f"https://late.example/{day}/{number}"
        document = replace(labelled.document, text=text, url=url, source="late", host="late.example")
        copies.append(make_day_article(replace(labelled, document=document), day))
    return copies


def store_day(folder: Path, keep_days: int | None, articles: Sequence[Article]) -> float:
    """Commit articles, fold them; return the CPU seconds of the fold."""
    with Store(folder, open_index=partial(StoryIndex, keep_shingles_days=keep_days), parameters=store_parameters(), recover=False) as store:
        store.commit(store.freeze(articles))
        began = time.process_time()
        store.fold()
        return time.process_time() - began


def describe(folder: Path) -> dict[str, int]:
    """Return the bytes of each table and its indexes, of unused pages, and of the run files."""
    sizes = {"runs": sum(path.stat().st_size for path in (folder / "state" / "index").iterdir())}
    with closing(sqlite3.connect(folder / "state" / "copydesk.sqlite")) as connection:
        (page,), (free,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "freelist_count"))
        query = "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m USING (name) WHERE s.aggregate = 1 GROUP BY 1"
        sizes |= dict(connection.execute(query).fetchall())
    return sizes | {"unused": page * free}


def index_bytes(sizes: dict[str, int]) -> int:
    """Return what the dedup index takes of it."""
    return sum(size for name, size in sizes.items() if name.startswith("dedup_") or name in ("runs", "unused"))


def read_standing(folder: Path) -> list[tuple[object, ...]]:
    """Return where every article stands."""
    with closing(sqlite3.connect(folder / "state" / "copydesk.sqlite")) as connection:
        query = "SELECT article_id, story_id, canonical_id, relation, jaccard, containment FROM member ORDER BY article_id"
        return connection.execute(query).fetchall()


if __name__ == "__main__":
    sys.exit(main())
