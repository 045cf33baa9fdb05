"""Promise 2: the same documents in any order and any split give the same stories and the same canonical copies."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from pipelines.dedup import DedupParameters, deduplicate
from pipelines.records import Document, Membership

if TYPE_CHECKING:
    from conftest import Desk

Write = Callable[..., str]
Make = Callable[..., Document]
SOURCES = ("gazette", "herald", "courier", "wire")


@dataclass(frozen=True)
class Newsroom:
    """Every fetch of every article; of several fetches of one article the first counts."""

    fetches: list[Document]

    def owners(self) -> list[Document]:
        first: dict[str, Document] = {}
        for document in sorted(self.fetches, key=lambda fetch: fetch.fetched_at, reverse=True):
            first[document.article_id] = document
        return list(first.values())


def fill_newsroom(seed: int, count: int, write: Write, make: Make) -> Newsroom:
    """Stories in many copies, with boilerplate and templates of their sources, revisions, shorts, and articles fetched twice."""
    draw = random.Random(seed)
    boilerplate = {source: [write(f"{source} terms {part}", draw.choice([8, 30, 60])) for part in range(4)] for source in SOURCES}
    shared = [write(f"shared terms {part}", 30) for part in range(2)]
    fetches = []
    for number in range(count):
        source = draw.choice(SOURCES)
        words = write(draw.randrange(count // 3 + 1), draw.choice([3, 7, 14, 50, 90])).split()
        if draw.random() < 0.5:
            words = words[draw.randrange(len(words)) // 2 :][: draw.randrange(4, 90)]
        pieces = [" ".join(words), *draw.sample(boilerplate[source], draw.randrange(4))]
        if draw.random() < 0.3:
            pieces.append(draw.choice(shared))
        if draw.random() < 0.3:
            pieces.append(write(f"own {number}", draw.randrange(2, 30)))
        draw.shuffle(pieces)
        document = make(
            f"a{number:02}",
            "\n\n".join(pieces),
            source=source,
            minutes=draw.randrange(20),
            url=f"https://{source}.example/{draw.randrange(count)}",
            syndicated_from=draw.choice([None, None, "wire.example"]),
        )
        if fetches and draw.random() < 0.15:
            document = replace(document, text=draw.choice(fetches).text)
        fetches.append(document)
        if draw.random() < 0.25:
            fetches.append(
                replace(document, source=draw.choice(SOURCES), fetched_at=document.fetched_at - timedelta(minutes=draw.choice([-3, 7])))
            )
    return Newsroom(fetches)


def work_through(desk: Desk, newsroom: Newsroom, seed: int) -> None:
    """Fold all fetches in some order and split, as the store does, with restarts, rollbacks and settling in between."""
    draw = random.Random(seed)
    waiting = draw.sample(newsroom.fetches, len(newsroom.fetches))
    owners: dict[str, Document] = {}
    while waiting:
        size = draw.choice([1, 2, 5, 13, 40])
        part, waiting = waiting[:size], waiting[size:]
        rows = {row.article_id: row for row in sorted(part, key=lambda row: row.fetched_at, reverse=True)}
        new = [row for row in rows.values() if row.article_id not in owners]
        moved = [row for row in rows.values() if row.article_id in owners and row.fetched_at < owners[row.article_id].fetched_at]
        if draw.random() < 0.2:
            desk.index.abandon(desk.index.prepare(new, moved))
        if draw.random() < 0.2:
            desk.reopen()
        desk.fold(new, moved)
        owners.update((row.article_id, row) for row in [*new, *moved])
        if draw.random() < 0.2:
            desk.settle(limit=draw.choice([1, 3, 5000]))
    desk.settle(limit=draw.choice([2, 5000]))


def by_id(memberships: Sequence[Membership]) -> dict[str, Membership]:
    return {membership.article_id: membership for membership in memberships}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    order=st.integers(0, 10**6),
    count=st.sampled_from([2, 3, 5, 9, 14, 20, 28, 36]),
    again_at=st.sampled_from([0.0, 0.25, 1.0]),
    keep_minutes=st.sampled_from([None, 0, 0, 5, 15]),
)
def test_order_and_split_do_not_matter(
    open_desk: Callable[..., Desk],
    write: Write,
    document: Make,
    seed: int,
    order: int,
    count: int,
    again_at: float,
    keep_minutes: int | None,
) -> None:
    """However the fetches come, and whatever is forgotten, settled memberships are those of one fold over the articles' first fetches."""
    newsroom = fill_newsroom(seed, count, write, document)
    desk = open_desk(
        parameters=DedupParameters(judge_again_share=again_at), keep_days=None if keep_minutes is None else keep_minutes / 1440
    )
    work_through(desk, newsroom, order)
    event(f"recalled: {min(3, desk.recalled)} or more")
    desk.close()
    assert desk.standing == by_id(deduplicate(newsroom.owners(), fold_size=1000))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.randoms(use_true_random=False), sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_stories_that_boilerplate_held_together_part_in_any_order(
    open_desk: Callable[..., Desk], write: Write, document: Make, order: random.Random, sizes: list[int]
) -> None:
    """Pages of one source look alike until a fourth one comes, and copies hang on them by several links of which one is kept."""
    terms = write("terms", 140)
    pages = [document(f"p{number}", f"{write(number, 60)} {terms}", minutes=number) for number in range(5)]
    cuts = [" ".join(write(number, 60).split()[:48]) for number in (0, 0, 1, 1, 1)]
    copies = [document(f"c{number}", f"{text} {write(f'c{number}', 5)}", source=f"s{number}") for number, text in enumerate(cuts)]
    mixed = [document(f"m{number}", f"{write(number, 60)} {terms}", source="herald") for number in (0, 3)]
    documents = [*pages, *copies, *mixed]
    waiting = order.sample(documents, len(documents))
    desk, withdrawn = open_desk(), 0
    while waiting:
        size = order.choice(sizes)
        withdrawn += len(desk.fold(waiting[:size]).changes.withdrawn_edges)
        waiting = waiting[size:]
    while (fold := desk.index.prepare_settle(limit=1)) is not None:
        withdrawn += len(fold.changes.withdrawn_edges)
        desk.commit(fold)
    desk.close()
    event(f"{min(withdrawn, 3)} edges withdrawn or more")
    assert desk.standing == by_id(deduplicate(documents))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.randoms(use_true_random=False), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3), sources=st.integers(1, 3))
