"""What one process learns from the journal of another's folds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.dedup.journal import KEPT_FOLDS
from pipelines.dedup.state import IndexState
from pipelines.dedup.stories import Stories
from pipelines.records import Document

if TYPE_CHECKING:
    from conftest import Desk

Write = Callable[..., str]
Make = Callable[..., Document]
OpenDesk = Callable[..., "Desk"]


def memory_of(state: IndexState) -> dict[str, Any]:
    """All that a fold reads of the state, in plain values."""
    texts = np.arange(state.text_count, dtype=np.uint32)
    place, sources, urls = state.occurrences.expand(texts)
    return {
        "stories": {frozenset(state.stories.members(state.stories.label(text))) for text in texts.tolist()},
        "living": state.living[texts].tolist(),
        "lost": state.lost[texts].tolist(),
        "places": sorted(zip(place.tolist(), sources.tolist(), urls.tolist(), strict=True)),
        "flips": state.occurrences.flips.tolist(),
        "are flipped": state.occurrences.is_flipped(state.occurrences.flips).tolist(),
        "sources": (state.source_names, state.source_numbers),
        "runs": sorted(run.name for run in state.runs.runs),
        "generation": state.generation,
    }


def full_reads(desk: Desk) -> list[str]:
    """The statements by which a desk reads the whole index, as they come."""
    found: list[str] = []
    desk.connection.set_trace_callback(lambda statement: found.append(statement) if "FROM dedup_text ORDER BY" in statement else None)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_two_processes_by_turns_know_the_same(open_desk: OpenDesk, write: Write, document: Make, seed: int) -> None:
    """Stories join and part, shingles flip, run files merge; nobody reads the index as a whole, and both know what a new process reads."""
    draw = random.Random(seed)
    terms = [write(f"terms {part}", 100) for part in range(3)]
    pages = []
    for number in range(60):
        words = write(number // 3, 70).split()[: draw.randrange(30, 70)]
        text = " ".join([*words, draw.choice([*terms, ""]), write(f"own {number}", 5)])
        pages.append(document(f"p{number:02}", text, source=draw.choice(["gazette", "herald"]), minutes=number))
    one, other = open_desk("shared"), open_desk("shared")
    for desk in (one, other):
        desk.fold([])
    reads = [full_reads(desk) for desk in (one, other)]
    while pages:
        size = draw.randrange(1, 5)
        desk = draw.choice([one, other])
        desk.fold(pages[:size])
        pages = pages[size:]
        if draw.random() < 0.3:
            desk.settle(limit=draw.choice([1, 100]))
    for desk in (one, other):
        desk.index.refresh()
    assert reads == [[], []]
    new = open_desk("shared")
    new.index.refresh()
    new.index.statistics()
    assert len(new.index._state.occurrences.flips) > 50
    assert memory_of(one.index._state) == memory_of(other.index._state) == memory_of(new.index._state)


def test_a_text_that_is_told_again_leaves_nobody_behind() -> None:
    """Two of a story's three texts lost words and stay where they are: the third is still with them."""
    stories = Stories()
    stories.load(np.array([0, 0, 0, 3, 3]))
    stories.relabel([0, 2], [0, 0])
    assert sorted(stories.members(0)) == [0, 1, 2]
    stories.relabel([2, 3, 4], [3, 3, 4])
    assert [sorted(stories.members(label)) for label in (0, 3, 4)] == [[0, 1], [2, 3], [4]]


def test_what_the_journal_cannot_tell_is_read_anew(open_desk: OpenDesk, write: Write, document: Make) -> None:
    """A document that moved to another source, an index that was cleared, and a gap of more folds than are kept."""
    one, other = open_desk("shared"), open_desk("shared")
    one.fold([document("a", write("a"))])
    other.fold([document("b", write("b"))])
    reads = full_reads(one)
    other.fold([], moved=[document("a", write("a"), source="herald", url="https://gazette.example/a", minutes=-5)])
    one.fold([])
    assert len(reads) == 1
    for number in range(KEPT_FOLDS + 1):
        other.fold([document(f"n{number}", write(number, 8))])
    one.fold([])
    assert len(reads) == 2
    other.index.clear()
    one.index.refresh()
    assert one.index.statistics()["texts"] == 0
    assert len(reads) == 3
    assert one.connection.execute("SELECT count(*) FROM dedup_journal").fetchone() == (0,)
