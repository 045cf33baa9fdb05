"""Which blocks are the article, by the model and by trafilatura as second opinion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import html
from lxml.html import HtmlElement

from pipelines.extract import decide, page_blocks
from pipelines.extract.block_model import BlockModel, build_model
from pipelines.extract.decide import Decisions, decide_blocks
from pipelines.extract.page_facts import PageFacts


def model_that_says(score: float) -> BlockModel:
    """A model that gives each block the same score: 0 is a probability of one half, 3 of 0.95."""
    return build_model([[[], [], [], [], [score]]], version="same")


def decisions_with(opinion: str, score: float, page: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Decisions, bool]:
    """What is decided where trafilatura's text is the opinion, and whether it was asked."""
    asked: list[bool] = []

    def answer(tree: HtmlElement, *, fast: bool = False) -> str:
        asked.append(fast)
        return opinion

    monkeypatch.setattr(decide, "trafilatura_text", answer)
    tree = html.document_fromstring(page)
    return decide_blocks(page_blocks(tree), PageFacts(), tree, model=model_that_says(score)), bool(asked)


@pytest.mark.parametrize(
    ("score", "is_asked"),
    [
        pytest.param(3.0, False, id="the model is sure of all"),
        pytest.param(0.5, True, id="it doubts"),
        pytest.param(-0.5, True, id="it doubts what it cuts"),
        pytest.param(-3.0, True, id="it would keep too little"),
    ],
)
def test_trafilatura_is_asked_where_its_answer_can_change_the_text(
    news_page: Callable[..., str], monkeypatch: pytest.MonkeyPatch, score: float, is_asked: bool
) -> None:
    """It takes more time than all else; nothing on this page says that it is an article."""
    page = news_page()
    nothing, asked = decisions_with("", score, page, monkeypatch)
    everything, _ = decisions_with(html.document_fromstring(page).text_content(), score, page, monkeypatch)
    assert asked == is_asked
    assert is_asked or [block.text for block in nothing.kept] == [block.text for block in everything.kept]


def test_a_block_whose_class_tells_against_it_is_asked_about(news_page: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The model alone is certain of it and keeps it; beside a doubt, its class counts."""
    page = news_page(after='<div class="newsletter">Sign up for the letter from the harbour.</div>')
    nothing, asked = decisions_with("", 3.0, page, monkeypatch)
    assert asked
    assert [reason for reason, _ in nothing.cut] == ["newsletter"]
