"""The story index, fold by fold."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.dedup import DedupParameters, StoryIndex
from pipelines.errors import DedupError
from pipelines.records import Document

if TYPE_CHECKING:
    from conftest import Desk

Write = Callable[..., str]
Make = Callable[..., Document]
OpenDesk = Callable[..., "Desk"]


def cut(text: str, share: float) -> str:
    words = text.split()
    return " ".join(words[: int(len(words) * share)])


def test_a_cut_copy_is_the_same_story(desk: Desk, write: Write, document: Make) -> None:
    """Also when it comes first, and in another fold; the longer one becomes canonical."""
    text = write("flood")
    desk.fold([document("short", cut(text, 0.4), source="herald")])
    assert desk.standing["short"].relation is None
    desk.fold([document("long", text, minutes=5)])
    short, full = desk.standing["short"], desk.standing["long"]
    assert short.story_id == full.story_id == "short"
    assert full.canonical_article_id == "long"
    assert (full.relation, full.jaccard, full.containment) == (None, None, None)
    assert (short.relation, short.containment) == ("excerpt", 1.0)
    assert short.jaccard == pytest.approx(44 / 116)


def test_stories_on_one_event_stay_apart(desk: Desk, write: Write, document: Make) -> None:
    """A quote in common does not join two texts."""
    quote = write("quote", 25)
    desk.fold([document(name, f"{write(name)} {quote}", source=name) for name in ("gazette", "herald", "courier")])
    assert len(desk.stories()) == 3


def test_an_outlets_boilerplate_joins_nothing(desk: Desk, write: Write, document: Make) -> None:
    """Most of each page is the same, and still each is its own story once the index has seen enough of them."""
    boilerplate = write("subscribe", 150)
    for number in range(6):
        desk.fold([document(f"a{number}", f"{write(number, 60)} {boilerplate}")])
        desk.settle()
    assert len(desk.stories()) == 6
    desk.fold([document("copy", f"{write(3, 60)} {write('herald', 30)}", source="herald")])
    assert frozenset({"a3", "copy"}) in desk.stories()


def test_revisions_of_a_live_page_are_no_boilerplate(desk: Desk, write: Write, document: Make) -> None:
    """One URL counts once: nine versions of a page stay one story, and so does a copy elsewhere."""
    text = write("verdict", 200)
    page = "https://gazette.example/live"
    for number in range(9):
        desk.fold([document(f"v{number}", f"{write(f'latest {number}', 30)} {text}", url=page, minutes=number)])
    desk.fold([document("copy", text, source="herald", minutes=60)])
    desk.settle()
    assert len(desk.stories()) == 1
    assert desk.standing["v0"].canonical_article_id == "v8"
    assert desk.standing["v0"].relation == "revision"


def test_one_text_under_many_urls_is_no_boilerplate(desk: Desk, write: Write, document: Make) -> None:
    """A source that repeats a story does not lose it: an edited copy elsewhere still matches."""
    text = write("recall", 150)
    desk.fold([document(f"a{number}", text) for number in range(8)])
    desk.fold([document("edited", f"{cut(text, 0.7)} {write('local', 40)}", source="herald")])
    desk.settle()
    assert len(desk.stories()) == 1
    assert desk.standing["a5"].relation == "exact"
    assert desk.standing["edited"].relation == "edited"


def test_a_story_of_hundreds_of_equal_copies_is_one_text(desk: Desk, write: Write, document: Make) -> None:
    """Copies are compared as one text: there is no edge between them, and one to the cut version."""
    text = write("storm", 100)
    desk.fold([document(f"c{number:03}", text, source=f"outlet{number}", minutes=number) for number in range(300)])
    fold = desk.fold([document("cut", cut(text, 0.6), source="herald", minutes=999)])
    assert len(fold.memberships) == 301
    assert len(desk.stories()) == 1
    assert desk.connection.execute("SELECT count(*) FROM dedup_edge").fetchone() == (1,)


@pytest.mark.parametrize("fold_size", [1, 30, 200])
def test_copies_that_all_differ_are_compared_about_once_each(desk: Desk, write: Write, document: Make, fold_size: int) -> None:
    """200 texts of one story have 19,900 pairs; those that are together already are left alone."""
    text = write("storm", 100)
    copies = [document(f"c{number:03}", f"{cut(text, 0.9)} {write(number, 9)}", source=f"outlet{number}") for number in range(200)]
    for begin in range(0, 200, fold_size):
        desk.fold(copies[begin : begin + fold_size])
    assert len(desk.stories()) == 1
    assert desk.index.statistics() | {"candidates": 0} == {
        "texts": 200,
        "flips": 0,
        "edges": 199,
        "new_flips": 0,
        "new_edges": 199,
        "candidates": 0,
        "comparisons": 199,
        "rejudged": 0,
        "forgotten": 0,
        "recalled": 0,
    }


def test_a_story_finds_its_other_links_when_one_breaks(desk: Desk, write: Write, document: Make) -> None:
    """Three copies hold together by two links; the middle one turns out to be boilerplate to most of it, and the others still match."""
    text, boilerplate = write("storm", 60), write("terms", 150)
    first = document("a", text, source="herald", minutes=1)
    middle = document("m", f"{text} {boilerplate}", minutes=2)
    other = document("p", f"{write('own', 20)} {boilerplate}", minutes=3)
    last = document("z", f"{cut(text, 0.9)} {write('late', 4)}", source="courier", minutes=4)
    for each in (other, middle, first, last):
        desk.fold([each])
    assert len(desk.stories()) == 1
    desk.fold([document(f"n{number}", f"{write(number, 60)} {boilerplate}", minutes=9) for number in range(3)])
    desk.settle()
    assert frozenset({"a", "m", "z"}) in desk.stories()
    assert len(desk.stories()) == 5


def test_documents_of_unknown_source_have_no_boilerplate(desk: Desk, write: Write, document: Make) -> None:
    """Six copies may come from six outlets: what they share is the story."""
    text = write("storm", 80)
    desk.fold([document(f"d{number}", f"{text} {write(number, 20)}", source="") for number in range(6)])
    assert len(desk.stories()) == 1
    assert {desk.standing[f"d{number}"].relation for number in range(6)} == {None, "edited"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Closed today", "CLOSED, today!", True, id="four words or fewer, equal"),
        pytest.param("Closed today", "Closed now", False, id="four words or fewer, not equal"),
        pytest.param(
            " ".join("abcdefghijklmnopqrst"), " ".join("abcdefghijklmnopqrsu"), True, id="a brief with one word changed at the end"
        ),
        pytest.param(" ".join("abcdefghijkl"), " ".join("abcdefmnopqr"), False, id="a brief, half changed"),
        pytest.param("", "", False, id="nothing and nothing"),
    ],
)
def test_short_texts(desk: Desk, document: Make, one: str, other: str, same: bool) -> None:
    """Equal, or nearly equal in all."""
    desk.fold([document("one", one), document("other", other, source="herald")])
    assert (len(desk.stories()) == 1) is same


def test_texts_of_boilerplate_alone_join_when_nearly_equal(desk: Desk, write: Write, document: Make) -> None:
    """With few rare shingles left, bands find the copy of a template page at another outlet."""
    template = write("weather", 60)
    desk.fold([document(f"w{number}", f"{template} {write(number, 10)}") for number in range(6)])
    desk.settle()
    assert len(desk.stories()) == 6
    desk.fold([document("copy", f"{template} {write(2, 9)}", source="herald", minutes=9)])
    assert frozenset({"w2", "copy"}) in {story & {"w2", "copy"} for story in desk.stories()}


def test_a_page_of_two_stories_joins_neither_at_half_each(desk: Desk, write: Write, document: Make) -> None:
    """A round-up that quotes a third of each leaves both apart."""
    texts = [write(name, 200) for name in ("fire", "vote", "match")]
    desk.fold([document(f"s{number}", text, source=f"outlet{number}") for number, text in enumerate(texts)])
    desk.fold([document("roundup", " ".join(cut(text, 0.3) for text in texts), source="herald")])
    assert len({desk.standing[f"s{number}"].story_id for number in range(3)}) == 3


def test_shared_boilerplate_parts_stories_again(desk: Desk, write: Write, document: Make) -> None:
    """Two pages joined by what turns out to be boilerplate are parted, at once or by settling, and told so."""
    boilerplate = write("terms", 150)
    pages = [document(f"p{number}", f"{write(number, 60)} {boilerplate}") for number in range(4)]
    desk.fold(pages[:2])
    assert len(desk.stories()) == 1
    desk.fold(pages[2:])
    desk.settle()
    assert len(desk.stories()) == 4
    assert desk.index.prepare_settle() is None


def test_settling_in_small_steps_gives_the_same(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """No shingle flips while the index settles."""
    boilerplate = [write(f"terms {part}", 12) for part in range(9)]
    draw = random.Random(4)
    pages = [document(f"p{n:02}", " ".join([write(n // 2, 60), *draw.sample(boilerplate, 5), write(n, 10)])) for n in range(30)]
    whole, steps = open_desk(), open_desk()
    for one in (whole, steps):
        for begin in range(0, 30, 3):
            one.fold(pages[begin : begin + 3])
    assert whole.settle() == 1
    assert steps.settle(limit=1) > 1
    assert whole.standing == steps.standing


def test_an_earlier_fetch_names_the_story_anew(desk: Desk, write: Write, document: Make) -> None:
    """A moved document takes the story_id, and its new facts count."""
    text = write("summit")
    desk.fold([document("a", text, minutes=1), document("b", text, source="herald", minutes=2)])
    assert desk.standing["b"].story_id == "a"
    moved = document("b", text, source="herald", minutes=-5)
    desk.fold([], moved=[moved])
    assert desk.standing["a"].story_id == desk.standing["b"].story_id == "b"
    assert desk.standing["a"].canonical_article_id == "b"
    desk.reopen()
    desk.fold([document("c", text, source="courier")])
    assert desk.standing["c"].story_id == "b"


def test_a_document_that_changes_source_takes_its_share_of_boilerplate_along(desk: Desk, write: Write, document: Make) -> None:
    """The only way back for a flip: the fourth user of a text was seen first by another source."""
    boilerplate = write("terms", 150)
    pages = [document(f"p{number}", f"{write(number, 60)} {boilerplate}") for number in range(4)]
    desk.fold(pages)
    assert len(desk.stories()) == 4
    desk.reopen()
    desk.fold([], moved=[document("p3", pages[3].text, source="herald", url=pages[3].url, minutes=-1)])
    desk.settle()
    assert len(desk.stories()) == 1
    desk.fold([document("p4", f"{write(4, 60)} {boilerplate}")])
    desk.settle()
    assert {len(story) for story in desk.stories()} == {1}


def test_two_processes_take_turns(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """Each sees what the other folded, as refresh is called under the lock."""
    one, other = open_desk("shared"), open_desk("shared")
    texts = [write(number) for number in range(6)]
    for number, text in enumerate(texts):
        (one, other)[number % 2].fold([document(f"a{number}", text, minutes=number)])
    one.fold([document(f"b{number}", cut(text, 0.7), source="herald", minutes=9) for number, text in enumerate(texts)])
    assert {one.standing[f"b{number}"].story_id for number in range(6)} == {f"a{number}" for number in range(6)}


def test_a_fold_prepared_on_an_older_state_is_refused(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """Without the lock two folds could cross; the second is told, and nothing is written."""
    one, other = open_desk("shared"), open_desk("shared")
    late = one.index.prepare([document("a", write("a"))])
    other.fold([document("b", write("b"))])
    one.connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(DedupError, match="fold 1 was prepared on fold 0, the index is at 1"):
        one.index.write(late)
    one.connection.execute("ROLLBACK")
    one.index.abandon(late)
    one.fold([document("a", write("a"))])
    assert one.connection.execute("SELECT count(*) FROM dedup_document").fetchone() == (2,)


def test_an_abandoned_fold_leaves_no_trace(desk: Desk, write: Write, document: Make) -> None:
    """Neither files nor memory: folding again gives what it would have given."""
    text = write("budget")
    desk.fold([document("a", text)])
    files = desk.run_files()
    fold = desk.index.prepare([document("b", text, source="herald"), document("c", write("other"))])
    assert desk.run_files() > files
    desk.index.abandon(fold)
    assert desk.run_files() == files
    desk.fold([document("b", text, source="herald")])
    assert desk.stories() == {frozenset({"a", "b"})}


def test_a_commit_that_was_reported_as_failed_keeps_its_files(desk: Desk, write: Write, document: Make) -> None:
    """Nobody knows after an error whether the commit happened; the rows do."""
    fold = desk.index.prepare([document("a", write("budget"))])
    desk.connection.execute("BEGIN IMMEDIATE")
    desk.index.write(fold)
    desk.connection.execute("COMMIT")
    desk.index.abandon(fold)
    desk.fold([document("b", cut(write("budget"), 0.6), source="herald")])
    assert desk.standing["b"].story_id == "a"


def test_what_a_killed_process_left_is_removed(desk: Desk, write: Write, document: Make) -> None:
    """Run files of a fold that was never written go at the next start, under the lock."""
    desk.fold([document("a", write("a"))])
    files = desk.run_files()
    desk.index.prepare([document("b", write("b"))])
    desk.reopen()
    assert desk.run_files() > files
    desk.index.refresh()
    assert desk.run_files() == files


def test_merged_run_files_are_deleted_after_the_commit(desk: Desk, write: Write, document: Make) -> None:
    """After sixteen folds one file is left."""
    for number in range(16):
        desk.fold([document(f"a{number}", write(number, 40))])
    assert len(desk.run_files()) == 1


@pytest.mark.parametrize(
    ("documents", "moved", "message"),
    [
        pytest.param(["a"], [], "must have a new article_id", id="known document as new"),
        pytest.param([], ["b"], "must be in the index", id="unknown document as moved"),
        pytest.param(["b", "b"], [], "may come once", id="one document twice"),
    ],
)
def test_documents_are_what_the_caller_says(
    desk: Desk, write: Write, document: Make, documents: list[str], moved: list[str], message: str
) -> None:
    """A mistake is refused with the article's id, and the index goes on working."""
    desk.fold([document("a", write("a"))])
    with pytest.raises(DedupError, match=message):
        desk.index.prepare([document(name, write(name)) for name in documents], [document(name, write(name)) for name in moved])
    desk.fold([document("b", cut(write("a"), 0.6), source="herald")])
    assert desk.standing["b"].story_id == "a"


