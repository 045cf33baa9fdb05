"""Texts as tokens and shingles."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.shingles import CHARACTERS_PER_SHINGLE, WORDS_PER_SHINGLE, shingle_documents, shingle_texts
from pipelines.records import Document
from pipelines.text import matching_form, text_hash

# Latin, Greek, marks in and out of order, Hebrew, Hindi, Thai, Burmese, Chinese, Japanese, beyond the first plane, and any other character.
MIXED = " ab-'’.\u00ad\u200bÄß9😀𝐀𐐷ﬁςΣ½İ\n_ \u0301\u0307\u0327קָमुि्ںกี่ำကိာ東京、ガｶﾞ\u3099𠮷\U000e0100\U00011127\ufe0f"
letters = st.characters(exclude_categories=["Cs"])
passages = st.text(st.sampled_from(MIXED) | letters, max_size=60)


def digest(text: str) -> int:
    return shingle_texts([text])[0].digest


@given(passages)
def test_tokens_are_the_words_of_the_matching_form(text: str) -> None:
    """As many tokens as the matching form has words, and the matching form itself counts as the same text."""
    form = matching_form(text)
    shingled, of_form = shingle_texts([text, form])
    assert shingled.words == len(form.split())
    assert (shingled.digest, shingled.shingles.tolist()) == (of_form.digest, of_form.shingles.tolist())


@given(passages, st.lists(st.sampled_from([*MIXED, "", "  "]), max_size=60))
def test_texts_are_exact_copies_just_when_their_hashes_are_equal(text: str, insertions: list[str]) -> None:
    """Of mixed scripts: the digest by which dedup says ``exact`` agrees with the column text_sha256, and equal forms have equal shingles."""
    padded = itertools.zip_longest(text, insertions[: len(text)], fillvalue="")
    other = "".join(character + insertion for character, insertion in padded)
    one, two = shingle_texts([text, other])
    assert (one.digest == two.digest) == (text_hash(text) == text_hash(other)) == (matching_form(text) == matching_form(other))
    if one.digest == two.digest:
        assert one.shingles.tolist() == two.shingles.tolist()


@given(st.lists(passages, max_size=6))
def test_neighbors_in_a_call_do_not_matter(texts: list[str]) -> None:
    """A text has the same shingles alone and among others."""
    for together, alone in zip(shingle_texts(texts), [shingle_texts([text])[0] for text in texts], strict=True):
        assert (together.digest, together.words) == (alone.digest, alone.words)
        assert np.array_equal(together.shingles, alone.shingles)


@pytest.mark.parametrize(
    ("text", "digest", "shingles"),
    [
        (
            "The ferry to Ærø left don’t 2026 internationalization",
            8065242121317432655,
            [349192030, 2500011086, 2383736185, 1885694246],
        ),
        (
            f"Владивосток і ґанок 😀 ½ {'x' * 70} 京都",
            -4025251541697148590,
            [1056249946, 2447709077, 3576253442, 3125606496],
        ),
        ("שלום על כל העולם היום", -6810416459883760526, [291502836]),
    ],
)
def test_hashes_are_the_same_on_every_machine(text: str, digest: int, shingles: list[int]) -> None:
    """They stand in files and tables: other ones need another SHINGLE_DEFINITION."""
    (shingled,) = shingle_texts([text])
    assert (shingled.digest, shingled.shingles.tolist()) == (digest, shingles)


@given(st.lists(st.text(st.sampled_from("abyzßéőșςщљґəĳ09’\u00ad"), min_size=1, max_size=9), min_size=5, max_size=20))
def test_a_word_has_one_hash_whatever_script_stands_beside_it(words: list[str]) -> None:
    """Texts of one alphabet are hashed in a way of their own; a Chinese character at the end does not show in what is before it."""
    text = " ".join(words)
    alone, beside = shingle_texts([text])[0].shingles, shingle_texts([f"{text} 京"])[0].shingles
    assert np.array_equal(alone, beside[: len(alone)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Don’t stop", "DON'T STOP", id="case and apostrophes"),
        pytest.param("co\u00adoper\u200bate", "cooperate", id="invisible characters"),
        pytest.param("ﬁve ½", "five 1⁄2", id="compatibility forms"),
        pytest.param("ΟΔΟΣ", "οδος", id="final sigma"),
        pytest.param("İstanbul", "istanbul", id="dotted capital i"),
        pytest.param("קָמָץ", "קמץ", id="vowel points"),
        pytest.param("東京 都は、十八日", "東京都は十八日", id="spaces and signs between Japanese characters"),
        pytest.param("รัฐ บาล", "รัฐบาล", id="spaces in Thai"),
        pytest.param("東京ABC", "東京 abc", id="Latin letters next to Japanese"),
        pytest.param("葛\U000e0100城 ❤\ufe0f", "葛城", id="variation selectors"),
        pytest.param("rise 😀 fall", "rise fall", id="emoji part words"),
        pytest.param("𝐁old", "bold", id="letters beyond the first plane"),
    ],
)
def test_spellings_that_count_as_equal(one: str, other: str) -> None:
    """Texts that differ in this only are exact copies."""
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("कल", "कुल", id="a Hindi vowel sign"),
        pytest.param("มา", "ม้า", id="a Thai tone mark"),
        pytest.param("cafe", "café", id="an accent"),
        pytest.param("हिन्दी", "हि न्दी", id="a space in a Hindi word"),
    ],
)
def test_spellings_that_are_other_words(one: str, other: str) -> None:
    """Signs that tell words apart count."""
    assert digest(one) != digest(other)
    assert text_hash(one) != text_hash(other)


@pytest.mark.parametrize("words", [pytest.param(0, id="empty"), pytest.param(4, id="four words")])
def test_a_text_shorter_than_a_shingle_has_none(words: int) -> None:
    """Under five words there is nothing to compare but the whole."""
    assert len(shingle_texts([" ".join(["word"] * words)])[0].shingles) == 0


def test_every_run_of_five_words_is_a_shingle(write: Callable[..., str]) -> None:
    """n words make n - 4 shingles, in order, and the shingles of a cut are those of the place it was cut from."""
    text = write("harbor", 50)
    whole, cut = shingle_texts([text, " ".join(text.split()[10:30])])
    assert len(whole.shingles) == 50 - WORDS_PER_SHINGLE + 1
    assert np.array_equal(cut.shingles, whole.shingles[10:26])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("東京都は十八日、新しい防災計画を発表した。", id="Japanese"),
        pytest.param("北京市政府星期三宣布一项新的交通计划", id="Chinese"),
        pytest.param("รัฐบาลประกาศแผนใหม่เมื่อวันพุธที่ผ่านมา", id="Thai"),
    ],
)
def test_scripts_without_spaces_go_by_characters(text: str) -> None:
    """Shingles are runs of eight characters, and parts of a text share them."""
    whole, part = shingle_texts([text, text[6:]])
    assert len(whole.shingles) == whole.words - CHARACTERS_PER_SHINGLE + 1
    assert set(part.shingles.tolist()) < set(whole.shingles.tolist())


def test_a_foreign_name_does_not_make_a_text_unspaced() -> None:
    """An English text that quotes a Chinese name goes by words."""
    shingled = shingle_texts(["The mayor of 北京 said on Wednesday that the plan would wait"])[0]
    assert len(shingled.shingles) == shingled.words - WORDS_PER_SHINGLE + 1


def test_a_text_longer_than_a_call_is_read_whole(write: Callable[..., str]) -> None:
    """Where a long text is cut for hashing does not show in its shingles."""
    text = write("marathon", 20000)
    words = text.split()
    whole = shingle_texts([text])[0]
    assert whole.words == 20000
    middle = shingle_texts([" ".join(words[16000:18000])])[0]
    assert np.array_equal(whole.shingles[16000:17996], middle.shingles)
    assert shingle_texts(["x" * 400_000])[0].words == 4  # no space to cut at


def test_the_dateline_is_masked(document: Callable[..., Document]) -> None:
    """Two papers' datelines do not make two texts of one."""
    bare = document("a", "Shares rose for a third day on Monday.")
    dated = document("b", "LONDON, March 3 (Reuters) - Shares rose for a third day on Monday.", dateline="LONDON")
    one, other = shingle_documents([bare, dated])
    assert one.digest == other.digest


def test_texts_without_words_are_no_copies_of_each_other(document: Callable[..., Document]) -> None:
    """An empty text resembles nothing."""
    one, other = shingle_documents([document("a", ""), document("b", "...")])
    assert one.digest != other.digest
