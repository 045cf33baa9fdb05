"""The store at a million articles: ``python -m benchmarks.million``.

Articles are made up quickly and go through the store's own writer; the index is told which are copies, so that what is measured is the
store. Of ten articles three are copies, and a few stories of each part are taken over by an article of the next one. Printed are
CPU and wall seconds and peak memory of each command, every one in a process of its own, and what is on disk. Afterwards the output is there
for ``scrapy corpus``, but for ``rebuild``: the real index would not find copies in made-up words.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.corpus import Store, summarize_corpus
from pipelines.records import Article, Document, Evidence, Membership, Removed

BATCH = 5_000
PER_DAY = 20_000
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES, LANGUAGES = 300, ("en", "de", "fr", "es", "pt", "ar", "zh", "ja")
AGENCIES: tuple[tuple[str, ...], ...] = ((), (), ("AP",), ("REUTERS",), ("AFP",), ("DPA",))
TAKEN = 250
"""Every so many articles one takes over a story of the part before."""


@functools.cache
def make_sentences() -> list[str]:
    """Return 20,000 sentences of 18 words."""
    press = random.Random(1)
    words = [hashlib.blake2b(b"%d" % number, digest_size=4).hexdigest()[: 3 + number % 6] for number in range(4_000)]
    return [" ".join(press.choices(words, k=18)).capitalize() + "." for _ in range(20_000)]


def make_articles(start: int, count: int) -> Iterator[Article]:
    """Yield articles number start to start + count: 450 words each, in paragraphs, drawn from 20,000 sentences."""
    press, sentences = random.Random(start), make_sentences()
    for number in range(start, start + count):
        text = "\n\n".join(" ".join(press.choices(sentences, k=5)) for _ in range(5))
        source, fetched_at = f"source-{number % SOURCES}", FIRST_DAY + timedelta(days=number // PER_DAY, seconds=number % PER_DAY * 4)
        yield Article(
            article_id=name_of(number), url=f"https://{source}.example/{number}", canonical_url=None, source=source, host=f"{source}.example",
            title=sentences[number % 20_000][:80], standfirst=None, text=text, authors=("Ada Writer",), language=LANGUAGES[number % 8],
            section="World", tags=("rivers",), published_at=fetched_at - timedelta(hours=1), modified_at=None, fetched_at=fetched_at,
            date_source="json-ld", agencies=AGENCIES[number % 6], credited_agencies=(), provenance_mode="wire" if AGENCIES[number % 6] else "none",
            syndicated_from=None, syndicated_url=None, dateline=None, contributors=(), copyright=None,
            provenance=tuple(Evidence(field="agencies", value=code, signal="dateline", evidence=f"OSLO ({code})", confidence=0.9) for code in AGENCIES[number % 6]),
            is_free=None, tdm_reserved=None, word_count=450, text_sha256=hashlib.sha256(text.encode()).digest(), minhash=press.randbytes(512),
            removed=(Removed(reason="prompt", text="Sign up for our newsletter", position=0),), quality=0.9, extractor="benchmark", run_id="benchmark",
        )  # fmt: skip


def name_of(number: int) -> str:
    """Return the article_id of an article."""
    return hashlib.blake2b(b"%d" % number, digest_size=16).hexdigest()


def is_taker(number: int) -> bool:
    """Say whether an article takes over a story of the part before."""
    return number % TAKEN == TAKEN - 1 and number >= BATCH


def story_of(number: int) -> int:
    """Return the number of the story's first article."""
    if is_taker(number):
        return number - BATCH - 9
    return number - number % 10 if number % 10 > 6 else number


def members_of(story: int) -> list[int]:
    """Return the numbers that a story's articles have, whether they are there or not."""
    if story % 10:
        return [story]
    return [number for number in (story, story + 7, story + 8, story + 9, story + 9 + BATCH) if story_of(number) == story]


@dataclass(frozen=True, slots=True)
class GivenFold:
    """The memberships of a part's articles, and of the stories they touch."""

    memberships: Sequence[Membership]


