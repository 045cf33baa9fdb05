"""Second half of a fold: which texts belong together.

Everything that decides is a function of the set of documents: flips count documents, an edge depends on two texts and the flips, stories
are the components of the edges. Pairs that are together already are not compared, so the edges that are kept are some of all, enough
to hold the stories; where one of them breaks, all texts of its story are asked again. What a fold leaves undone (texts that lost a
little to new flips) is noted and done by settling.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import tables
from pipelines.dedup.arrays import distinct, expand_ranges, pack, unpack
from pipelines.dedup.candidates import find_candidates, find_neighbors, is_candidate, is_shared
from pipelines.dedup.intake import look_up
from pipelines.dedup.packing import TEXTS_AT_ONCE
from pipelines.dedup.runs import Run
from pipelines.dedup.verify import is_same_story, rare_shingles
from pipelines.dedup.work import Work

_PAIRS_AT_ONCE = 4096
"""After so many pairs those that are together by now are dropped from the rest."""


def judge(work: Work) -> set[int]:
    """Compare the new and the touched texts with all others, and return the texts whose story changed."""
    state = work.state
    weak = np.array(sorted(work.weakened), np.int64)
    lost = state.lost[weak]
    work.touched.update(weak[lost > work.parameters.judge_again_share * (state.living[weak] + lost)].tolist())
    changed = withdraw_edges(work)
    touched = sorted(work.touched)
    work.counts["rejudged"] += len(touched)
    queries = np.array([*touched, *range(work.first_new_text, state.text_count)], np.uint32)
    work.fetch(touched)
    texts, keys = work.keys_of(touched)
    alive = state.occurrences.is_alive(texts, keys)
    look_up(work, distinct(keys[alive]))
    living = find_living(work)
    work.living_of_new = living[living.astype(np.uint32) >= work.first_new_text]
    state.living[queries] = count_samples(pack(keys[alive], texts[alive]), queries) + count_samples(work.living_of_new, queries)
    state.lost[queries] = 0
    shared = living[is_shared(living)]
    changed |= join(work, find_neighbors(shared, queries, state.living, work.parameters))
    labels = state.stories.labels(shared.astype(np.uint32))
    changed |= join(work, find_candidates(shared, queries, labels, state.living, work.parameters))
    # An edge that was withdrawn and found again was there all the time.
    unchanged = work.changes.edges & work.changes.withdrawn_edges
    work.changes.edges -= unchanged
    work.changes.withdrawn_edges -= unchanged
    return changed


def find_living(work: Work) -> NDArray[np.uint64]:
    """Return the entries that are alive. Those of new texts were when they were posted: of them only what flipped since is looked at."""
    keys, texts = unpack(work.entries)
    is_open = texts < work.first_new_text
    flipped = distinct(unpack(work.changes.flips)[0])
    first = np.searchsorted(keys, flipped)
    is_open[expand_ranges(first, np.searchsorted(keys, flipped, "right") - first)] = True
    opened = np.flatnonzero(is_open)
    alive = np.ones(len(keys), np.bool_)
    alive[opened] = work.state.occurrences.is_alive(texts[opened], keys[opened])
    return work.entries[alive]


def count_samples(postings: NDArray[np.uint64], texts: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return how many of the postings (key << 32 | text) are sampled shingles of each text; texts are sorted."""
    keys, of = unpack(postings)
    of = of[(keys & np.uint32(1)) == 0]
    return np.bincount(of, minlength=int(texts[-1]) + 1)[texts] if len(texts) else np.zeros(0, np.int64)


def withdraw_edges(work: Work) -> set[int]:
    """Part the stories that were held together by edges of touched texts that no longer hold; return the texts of these stories.

    All of them are touched from now on: there may be edges among them that nobody looked for.
    """
    stories = work.state.stories
    edges = tables.read_edges(work.connection, sorted(work.touched))
    broken = edges - compare(work, edges)
    if not broken:
        return set()
    labels = sorted({stories.label(text) for edge in broken for text in edge})
    texts = [text for label in labels for text in stories.members(label)]
    edges = tables.read_edges(work.connection, sorted(texts))
    kept = compare(work, edges)
    work.changes.withdrawn_edges = edges - kept
    work.touched.update(texts)
    for label in labels:
        own = set(stories.members(label))
        stories.split(label, sorted(edge for edge in kept if edge[0] in own))
    return set(texts)