def test_one_fold_at_a_time(desk: Desk, write: Write, document: Make) -> None:
    """The next fold would stand on what may be rolled back; write wants a transaction, and the fold that is open."""
    fold = desk.index.prepare([document("a", write("a"))])
    with pytest.raises(DedupError, match="still open"):
        desk.index.prepare([])
    with pytest.raises(DedupError, match="open transaction"):
        desk.index.write(fold)
    desk.index.abandon(fold)
    with pytest.raises(DedupError, match="prepared last"):
        desk.index.write(fold)


def test_other_parameters_are_refused_and_clear_starts_anew(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """An index is built with one set of parameters; the error shows both and says what to do."""
    open_desk("one").fold([document("a", write("a"))])
    other = open_desk("one", parameters=DedupParameters(sample_every=8))
    other.index.refresh()
    with pytest.raises(DedupError, match=r'"sample_every": 8.*"sample_every": 4.*rebuild the index'):
        other.index.prepare([document("b", write("b"))])
    other.index.clear()
    assert other.run_files() == set()
    other.fold([document("a", write("a"))])
    assert other.stories() == {frozenset({"a"})}


def test_a_lost_run_file_is_named_and_clear_mends_it(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """The next fold of a new process says which file is gone; all documents again give the same stories."""
    documents = [document("a", write("a")), document("b", cut(write("a"), 0.5), source="herald")]
    before = open_desk("one")
    before.fold(documents)
    (name,) = before.run_files()
    (before.folder / "index" / name).unlink()
    after = open_desk("one")
    after.index.refresh()
    with pytest.raises(DedupError, match=f"{name}: run file cannot be read"):
        after.index.prepare([])
    after.index.clear()
    after.fold(documents)
    assert after.standing == before.standing


def test_an_index_cleared_by_another_process_is_read_anew(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """Also when as many folds followed as there had been."""
    one, other = open_desk("shared"), open_desk("shared")
    one.fold([document("a", write("a"))])
    other.index.refresh()
    other.index.clear()
    other.fold([document("b", write("b"))])
    one.fold([document("c", cut(write("a"), 0.6), source="herald"), document("d", cut(write("b"), 0.6), source="herald")])
    assert (one.standing["c"].story_id, one.standing["d"].story_id) == ("c", "b")


def test_refresh_reads_nothing_when_nothing_changed(desk: Desk, write: Write, document: Make) -> None:
    """It looks at the header and the names of the run files."""
    desk.fold([document("a", write("a"))])
    statements: list[str] = []
    desk.connection.set_trace_callback(statements.append)
    desk.index.refresh()
    desk.connection.set_trace_callback(None)
    assert len(statements) == 2


def test_an_agencys_own_site_is_canonical(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """Where the caller says whose site it is."""
    desk = open_desk(agency_hosts={"wire.example": "WIRE"})
    text = write("treaty")
    facts = {"agencies": ("WIRE",)}
    desk.fold([document("a", text, **facts), document("b", text, source="wire", minutes=30, **facts)])
    assert desk.standing["a"].canonical_article_id == "b"


def test_a_later_better_original_takes_the_story_over(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """First an outlet's copy, then the agency's own text, then its re-lead under another URL; the story keeps its id."""
    desk = open_desk(agency_hosts={"wire.example": "WIRE"})
    text, facts = write("treaty"), {"agencies": ("WIRE",)}
    desk.fold([document("outlet", cut(text, 0.9), **facts)])
    desk.fold([document("first", text, source="wire", minutes=30, **facts)])
    assert desk.standing["outlet"].canonical_article_id == "first"
    desk.fold([document("relead", f"{write('lead', 20)} {cut(text, 0.95)}", source="wire", minutes=60, **facts)])
    assert {membership.canonical_article_id for membership in desk.standing.values()} == {"relead"}
    assert {membership.story_id for membership in desk.standing.values()} == {"outlet"}
    assert [desk.standing[name].relation for name in ("outlet", "first", "relead")] == ["edited", "update", None]


def test_parameters_out_of_range_are_refused() -> None:
    """With name and value."""
    with pytest.raises(DedupError, match="sample_every must be a power of two from 2, got 6"):
        DedupParameters(sample_every=6)
    with pytest.raises(DedupError, match=r"min_jaccard must lie between 0 and 1, got 1\.5"):
        DedupParameters(min_jaccard=1.5)
    with pytest.raises(DedupError, match="boilerplate_limit must be at least 1, got 0"):
        DedupParameters(boilerplate_limit=0)


def test_facts_survive_a_new_process(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """What decides the canonical copy comes back from the tables as it was given."""
    facts = {
        "published_at": document("x", "").fetched_at + timedelta(microseconds=1),
        "modified_at": document("x", "").fetched_at + timedelta(days=1),
        "canonical_url": "https://elsewhere.example/1",
        "agencies": ("AP", "DPA"),
        "syndicated_from": "elsewhere.example",
        "syndicated_url": "https://elsewhere.example/1",
    }
    texts = [write("one"), cut(write("one"), 0.7)]
    documents = [document("a", texts[0], **facts), document("b", texts[1], source="herald"), document("c", texts[0], source="c", **facts)]
    at_once, one_by_one = open_desk(), open_desk()
    at_once.fold(documents)
    for each in documents:
        one_by_one.fold([each])
        one_by_one.reopen()
    assert at_once.standing == one_by_one.standing


def test_the_tables_stay_in_a_store_file_with_other_tables(tmp_path: Path, write: Write, document: Make) -> None:
    """Names start with dedup_, and clear leaves the rest alone."""
    connection = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    connection.execute("CREATE TABLE part (name TEXT)")
    connection.execute("INSERT INTO part VALUES ('mine')")
    index = StoryIndex(connection, tmp_path / "index")
    index.clear()
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {name for name in names if not name.startswith("dedup_")} == {"part"}
    assert connection.execute("SELECT name FROM part").fetchall() == [("mine",)]
    connection.close()
