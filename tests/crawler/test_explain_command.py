"""``scrapy explain`` after a crawl."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crawler.conftest import Ran, read

Command = Callable[..., Ran]


def test_an_article_is_explained_by_its_url(scrapy: Command, northwire: tuple[Path, Ran]) -> None:
    """Also one in another spelling; where it was found is told."""
    output, _ = northwire
    article = read(output, "articles").iloc[0]
    ran = scrapy("explain", f"{article['url']}?utm_source=feed#top", "--output", output)
    assert ran.status == 0, ran.output
    assert article["title"] in ran.output
    assert article["article_id"] in ran.output
    assert "http://www.northwire.example/feeds/" in ran.output
    for piece in article["removed"]:
        assert piece["reason"] in ran.output


def test_a_rejected_url_is_explained(scrapy: Command, northwire: tuple[Path, Ran]) -> None:
    """Reason, detail and stage, when, and whether it is asked again."""
    output, _ = northwire
    row = read(output, "rejected").query("stage == 'fetch'").iloc[0]
    ran = scrapy("explain", row["url"], "-s", f"OUTPUT_DIR={output}")
    assert ran.status == 0, ran.output
    for words in (row["stage"], row["reason"], row["run_id"], "asked again by later runs"):
        assert words in ran.output


@pytest.mark.parametrize(
    ("key", "words"),
    [
        pytest.param("https://never.example/seen", "neither an article nor a rejection", id="a URL never seen"),
        pytest.param("0123456789abcdef", "no article in", id="an id never seen"),
        pytest.param("harbor", "expected an http(s) URL or an id", id="neither"),
    ],
)
def test_what_nothing_is_known_of_is_one_clear_line(scrapy: Command, northwire: tuple[Path, Ran], key: str, words: str) -> None:
    """Exit status 1."""
    ran = scrapy("explain", key, "--output", northwire[0])
    assert ran.status == 1
    assert ran.output.startswith("scrapy explain: ")
    assert words in ran.output
    assert len(ran.output.splitlines()) == 1
