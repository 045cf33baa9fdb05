"""A page with little text says why, where it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.chain import process_page
from pipelines.records import FetchedPage, Rejection

TEASER = "<p>The harbour council voted on Tuesday to close the terminal.</p>"


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        pytest.param(
            f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "x", "isAccessibleForFree": false}}</script>{TEASER}',
            "paywalled",
            id="the publisher says it is not free",
        ),
        pytest.param(
            f'{TEASER}<div class="article-paywall__box"><p>Subscribe now to read on: four weeks of the Daily for one pound.</p></div>',
            "paywalled",
            id="a wall with an offer",
        ),
        pytest.param(
            f'<script type="application/ld+json">{{"@type": "LiveBlogPosting", "headline": "x"}}</script>{TEASER}',
            "live_blog",
            id="a live blog without entries",
        ),
        pytest.param(TEASER, "too_short", id="nothing said"),
        pytest.param('<div class="paywall-meter"></div><div id="app"></div>', "no_text", id="a class without words"),
    ],
)
def test_thin_pages_have_their_reason(fetched: Callable[..., FetchedPage], html: str, reason: str) -> None:
    """The more telling reason wins over too_short and no_text."""
    outcome = process_page(fetched(f"<html><head><title>Terminal</title></head><body><article>{html}</article></body></html>"))
    assert isinstance(outcome, Rejection)
    assert outcome.reason == reason
