"""What counts as a source's boilerplate."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.boilerplate import count_documents, find_flips

uses = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=9)


def brute_count(pairs: set[tuple[int, int]]) -> int:
    """The largest set of pairs that differ in both parts, by trying all."""
    for size in range(len(pairs), 0, -1):
        for some in combinations(pairs, size):
            if len({text for text, _ in some}) == len({url for _, url in some}) == size:
                return size
    return 0


def flips(entries: list[tuple[int, int, int]], limit: int) -> set[int]:
    keys, texts, urls = (np.array([entry[column] for entry in entries], np.uint64) for column in range(3))
    return set(find_flips(keys, texts.astype(np.uint32), urls, limit=limit).tolist())


@pytest.mark.parametrize(
    ("pairs", "count"),
    [
        pytest.param([(1, 1), (2, 2), (3, 3), (4, 4)], 4, id="four pages"),
        pytest.param([(1, 1), (2, 1), (3, 1), (4, 1)], 1, id="four revisions of one URL"),
        pytest.param([(1, 1), (1, 2), (1, 3), (1, 4)], 1, id="one text under four URLs"),
        pytest.param([(1, 1), (2, 1), (3, 1), (4, 2), (4, 3)], 2, id="a revised page and a repeated text"),
        pytest.param([(1, 1), (1, 2), (2, 1)], 2, id="an exchange makes room"),
        pytest.param([], 0, id="nothing"),
    ],
)
def test_documents_are_counted_once_for_url_and_text(pairs: list[tuple[int, int]], count: int) -> None:
    """Neither revisions nor repeats of a text add to the count."""
    assert count_documents([text for text, _ in pairs], [url for _, url in pairs], enough=9) == count


@given(uses, st.integers(0, 4))
def test_flips_are_keys_with_more_documents_than_the_limit(pairs: list[tuple[int, int]], limit: int) -> None:
    """The same as trying every set of documents."""
    assert flips([(7, text, url) for text, url in pairs], limit) == ({7} if brute_count(set(pairs)) > limit else set())


@given(uses, uses)
def test_a_flip_is_for_good(pairs: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    """More documents never take a flip back: this is why order does not matter."""
    assert flips([(1, *pair) for pair in pairs], 2) <= flips([(1, *pair) for pair in pairs + more], 2)


def test_keys_are_counted_apart() -> None:
    """A key of one source says nothing of another."""
    entries = [(key, number, number) for key, count in ((10, 5), (11, 3), (12, 4)) for number in range(count)]
    assert flips(entries, 3) == {10, 12}
