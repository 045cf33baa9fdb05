"""The page that workers are warmed up with."""

from __future__ import annotations

from pipelines.records import Article
from pipelines.warm import warm_up


def test_the_page_reaches_the_last_stage() -> None:
    """A page that were rejected half way would leave the later stages cold."""
    article = warm_up()
    assert isinstance(article, Article)
    assert article.agencies == ("AP",)
    assert article.language == "en"
    assert {piece.reason for piece in article.removed} >= {"headline", "byline", "boilerplate", "contributors"}