class GivenIndex:
    """An index that is told which articles are copies."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self.connection = connection

    def prepare(self, documents: Sequence[Document], moved: Sequence[Document] = ()) -> GivenFold:
        """Return where the documents belong, with the other members of their stories that are there. A taker is the canonical copy."""
        new = {int((document.url or "").rpartition("/")[2]) for document in (*documents, *moved)}
        memberships: list[Membership] = []
        for story in sorted({story_of(number) for number in new}):
            members = [number for number in members_of(story) if number in new or self._is_known(number)]
            memberships += [self._member(number, members[0], members[-1] if is_taker(members[-1]) else members[0]) for number in members]
        return GivenFold(memberships)

    def _is_known(self, number: int) -> bool:
        query = "SELECT 1 FROM member WHERE article_id = ?"
        return self.connection.execute(query, (bytes.fromhex(name_of(number)),)).fetchone() is not None

    def _member(self, number: int, first: int, canonical: int) -> Membership:
        is_copy = number != canonical
        return Membership(
            article_id=name_of(number),
            story_id=name_of(first),
            canonical_article_id=name_of(canonical),
            relation="copy" if is_copy else None,
            jaccard=0.75 if is_copy else None,
            containment=0.875 if is_copy else None,
        )

    def statistics(self) -> dict[str, int]:
        """Return nothing: it counts nothing."""
        return {}

    def refresh(self) -> None:
        """Nothing is cached."""

    def prepare_settle(self, limit: int = 5000) -> GivenFold | None:
        """Nothing is put off."""
        return None

    def write(self, fold: GivenFold) -> None:
        """Nothing is kept."""

    def finish(self, fold: GivenFold) -> None:
        """Nothing is kept."""

    def abandon(self, fold: GivenFold) -> None:
        """Nothing is kept."""

    def clear(self) -> None:
        """Nothing is kept."""


def open_output(folder: Path, *, recover: bool = True) -> Store:
    """Return the store of the benchmark."""
    return Store(folder, open_index=GivenIndex, recover=recover, parameters={"minhash": "benchmark"})


def write_output(folder: Path, count: int) -> None:
    """Write articles through commit, fold and publish."""
    with open_output(folder) as store:
        for start in range(0, count, BATCH):
            store.commit(store.freeze(list(make_articles(start, min(BATCH, count - start)))))
            store.fold()
        store.finish()


def verify(folder: Path) -> None:
    """Check every promise."""
    with open_output(folder, recover=False) as store:
        assert store.verify() == []


def compact(folder: Path) -> None:
    """Merge the parts of all days."""
    with open_output(folder) as store:
        print("           ", store.compact(before=date(2100, 1, 1)))


def stats(folder: Path) -> None:
    """Summarize the corpus, as ``scrapy corpus stats`` does."""
    with open_output(folder) as store:
        store.counts()
        summarize_corpus(store.layout)


def rebuild(folder: Path) -> None:
    """Derive everything from the log again."""
    with open_output(folder, recover=False) as store:
        store.rebuild()


STEPS: dict[str, Callable[..., Any]] = {"write": write_output, "stats": stats, "verify": verify, "compact": compact, "rebuild": rebuild}
ORDER = ("write", "stats", "verify", "compact", "stats", "verify", "rebuild")


def main() -> int:
    """Run the steps, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to write; 5 GB for a million articles")
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--steps", default=",".join(ORDER), help="comma-separated, of " + ", ".join(STEPS))
    parser.add_argument("--only", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        return measure(options.only, options.folder, options.articles)
    for step in options.steps.split(","):
        command = [sys.executable, "-m", "benchmarks.million", str(options.folder), "--articles", str(options.articles), "--only", step]
        subprocess.run(command, check=True)
    return 0


def measure(step: str, folder: Path, count: int) -> int:
    """Do one step and print what it took."""
    began = time.monotonic()
    STEPS[step](*((folder, count) if step == "write" else (folder,)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"{step:10s} {used.ru_utime + used.ru_stime:8.1f} CPU s {time.monotonic() - began:8.1f} s  peak {used.ru_maxrss / 1024:7.0f} MB  "
        f"on disk {sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:8.0f} MB",
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
