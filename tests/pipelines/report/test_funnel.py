"""Counts per stage."""

from __future__ import annotations

from pipelines.report.funnel import add_up, make_funnel, split_by_source, unbalanced_stages

COUNTS = {
    ("ap", "fetch", "kept"): 5,
    ("ap", "fetch", "http_404"): 1,
    ("dw", "fetch", "kept"): 2,
    ("dw", "extract", "kept"): 2,
    ("ap", "extract", "kept"): 3,
    ("ap", "extract", "no_text"): 1,
}


def test_kept_and_rejected_add_up_to_seen() -> None:
    """A funnel sums over sources and names the reasons."""
    fetch, extract = make_funnel(add_up(split_by_source(COUNTS)), ["fetch", "extract"])
    assert (fetch.seen, fetch.kept, dict(fetch.rejected)) == (8, 7, {"http_404": 1})
    assert (extract.seen, extract.kept) == (6, 5)


def test_one_source_s_funnel_leaves_the_others_out() -> None:
    """Per source counts are that source's own."""
    (fetch,) = make_funnel(split_by_source(COUNTS)["dw"], ["fetch"])
    assert (fetch.seen, fetch.kept) == (2, 2)


def test_a_page_that_got_lost_between_stages_is_told() -> None:
    """Fetched 7, extracted 6: the report says so."""
    assert unbalanced_stages(make_funnel(add_up(split_by_source(COUNTS)), ["fetch", "extract"])) == [
        "extract saw 6 of the 7 that fetch kept"
    ]