def test_stories_that_a_source_tells_many_times_are_the_same_in_any_order(
    open_desk: Callable[..., Desk], write: Write, document: Make, order: random.Random, sizes: list[int], sources: int
) -> None:
    """All they share becomes boilerplate in the end: what was together before would not be looked at today."""
    documents = [
        document(f"d{number:02}", f"{write(f'story {number % 3}', 90)} {write(number, 9)}", source=f"s{number % sources}", minutes=number)
        for number in range(18)
    ]
    waiting = order.sample(documents, len(documents))
    desk = open_desk()
    while waiting:
        size = order.choice(sizes)
        desk.fold(waiting[:size])
        waiting = waiting[size:]
    desk.settle(limit=order.choice([1, 5000]))
    desk.close()
    assert desk.standing == by_id(deduplicate(documents))


@pytest.mark.parametrize("seed", range(3))
def test_a_large_newsroom_in_two_orders(open_desk: Callable[..., Desk], write: Write, document: Make, seed: int) -> None:
    """Enough articles for merged run files, flips in every source and stories that part."""
    newsroom = fill_newsroom(seed, 300, write, document)
    desk = open_desk(keep_days=seed * 3 / 1440)
    work_through(desk, newsroom, seed)
    assert len(desk.index._state.occurrences.flips) > 100
    assert desk.recalled > 100
    assert 1 < len(desk.stories()) < 300
    assert desk.standing == by_id(deduplicate(newsroom.owners(), fold_size=77))


@pytest.mark.parametrize("seed", range(4))
def test_every_membership_is_consistent(write: Write, document: Make, seed: int) -> None:
    """A story has one canonical copy, which is its member; its id is a member's; all members agree."""
    placed = by_id(deduplicate(fill_newsroom(seed, 80, write, document).owners()))
    for membership in placed.values():
        canonical = placed[membership.canonical_article_id]
        assert canonical.relation is None
        assert canonical.canonical_article_id == canonical.article_id
        assert canonical.story_id == membership.story_id == placed[membership.story_id].story_id
        assert (membership.relation is None) == (membership.article_id == canonical.article_id)
