"""The ages at which articles are fetched again, as a setting, and when a text counts as another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.revisits import fingerprint, read_ages
from pipelines.chain import process_page
from pipelines.errors import SettingsError
from pipelines.records import Article, FetchedPage, Removed
from tests.crawler.site import article


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        pytest.param(["1h", "6h", "24h"], [60, 360, 1440], id="a list"),
        pytest.param("1d, 30m,1.5h", [30, 90, 1440], id="a text, in any order"),
        pytest.param("1h,60m", [60], id="the same twice"),
        pytest.param([], [], id="off"),
        pytest.param("", [], id="off from the command line"),
        pytest.param(None, [], id="unset"),
    ],
)
def test_ages_are_read(value: Any, minutes: list[int]) -> None:
    """In rising order, each once."""
    assert read_ages(value) == tuple(timedelta(minutes=count) for count in minutes)


@pytest.mark.parametrize("value", ["1", "6 weeks", "-1h", "0h", ["1h", "soon"], 3])
def test_what_is_no_age_is_refused(value: Any) -> None:
    """With what was expected and what was given."""
    with pytest.raises(SettingsError, match="ARTICLE_REVISITS must be ages such as '1h, 6h, 2d'"):
        read_ages(value)


def test_a_line_that_source_memory_cuts_by_now_is_no_change() -> None:
    """A changed paragraph is one, a line that went from the text to ``removed`` as repeated on its source is not."""
    page = article("Bridge works go on")
    fetched = FetchedPage(
        url="http://a.example/a", body=page.body, encoding=None, fetched_at=datetime(2026, 11, 20, tzinfo=UTC), source="a"
    )
    first = process_page(fetched)
    assert isinstance(first, Article)
    *others, last = first.text.split("\n\n")
    cut = replace(first, text="\n\n".join(others), removed=(*first.removed, Removed(reason="repeated_on_source", text=last)))
    shorter = replace(first, text="\n\n".join(others), removed=(*first.removed, Removed(reason="newsletter", text=last)))
    assert fingerprint(cut) == fingerprint(first)
    assert fingerprint(shorter) != fingerprint(first)
