"""Candidates, rare shingles and components: the steps between postings and stories."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.dedup import DedupParameters
from pipelines.dedup import candidates as candidates_module
from pipelines.dedup.arrays import pack
from pipelines.dedup.candidates import find_candidates, find_neighbors
from pipelines.dedup.occurrences import Occurrences, flip_key
from pipelines.dedup.stories import Stories
from pipelines.dedup.verify import is_same_story, rare_shingles, similarity

PARAMETERS = DedupParameters()
TWO = 2


def column(values: list[int]) -> NDArray[np.uint32]:
    return np.array(values, np.uint32)


def occurring(*places: tuple[int, int, int]) -> Occurrences:
    """Occurrences with the places (text, source, URL)."""
    occurrences = Occurrences()
    occurrences.reserve(1 + max(text for text, _, _ in places))
    texts, sources, urls = zip(*places, strict=True)
    occurrences.add(column(list(texts)), column(list(sources)), np.array(urls, np.uint64))
    return occurrences


postings = st.sets(st.tuples(st.integers(0, 40), st.integers(0, 7)), max_size=120)


@given(
    postings,
    st.sets(st.integers(0, 7)),
    st.lists(st.integers(0, 7), min_size=8, max_size=8),
    st.sampled_from([1, 3, 15]),
    st.integers(1, 50),
)
def test_candidates_share_samples_or_a_band(
    held: set[tuple[int, int]], queries: set[int], labels: list[int], few: int, at_once: int
) -> None:
    """The same as comparing the keys of every pair that is apart, however small the pieces; neighbors are some of them all."""
    parameters = DedupParameters(few_shingles=few)
    entries = np.sort(pack(column([key for key, _ in held]), column([text for _, text in held])))
    keys: dict[int, set[int]] = {text: {key for key, holder in held if holder == text} for text in range(8)}
    living = np.array([sum(key % 2 == 0 for key in keys[text]) for text in range(8)], np.int32)
    expected = set()
    for one, other in combinations(range(8), 2):
        kinds = Counter(key % 2 for key in keys[one] & keys[other])
        fewer = min(living[one], living[other])
        enough = kinds[0] >= max(2, 0.25 * fewer)
        if {one, other} & queries and (enough or (kinds[1] and fewer < few)):
            expected.add((one, other))
    label_of = np.array(labels)[entries.astype(np.uint32)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates_module, "_PAIRS_AT_ONCE", at_once)
        found = find_candidates(entries, column(sorted(queries)), label_of, living, parameters)
    neighbors = find_neighbors(entries, column(sorted(queries)), living, parameters)
    assert {(pair >> 32, pair & 0xFFFFFFFF) for pair in found.tolist()} == {
        (one, other) for one, other in expected if labels[one] != labels[other]
    }
    assert {(pair >> 32, pair & 0xFFFFFFFF) for pair in neighbors.tolist()} <= expected


def test_boilerplate_takes_its_neighborhood_along() -> None:
    """Shingles go by the nearest sampled one; the sampled ones here are 100 and 200, and 100 is boilerplate."""
    occurrences = occurring((0, 5, 1), (1, 6, 2))
    occurrences.add_flips(flip_key(column([100]), column([5])))
    shingles = {0: column([1, 3, 100, 5, 7, 9, 200, 11]), 1: column([1, 100, 3])}
    rare = rare_shingles(shingles, occurrences, sample_every=4)
    assert rare[0].tolist() == [7, 9, 11, 200]
    assert rare[1].tolist() == [1, 3, 100]  # boilerplate of another source only


def test_a_text_of_several_sources_keeps_what_is_rare_in_one() -> None:
    """A republisher's template does not take the words of an agency that wrote them once."""
    occurrences = occurring((0, 5, 1), (0, 6, 2), (0, 7, 3))
    occurrences.add_flips(flip_key(column([100, 100, 104, 104, 104]), column([5, 6, 5, 6, 7])))
    assert occurrences.is_alive(column([0, 0, 0]), column([100, 104, 108])).tolist() == [True, False, True]
    occurrences.replace(0, [(5, 1), (6, 2)])
    assert occurrences.is_alive(column([0, 0, 0]), column([100, 104, 108])).tolist() == [False, False, True]
    occurrences.replace(0, [])
    assert not occurrences.is_alive(column([0]), column([108])).any()


def test_flips_can_be_taken_back() -> None:
    """Thousands of flips are known one by one, and forgotten likewise."""
    occurrences = occurring((0, 1, 1))
    many = np.sort(flip_key(np.arange(0, 40_000, 4, dtype=np.uint32), np.ones(10_000, np.uint32)))
    occurrences.add_flips(many[::2])
    occurrences.add_flips(many[1::2])
    occurrences.remove_flips(many[:1000])
    assert occurrences.is_flipped(many).tolist() == [False] * 1000 + [True] * 9000


def span(start: int, count: int) -> NDArray[np.uint32]:
    return np.arange(start, start + count, dtype=np.uint32)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(span(0, 100), span(44, 400), True, id="containment .56"),
        pytest.param(span(0, 100), span(46, 400), False, id="containment .54"),
        pytest.param(span(0, 14), span(0, 100), False, id="few and contained"),
        pytest.param(span(0, 14), span(0, 16), True, id="few and nearly equal"),
        pytest.param(span(0, 0), span(0, 0), False, id="nothing in common but being empty"),
    ],
)
def test_one_story_or_two(one: NDArray[np.uint32], other: NDArray[np.uint32], same: bool) -> None:
    """Containment decides; with few rare shingles, equality of the whole."""
    assert is_same_story((one, other), (one, other), PARAMETERS) is same


def test_with_few_rare_shingles_the_whole_text_is_compared() -> None:
    """Two texts of boilerplate are one story only if they are nearly equal in all."""
    rare = span(0, 3), span(0, 3)
    assert is_same_story(rare, (span(0, 200), span(10, 200)), PARAMETERS)
    assert not is_same_story(rare, (span(0, 200), span(60, 200)), PARAMETERS)


def test_similarity_is_of_sets() -> None:
    """Jaccard over all, containment over the smaller."""
    assert similarity(span(0, 10), span(5, 20)) == (5 / 25, 5 / 10)


edges = st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda edge: edge[0] < edge[1]), max_size=12)


def components(edges: set[tuple[int, int]]) -> set[frozenset[int]]:
    label = list(range(10))
    for one, other in edges:
        label = [label[one] if current == label[other] else current for current in label]
    return {frozenset(text for text in range(10) if label[text] == current) for current in label}


@given(edges, edges)
def test_stories_are_the_components_of_the_edges_that_remain(first: set[tuple[int, int]], gone: set[tuple[int, int]]) -> None:
    """After joining along all edges and parting along some, as if the rest had been there alone."""
    stories = Stories()
    stories.reserve(10)
    for edge in sorted(first):
        stories.join(*edge)
    for label in {stories.label(text) for edge in gone for text in edge}:
        texts = set(stories.members(label))
        stories.split(label, [edge for edge in sorted(first - gone) if edge[0] in texts])
    again = Stories()
    again.load(np.array([stories.label(text) for text in range(10)]))
    for some in (stories, again):
        assert {frozenset(some.members(some.label(text))) for text in range(10)} == components(first - gone)
