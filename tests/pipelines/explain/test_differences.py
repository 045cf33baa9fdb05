"""Where two texts differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.explain import Change, find_differences
from pipelines.explain.differences import MAX_TOKENS

TEXTS = st.lists(st.lists(st.sampled_from("a b c dd ee".split()), min_size=1, max_size=5).map(" ".join), max_size=5).map("\n\n".join)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_back(one: str, other: str) -> None:
    """Nothing is lost on either side; what is not marked is the same on both."""
    ours = theirs = 0
    passages = list(find_differences(one, other))
    for passage in passages:
        if isinstance(passage, int):
            assert one.split("\n\n")[ours : ours + passage] == other.split("\n\n")[theirs : theirs + passage]
            ours, theirs = ours + passage, theirs + passage
            continue
        before, after = ("".join(text for text, _ in side) for side in (passage.before, passage.after))
        ours_now = "\n\n".join(one.split("\n\n")[ours:]).startswith(before)
        assert ours_now
        assert "\n\n".join(other.split("\n\n")[theirs:]).startswith(after)
        ours += len(before.split("\n\n")) if passage.before else 0
        theirs += len(after.split("\n\n")) if passage.after else 0
    assert (one == other) == all(isinstance(passage, int) for passage in passages)


def test_a_changed_word_is_marked_and_its_neighbors_are_not() -> None:
    """Equal paragraphs are counted."""
    one, other = "First.\n\nThe ferry left on Monday night.\n\nLast.", "First.\n\nThe ferry left late on Tuesday night.\n\nLast."
    first, change, last = find_differences(one, other)
    assert (first, last) == (1, 1)
    assert isinstance(change, Change)
    assert [text for text, differs in change.before if differs] == ["Monday"]
    assert [text for text, differs in change.after if differs] == ["late ", "Tuesday"]


def test_text_without_spaces_is_compared_by_characters() -> None:
    """A word of Chinese is no run of letters between spaces."""
    (change,) = find_differences("渡轮周一返回港口", "渡轮周二返回港口")
    assert isinstance(change, Change)
    assert [text for text, differs in change.after if differs] == ["二"]


@pytest.mark.timeout(20)
def test_a_passage_too_long_to_match_is_shown_as_replaced() -> None:
    """Its time would grow with the square of its length."""
    one, other = ("x y " * MAX_TOKENS, "x z " * MAX_TOKENS)
    (change,) = find_differences(one, other)
    assert isinstance(change, Change)
    assert change.before == ((one, True),)
