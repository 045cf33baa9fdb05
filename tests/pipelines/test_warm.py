"""The page that workers are warmed up with."""

from __future__ import annotations

import subprocess
import sys

from pipelines.records import Article
from pipelines.warm import warm_up


def test_the_page_reaches_the_last_stage() -> None:
    """A page that were rejected half way would leave the later stages cold."""
    article = warm_up()
    assert isinstance(article, Article)
    assert article.agencies == ("AP",)
    assert article.language == "en"
    assert {piece.reason for piece in article.removed} >= {"headline", "byline", "caption", "share", "credit", "contributors"}


def test_workers_begin_without_scipy() -> None:
    """Two thirds of a second that nothing in the chain needs: datasketch would bring it, and its permutations are a table here."""
    script = "import sys, pipelines.warm; print(sorted({'datasketch', 'scipy', 'pandas', 'scrapy', 'pyarrow'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip() == "[]"
