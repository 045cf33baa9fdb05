"""Old texts: their shingles go, come back from the log, and nobody can tell from the stories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipelines.dedup import deduplicate
from pipelines.errors import DedupError
from pipelines.records import Document

if TYPE_CHECKING:
    from conftest import Desk

Write = Callable[..., str]
Make = Callable[..., Document]
OpenDesk = Callable[..., "Desk"]
DAY = 1440


@pytest.fixture
def aging(open_desk: OpenDesk) -> Desk:
    """A desk that keeps shingles for ten days."""
    return open_desk(keep_days=10)


def cut(text: str, share: float) -> str:
    words = text.split()
    return " ".join(words[: round(share * len(words))])


def test_what_is_older_than_the_newest_by_so_much_is_forgotten(aging: Desk, write: Write, document: Make) -> None:
    """Ten days before the newest article is young enough, a minute more is not, whenever they come."""
    ages = {"new": 0.0, "young": 10.0, "old": 10 + 1 / DAY, "ancient": 400.0}
    for name, age in ages.items():
        aging.fold([document(name, write(name), minutes=-age * DAY)])
    assert aging.kept_texts() == {0, 1, 3}  # what came with a fold is not forgotten by it
    aging.settle()
    assert aging.kept_texts() == {0, 1}
    assert aging.index.statistics()["forgotten"] == 2
    assert aging.recalled == 0
    aging.fold([document("tomorrow", write("tomorrow"), minutes=DAY)])
    assert aging.kept_texts() == {0, 4}


def test_a_copy_of_an_old_text_finds_it(aging: Desk, open_desk: OpenDesk, write: Write, document: Make) -> None:
    """Cut, with boilerplate or to the letter: relation and figures are those of an index that keeps all."""
    keeping = open_desk()
    texts = [write(number) for number in range(4)]
    old = [document(f"old{number}", text, minutes=number) for number, text in enumerate(texts)]
    copies = [
        document("cut", cut(texts[0], 0.6), source="herald", minutes=90 * DAY),
        document("long", f"{texts[1]} {write('terms', 20)}", source="herald", minutes=91 * DAY),
        document("same", texts[2], source="herald", minutes=92 * DAY),
    ]
    for desk in (aging, keeping):
        desk.fold(old)
        desk.fold([document("late", write("late"), minutes=89 * DAY)])
        for copy in copies:
            desk.fold([copy])
        desk.settle()
    assert aging.standing == keeping.standing
    assert {one.relation for one in aging.standing.values()} == {None, "excerpt", "edited", "exact"}
    assert aging.recalled == 3
    assert aging.index.statistics()["recalled"] == 3
    assert keeping.recalled == 0
    assert 2 in aging.kept_texts()  # a document of today carries it
    assert not aging.kept_texts() & {0, 1, 3}


def test_old_texts_are_judged_again_when_boilerplate_is_learned(aging: Desk, write: Write, document: Make) -> None:
    """Two old pages are together by their source's terms, until two new ones show what these are."""
    terms = write("terms", 150)
    pages = [document(f"p{number}", f"{write(number, 60)} {terms}", minutes=number // 2 * 50 * DAY) for number in range(4)]
    aging.fold(pages[:2])
    aging.fold([document("late", write("late"), minutes=49 * DAY)])
    assert len(aging.stories()) == 2
    assert aging.kept_texts() == {2}
    aging.fold(pages[2:])
    aging.settle()
    assert aging.recalled >= 2
    assert len(aging.stories()) == 5


def test_a_text_that_all_documents_left_stays(aging: Desk, write: Write, document: Make) -> None:
    """The log knows it no more as any article's, so only the index can tell it; also when it was forgotten before."""
    first, second = document("a", write("a"), minutes=5), document("b", write("b"), minutes=5)
    aging.fold([first, second])
    aging.fold([document("late", write("late"), minutes=50 * DAY)])
    assert aging.kept_texts() == {2}
    aging.fold([], moved=[replace(first, text=write("other"))])
    aging.settle()
    assert aging.kept_texts() == {0, 2}
    aging.fold([document("copy", cut(write("a"), 0.7), source="herald", minutes=51 * DAY)])
    assert aging.standing["copy"].relation is None


def test_a_fold_that_is_abandoned_forgets_nothing(aging: Desk, write: Write, document: Make) -> None:
    """What went in memory only is still there, and goes with the next fold."""
    aging.fold([document("old", write("old"))])
    late = document("late", write("late"), minutes=50 * DAY)
    aging.index.abandon(aging.index.prepare([late]))
    assert aging.kept_texts() == {0}
    aging.connection.execute("BEGIN IMMEDIATE")
    aging.index.write(fold := aging.index.prepare([late]))
    aging.connection.execute("ROLLBACK")
    aging.index.abandon(fold)
    assert aging.kept_texts() == {0}
    aging.fold([late])
    assert aging.kept_texts() == {1}


def test_the_age_may_be_changed_at_any_time(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """An index that kept all forgets when it is asked to, and one that forgot goes on where all is kept from now on."""
    documents = [document(f"d{number:02}", f"{write(number % 7, 90)} {write(number, 9)}", minutes=number * DAY) for number in range(40)]
    desk = open_desk()
    for begin, keep_days in enumerate((None, 0.0, None, 3.0)):
        desk.keep_days = keep_days
        desk.reopen()
        desk.fold(documents[10 * begin : 10 * begin + 10])
        desk.settle()
    assert desk.kept_texts() == {36, 37, 38, 39}
    assert desk.recalled > 10
    assert desk.standing == {one.article_id: one for one in deduplicate(documents)}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(lambda log: log.update(old=replace(log["old"], text="Another text.")), "old: the log's text should have the hash", id="another text"),
        pytest.param(lambda log: log.pop("old"), "old: expected its row in the log, found none; rebuild the index", id="no row"),
    ],
)  # fmt: skip
def test_a_log_that_says_something_else_is_an_error(
    aging: Desk, write: Write, document: Make, harm: Callable[..., None], said: str
) -> None:
    """It names the article; the fold has changed nothing."""
    aging.fold([document("old", write("old"))])
    aging.fold([document("late", write("late"), minutes=50 * DAY)])
    copy, old = document("copy", cut(write("old"), 0.7), source="herald", minutes=51 * DAY), aging.log["old"]
    harm(aging.log)
    aging.read_documents = lambda article_ids: [[aging.log[one] for one in article_ids if one in aging.log]]
    aging.reopen()
    with pytest.raises(DedupError, match=said):
        aging.fold([copy])
    aging.log["old"] = old
    aging.fold([copy])
    assert aging.standing["copy"].relation == "excerpt"


def test_shingles_that_are_gone_without_a_log_are_an_error(desk: Desk, write: Write, document: Make) -> None:
    """An index that was never given the log, and lost a row, says so."""
    desk.fold([document("old", write("old"))])
    desk.connection.execute("DELETE FROM dedup_shingles")
    desk.index._read_documents = None
    with pytest.raises(DedupError, match=r"the shingles of 1 texts are gone, e\.g\. of number 0; rebuild the index"):
        desk.fold([document("copy", cut(write("old"), 0.7), source="herald")])
