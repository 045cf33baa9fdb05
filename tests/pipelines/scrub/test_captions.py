"""Captions and credits are cut where they stand, and the story around them stays."""

from __future__ import annotations

import pytest

from pipelines.scrub.captions import cut_caption

CAPTION = "A ferry leaves the old terminal on Sunday."
THREE = "The council voted on Tuesday. The boats will stop in June. Nobody was asked."


@pytest.mark.parametrize(
    "line",
    [
        "Photo: AFP",
        "(Foto: Ana Roe/dpa)",
        "Ana Roe/Getty Images",
        "Ana Roe / AFP – Getty Images",
        "STR/AFP via Getty Images",
        "Long Roe/Costa/Barcroft Media via Getty Images",
        "© AFP / Ana Roe",
        "© dpa | Kay Roe",
        "Image: Ana Van Der Roe",
        "Rubriklistenbild: © Roe/dpa",
        "Getty Images",
        "Crédit photo : KB / Daily",
        "J. Scott Roe/AP",
    ],
)
def test_a_line_that_is_a_credit_goes(line: str) -> None:
    """As a whole."""
    cut = cut_caption(line)
    assert cut is not None
    assert (cut.kept, cut.removed, cut.reason) == ("", line, "credit")


@pytest.mark.parametrize(
    "credit",
    [
        pytest.param("Ana Roe / AFP – Getty Images", id="glued, agency and library"),
        pytest.param("Adel Roe / AP", id="glued, agency"),
        pytest.param(" Ana Roe/Reuters", id="after a space"),
        pytest.param(" (AP Photo/Ana Roe)", id="in brackets"),
        pytest.param(" (Photo by Ana Roe/Getty Images)", id="in brackets with by"),
        pytest.param(" Foto: Ana Roe/dpa", id="behind a label"),
        pytest.param("Staff Ana Roe via AP", id="via"),
    ],
)
def test_a_caption_goes_with_its_credit(credit: str) -> None:
    """A block of one or two sentences and a credit is a caption."""
    cut = cut_caption(CAPTION + credit)
    assert cut is not None
    assert (cut.kept, cut.reason) == ("", "caption")


def test_of_a_longer_block_only_the_caption_goes() -> None:
    """The last sentence and its credit; the story before it stays."""
    cut = cut_caption(f"{THREE} {CAPTION}Ana Roe / AFP – Getty Images")
    assert cut is not None
    assert cut.kept == THREE
    assert cut.removed == f"{CAPTION}Ana Roe / AFP – Getty Images"


@pytest.mark.parametrize(
    "line",
    [
        "“We were not asked,” she told AFP.",
        "LONDON (Reuters) - The boats will stop in June.",
        "The boats will stop in June. (dpa/gem)",
        "The boats will stop in June. (AP)",
        "(Reuters)",
        "AFP",
        "AP/Reuters",
        "By The Associated Press",
        "The picture: nobody was asked, and the boats will stop.",
        "Getty Images sued the company, which denied the claim.",
        "The court in Utah/Nevada ruled against AP",
        "Pictures of the pier were sold at an auction.",
        "Copyright 2024 The Associated Press. All rights reserved.",
    ],
)
def test_the_storys_own_agencies_stay(line: str) -> None:
    """Attribution, datelines, slugs and sentences about agencies are no credits."""
    assert cut_caption(line) is None
