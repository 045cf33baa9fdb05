"""Source memory in the state: noted with each commit, and a function of the log alone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.corpus import Store
from pipelines.corpus.log import write_batch
from pipelines.corpus.source_lines import WINDOW
from pipelines.records import Article, Removed
from pipelines.scrub import learn_lines, note_lines

PROMPT = "Our newsroom is open to every reader."
MakeArticle = Callable[..., Article]


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()


@pytest.fixture
def make(planted: ModuleType) -> MakeArticle:
    """The nth article of a source, a minute after the one before."""

    def build(number: int, *, tail: str = PROMPT, **changes: Any) -> Article:
        long = f"k{number} r1 " + " ".join(f"word{number}x{place}" for place in range(30))
        article: Article = planted.make_article(f"https://a.example/{number}", long, fetched_at=planted.NOON + timedelta(minutes=number))
        return replace(article, **{"text": f"{long}\n\n{tail}", **changes})

    return build


def edge_lines(store: Store, source: str = "gazette") -> int:
    """How many lines are known as the source's boilerplate."""
    return len(learn_lines(store.line_notes([source])[source]).edge)


def memory(store: Store) -> set[object]:
    return {(source, note) for source, notes in store.line_notes(["gazette", "herald", "nobody"]).items() for note in notes}


def test_lines_are_noted_with_the_commit(store: Store, make: MakeArticle) -> None:
    """Four articles teach nothing, the fifth does; another source learns nothing from them."""
    store.commit(store.freeze([make(n) for n in range(4)]))
    assert edge_lines(store) == 0
    store.commit(store.freeze([make(4)]))
    assert edge_lines(store) == 1
    assert edge_lines(store, "herald") == 0


def test_a_commit_that_is_repeated_counts_once(store: Store, make: MakeArticle) -> None:
    """After a kill between writing and registering, and when recovery was quicker than the writer."""
    batch = store.freeze([make(n) for n in range(4)])
    write_batch(store.layout, batch)
    store.fold()
    for _ in range(3):
        store.commit(batch)
    assert len(store.line_notes(["gazette"])["gazette"]) == 4
    assert edge_lines(store) == 0


def test_a_url_counts_once_with_its_latest_version(store: Store, make: MakeArticle, planted: ModuleType) -> None:
    """Whichever version is committed first, and whichever of its URLs was fetched."""
    versions = [
        make(0, fetched_at=planted.NOON + timedelta(hours=hour), text=f"Text of hour {hour}.", url=f"https://a.example/0?{parameter}")
        for hour, parameter in enumerate(["utm_source=feed", "fbclid=1", "utm_medium=x"])
    ]
    for version in (versions[1], versions[2], versions[0]):
        store.commit(store.freeze([version]))
    assert memory(store) == {("gazette", note_lines("Text of hour 2."))}


def test_only_the_last_articles_of_a_source_are_kept(store: Store, make: MakeArticle, planted: ModuleType, out: Path) -> None:
    """The latest by their fetch, in whatever order they come; other sources keep theirs."""
    articles = [make(n, tail=f"Line of article {n}.") for n in range(WINDOW + 30)]
    random.Random(2).shuffle(articles)
    store.commit(store.freeze([make(1000, source="herald")]))
    for start in range(0, len(articles), 50):
        store.commit(store.freeze(articles[start : start + 50]))
    kept = {("gazette", note_lines(make(n, tail=f"Line of article {n}.").text)) for n in range(30, WINDOW + 30)}
    assert memory(store) == kept | {("herald", note_lines(make(1000).text))}
    store.finish()
    assert planted.find_violations(out) == []


def test_the_log_gives_the_memory_again(store: Store, make: MakeArticle, open_store: Callable[..., Store], out: Path) -> None:
    """By a rebuild, after the state was deleted, after it was damaged, and whatever order the parts are in."""
    cut = (Removed(reason="repeated_on_source", text=PROMPT), Removed(reason="caption", text="The old bridge."))
    articles = [make(n, tail=f"Line {n % 7}.", removed=cut if n % 2 else (), source="herald" if n % 3 else "gazette") for n in range(60)]
    articles += [make(n, tail="A later version.", fetched_at=articles[-1].fetched_at) for n in (3, 5)]
    random.Random(1).shuffle(articles)
    for start in range(0, len(articles), 9):
        store.commit(store.freeze(articles[start : start + 9]))
    store.finish()
    before = memory(store)
    assert len(before) > 50
    store.rebuild()
    assert memory(store) == before
    store.close()
    shutil.rmtree(out / "state")
    again = open_store()
    assert memory(again) == before
    again.close()
    (out / "state" / "copydesk.sqlite").write_bytes(b"no database" * 1000)
    assert memory(open_store()) == before


def test_two_stores_on_one_folder_share_the_memory(store: Store, make: MakeArticle, open_store: Callable[..., Store]) -> None:
    """What one commits the other knows at its next look."""
    other = open_store()
    for number in range(6):
        writer = (store, other)[number % 2]
        writer.commit(writer.freeze([make(number)]))
    assert edge_lines(store) == edge_lines(other) == 1
    assert memory(store) == memory(other)


def test_rows_without_source_or_web_address_are_left_out(store: Store, make: MakeArticle) -> None:
    """They are stored all the same; and so is a batch without any article."""
    store.commit(store.freeze([]))
    store.commit(store.freeze([make(0, source=""), make(1, url="urn:isbn:1", canonical_url=None), make(2)]))
    assert len(memory(store)) == 1
    store.finish()
    assert store.counts().articles == 3
