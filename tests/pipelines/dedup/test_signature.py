"""The published signature, against datasketch itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from datasketch import MinHash

from pipelines.dedup import MINHASH_SCHEME, minhash_bytes, minhash_signature
from pipelines.dedup.shingles import shingle_texts
from pipelines.dedup.signature import BANDS, band_keys
from pipelines.dedup.verify import similarity


@pytest.mark.parametrize(
    "words",
    [pytest.param(5, id="one shingle"), pytest.param(120, id="a brief"), pytest.param(6000, id="longer than a block")],
)
def test_signature_is_datasketchs(write: Callable[..., str], words: int) -> None:
    """Bit for bit what datasketch makes of our shingle hashes."""
    text = write("budget", words)
    shingles = shingle_texts([text])[0].shingles
    reference = MinHash(num_perm=128, seed=1, hashfunc=lambda value: value, scheme="affine32")
    reference.update_batch(shingles)
    assert np.array_equal(minhash_signature(shingles), reference.hashvalues)
    column = minhash_bytes(text)
    assert column is not None
    assert np.array_equal(np.frombuffer(column, "<u4"), reference.hashvalues)


def test_the_column_can_be_compared_with_datasketch(write: Callable[..., str]) -> None:
    """The scheme in the file metadata is enough to load two columns and estimate their similarity."""
    text = write("strike", 400)
    half = " ".join(text.split()[:300])
    columns = [minhash_bytes(text), minhash_bytes(half)]
    assert None not in columns
    one, other = (
        MinHash(hashvalues=np.frombuffer(column or b"", "<u4"), scheme=MINHASH_SCHEME["scheme"], seed=int(MINHASH_SCHEME["seed"]))
        for column in columns
    )
    exact, _ = similarity(*(np.unique(shingled.shingles) for shingled in shingle_texts([text, half])))
    assert one.jaccard(other) == pytest.approx(exact, abs=3 * 0.044)


def test_a_text_without_shingles_has_no_signature() -> None:
    """None in the column, ValueError for the function."""
    assert minhash_bytes("Too short to say") is None
    with pytest.raises(ValueError, match="empty"):
        minhash_signature(np.zeros(0, np.uint32))


def test_the_dateline_does_not_change_the_signature() -> None:
    """It is masked, as for matching."""
    body = "Shares rose for a third day on Monday as oil fell."
    assert minhash_bytes(f"OSLO (AP) — {body}", dateline="OSLO") == minhash_bytes(body)


def test_bands_find_near_equal_texts(write: Callable[..., str]) -> None:
    """Of fifty pairs at Jaccard 0.9 all share a band; of fifty unrelated pairs none does."""
    texts = [write(number, 200) for number in range(50)]
    near = [f"{text} {write(f'tail {number}', 18)}" for number, text in enumerate(texts)]
    one, other = (band_keys([shingled.shingles for shingled in shingle_texts(group)]) for group in (texts, near))
    assert all(set(a.tolist()) & set(b.tolist()) for a, b in zip(one, other, strict=True))
    assert not any(set(a.tolist()) & set(b.tolist()) for a, b in zip(one, other[1:], strict=False))


def test_band_keys_are_odd_and_a_text_without_shingles_has_none() -> None:
    """Sampled shingles are even, so one index holds both."""
    bands = band_keys([np.zeros(0, np.uint32), np.arange(7, dtype=np.uint32)])
    assert [len(own) for own in bands] == [0, BANDS]
    assert (bands[1] % 2 == 1).all()