def join(work: Work, candidates: NDArray[np.uint64]) -> set[int]:
    """Join the candidate pairs that are one story, and return the texts whose label changed."""
    work.counts["candidates"] += len(candidates)
    changed: set[int] = set()
    for edge in verify(work, candidates):
        work.changes.edges.add(edge)
        changed.update(work.state.stories.join(*edge))
    return changed


def verify(work: Work, candidates: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Yield the candidate pairs that are one story and not together yet; the caller joins each before it takes the next."""
    stories, rare = work.state.stories, dict[int, NDArray[np.uint32]]()
    ones, others = unpack(candidates)
    begin = 0
    while True:
        apart = begin + np.flatnonzero(stories.labels(ones[begin:]) != stories.labels(others[begin:]))[:_PAIRS_AT_ONCE]
        if not len(apart):
            return
        begin = int(apart[-1]) + 1
        pairs = list(zip(ones[apart].tolist(), others[apart].tolist(), strict=True))
        _add_rare(work, rare, (text for pair in pairs for text in pair))
        for one, other in pairs:
            if stories.label(one) != stories.label(other):
                work.counts["comparisons"] += 1
                if is_same_story((rare[one], rare[other]), (work.shingles[one], work.shingles[other]), work.parameters):
                    yield one, other


def compare(work: Work, edges: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of the edges that hold: of texts that would be compared today, whatever they shared once, and are one story."""
    edges = still_candidates(work, sorted(edges))
    rare: dict[int, NDArray[np.uint32]] = {}
    _add_rare(work, rare, (text for edge in edges for text in edge))
    return {
        (one, other)
        for one, other in edges
        if is_same_story((rare[one], rare[other]), (work.shingles[one], work.shingles[other]), work.parameters)
    }


def still_candidates(work: Work, edges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those of the edges whose texts share enough living keys."""
    texts = sorted({text for edge in edges for text in edge})
    if not texts:
        return []
    work.fetch(texts)
    of, keys = work.keys_of(texts)
    alive = work.state.occurrences.is_alive(of, keys)
    of, keys = of[alive], keys[alive]
    living = dict(zip(texts, np.split(keys, np.searchsorted(of, texts[1:])), strict=True))
    samples = {text: int(np.count_nonzero(own & np.uint32(1) == 0)) for text, own in living.items()}
    return [
        (one, other)
        for one, other in edges
        if is_candidate(np.intersect1d(living[one], living[other], True), min(samples[one], samples[other]), work.parameters)
    ]


def post_keys(work: Work) -> tuple[list[Run], list[Run]]:
    """Write the new postings that are alive; return the runs to name and those no longer to name."""
    keys, texts = unpack(work.posted[work.posted.astype(np.uint32) < work.first_new_text])
    alive = work.state.occurrences.is_alive(texts, keys)
    of_known = pack(keys[alive], texts[alive])
    postings = distinct(np.concatenate((of_known, work.living_of_new))) if len(of_known) else work.living_of_new
    return work.state.runs.add(*unpack(postings))


def _add_rare(work: Work, rare: dict[int, NDArray[np.uint32]], texts: Iterable[int]) -> None:
    """Add the rare shingles of texts that are not there yet, reading what this fold has not met."""
    wanted = sorted(set(texts) - rare.keys())
    work.fetch_shingles(wanted)
    for begin in range(0, len(wanted), TEXTS_AT_ONCE):
        some = {text: work.shingles[text] for text in wanted[begin : begin + TEXTS_AT_ONCE]}
        rare.update(rare_shingles(some, work.state.occurrences, work.parameters.sample_every))
