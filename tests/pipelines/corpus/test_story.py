"""What a story's copies tell of one another: pure, and through a real store."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.corpus import Store
from pipelines.corpus.story import Said, StoryNotes, tell_story

UNMARKED = Said("a" * 32, "www.kurier.example")


def copy(number: int, host: str, *agencies: str, origin: str | None = None, relation: str = "copy") -> Said:
    return Said(f"{number:032x}", host, agencies, origin, relation)


@pytest.mark.parametrize(
    ("copies", "agencies"),
    [
        pytest.param([copy(1, "anzeiger.example", "DPA")], ("DPA",), id="one site with an equal text"),
        pytest.param([copy(1, "anzeiger.example", "DPA", relation="edited")], (), id="one site with an edited text"),
        pytest.param(
            [copy(1, "anzeiger.example", "DPA", relation="edited"), copy(2, "bote.example", "DPA", relation="excerpt")],
            ("DPA",),
            id="two sites with edited texts",
        ),
        pytest.param(
            [copy(1, "anzeiger.example", "DPA", relation="edited"), copy(2, "m.anzeiger.example", "DPA", relation="edited")],
            (),
            id="one site under two hosts",
        ),
        pytest.param([copy(1, "anzeiger.example", "DPA"), copy(2, "bote.example", "AFP")], (), id="two agencies"),
        pytest.param([copy(1, "anzeiger.example", "APA", "DPA"), copy(2, "bote.example", "DPA")], ("DPA",), id="one in common"),
        pytest.param([copy(1, "anzeiger.example"), copy(2, "bote.example")], (), id="nobody says"),
        pytest.param(
            [copy(1, "anzeiger.example", "DPA"), copy(2, "bote.example", origin="kurier.example")], (), id="others took it from here"
        ),
        pytest.param([copy(1, "anzeiger.example", "KURIER-WIRE")], (), id="the outlet's own wire"),
    ],
)
def test_an_unmarked_copy_gets_the_agency_that_others_name(copies: list[Said], agencies: tuple[str, ...]) -> None:
    """Sites that name one agency in common are believed: one with an equal text, or two with edited ones."""
    notes = tell_story(UNMARKED, copies, moves={}, outlet_hosts={"kurier.example": "KURIER-WIRE"})
    assert notes.agencies == agencies


def test_the_evidence_names_the_copies() -> None:
    """Agencies that fill nothing are evidence too; the words name article and host."""
    (item,) = tell_story(UNMARKED, [copy(7, "bote.example", "DPA", relation="edited")], moves={}).evidence
    assert (item.field, item.value, item.signal, item.confidence) == ("agencies", "DPA", "story", 0.5)
    assert item.evidence == f"{7:032x} on bote.example"


def test_a_marked_copy_needs_no_story() -> None:
    """What the canonical copy says itself stands."""
    assert tell_story(Said("a" * 32, "kurier.example", ("AFP",)), [copy(1, "bote.example", "DPA")], moves={}) == StoryNotes()


@pytest.mark.parametrize(
    ("origins", "original_host"),
    [
        pytest.param(["post.example", "post.example", "echo.example"], "post.example", id="most sites"),
        pytest.param(["post.example", "echo.example"], "echo.example", id="a tie goes by name"),
        pytest.param(["bote1.example", "bote2.example"], None, id="an origin that was crawled"),
        pytest.param(["Harbor Weekly"], None, id="a name is no host"),
    ],
)
def test_the_origin_that_was_not_crawled_is_told(origins: list[str], original_host: str | None) -> None:
    """The domain that most copies name, unless a copy from there is in the story."""
    copies = [copy(number, f"bote{number}.example", origin=origin) for number, origin in enumerate(origins)]
    copies.append(copy(99, "bote2.example"))
    assert tell_story(UNMARKED, copies, moves={}).original_host == original_host


def test_a_host_that_moved_took_nothing_from_its_new_site() -> None:
    """Its origin is cleared, and names no original host either."""
    canonical = Said("a" * 32, "old.example", origin="new.example")
    notes = tell_story(canonical, [], moves={"old.example": "new.example"})
    assert (notes.has_moved, notes.original_host) == (True, None)
    assert [(item.field, item.value, item.signal) for item in notes.evidence] == [("syndicated_from", "new.example", "site_move")]


def corpus_rows(planted: ModuleType, out: Path) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for _, _, row in planted.read_rows(out, "corpus")}


def test_the_corpus_tells_what_the_log_does_not(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """The unmarked canonical copy gets agency, evidence and original host; its row in the log stays as it was."""
    store = open_store()
    plain: dict[str, Any] = {"agencies": (), "provenance_mode": "unknown", "provenance": ()}
    best = planted.make_article("https://kurier.example/1", "k1 r9", host="kurier.example", **plain)
    store.commit(store.freeze([best]))
    store.finish()
    assert corpus_rows(planted, out)[best.url]["agencies"] == []
    for number, host in enumerate(("anzeiger.example", "bote.example")):
        other = planted.make_article(f"https://{host}/1", f"k1 r{number}", host=host, syndicated_from="post.example")
        store.commit(store.freeze([other]))
        store.finish()
    row = corpus_rows(planted, out)[best.url]
    assert (row["agencies"], row["provenance_mode"]) == (["AP"], "wire")
    assert json.loads(row["extra"]) == {"requested_url": "https://gazette.example/asked", "original_host": "post.example"}
    assert {(item["field"], item["signal"]) for item in row["provenance"]} == {("agencies", "story"), ("original_host", "story")}
    (logged,) = [row for _, _, row in planted.read_rows(out, "articles") if row["url"] == best.url]
    assert (logged["agencies"], logged["provenance"]) == ([], [])
    assert store.verify() == []


def test_a_site_move_is_learned_from_all_pages(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """The fifth page that points to the same other site clears the origin of the four before; a page that points nowhere restores it."""
    store = open_store()

    def add(number: int, *, points: bool = True) -> None:
        there = {"canonical_url": f"https://new.example/story-{number}", "syndicated_from": "new.example"} if points else {}
        article = planted.make_article(f"https://old.example/{number}", f"k{number} r1", host="old.example", **there)
        store.commit(store.freeze([article]))
        store.finish()

    def origins() -> set[str | None]:
        return {row["syndicated_from"] for row in corpus_rows(planted, out).values() if row["canonical_url"]}

    for number in range(4):
        add(number)
    assert origins() == {"new.example"}
    add(4)
    assert origins() == {None}
    assert store.verify() == []
    add(5, points=False)
    assert origins() == {"new.example"}
    assert store.verify() == []


@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_split_tells_the_same(planted: ModuleType, open_store: Callable[..., Store], tmp_path: Path, seed: int) -> None:
    """Stories of marked and unmarked copies, movers among them, give equal rows in any order, and after a rebuild."""
    rng = random.Random(seed)
    articles = []
    for number in range(60):
        host = f"s{rng.randrange(6)}.example"
        origin = "moved.example" if host == "s0.example" else rng.choice([None, None, "post.example", "s1.example"])
        marks = {"agencies": rng.choice([(), (), ("AP",), ("AFP",)]), "syndicated_from": origin, "host": host}
        canonical_url = f"https://moved.example/{number}" if host == "s0.example" else None
        words = f"k{rng.randrange(15)} r{rng.randrange(1000)}"
        articles.append(planted.make_article(f"https://{host}/{number}", words, canonical_url=canonical_url, **marks))
    told = []
    for order in (articles, articles[::-1], rng.sample(articles, len(articles))):
        folder = tmp_path / str(len(told))
        store = open_store(folder)
        while order:
            size = rng.randrange(1, 20)
            batch, order = order[:size], order[size:]
            store.commit(store.freeze(batch))
            store.finish()
        assert store.verify() == []
        told.append(rows_by_story(planted, folder))
        store.rebuild()
        assert store.verify() == []
        assert rows_by_story(planted, folder) == told[-1]
    assert told[0] == told[1] == told[2]
    signals = {item["signal"] for row in told[0] for item in row["provenance"]}
    assert {"story", "site_move"} <= signals


def rows_by_story(planted: ModuleType, folder: Path) -> list[dict[str, Any]]:
    return sorted((row for _, _, row in planted.read_rows(folder, "corpus")), key=lambda row: str(row["story_id"]))


def test_verify_sees_what_the_copies_do_not_tell(planted: ModuleType, open_store: Callable[..., Store], out: Path) -> None:
    """A corpus row without the evidence of its story differs from what log and copies give."""
    store = open_store()
    plain: dict[str, Any] = {"agencies": (), "provenance_mode": "unknown", "provenance": ()}
    articles = [planted.make_article("https://kurier.example/1", "k1 r9", host="kurier.example", **plain)]
    articles.append(planted.make_article("https://bote.example/1", "k1 r1", host="bote.example"))
    store.commit(store.freeze(articles))
    store.finish()
    assert store.verify() == []
    bare = open_store(out, outlet_hosts={"kurier.example": "AP"})
    (problem,) = bare.verify()
    assert "rows differ from the log" in problem
