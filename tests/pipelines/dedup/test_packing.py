"""Shingles as the index keeps them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.packing import pack_shingles, shorten, unpack_shingles


@given(
    st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 2**30 - 1).map(lambda number: 4 * number), max_size=50), st.sampled_from([2, 4, 8])
)
def test_shortened_shingles_come_back(hashes: list[int], sample_every: int) -> None:
    """The posted sample whole, of the others the lower 24 bits; none of these becomes a sampled one."""
    texts = [hashes[:20], [], hashes[20:]]
    shortened = shorten([np.array(own, np.uint32) for own in texts], sample_every)
    assert [own.tolist() for own in shortened] == [
        [number if number % sample_every == 0 else number % 2**24 for number in own] for own in texts
    ]
    assert [own.tolist() for own in unpack_shingles(pack_shingles(shortened, sample_every))] == [own.tolist() for own in shortened]


@pytest.mark.parametrize(("count", "expected"), [pytest.param(0, 8, id="none"), pytest.param(4000, 8 + 4000 * 3.25, id="thousands")])
def test_three_and_a_quarter_bytes_a_shingle(count: int, expected: float) -> None:
    """With a sample of one in four."""
    (packed,) = pack_shingles(shorten([np.arange(count, dtype=np.uint32)], 4), 4)
    assert len(packed) == expected
