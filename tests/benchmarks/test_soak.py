"""A short soak: the crawl against a hostile newsroom, judged from the server's side."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.hostile import Asked, HostileNewsroom
from benchmarks.soak import Findings, judge, soak

QUICK = {
    "DOWNLOAD_DELAY": "0.3", "DOWNLOAD_TIMEOUT": "3", "HOST_BACKOFF_SECONDS": "0.3", "HOST_REST_SECONDS": "2", "RETRY_TIMES": "3",
    "DISCOVER_MAX_URLS_PER_SOURCE": "4", "DISCOVER_MAX_SITEMAPS_PER_SOURCE": "2", "EXTRACT_WORKERS": "1", "ROBOTSTXT_RETRY_SECONDS": "0",
}  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="reads /proc")
def test_a_crawl_of_a_hostile_newsroom_stores_what_is_good_and_asks_for_nothing_forbidden(tmp_path: Path) -> None:
    """A few runs, three faults in ten answers: politeness, forbidden places and memory are judged; the articles are as far as they have come."""
    newsroom = HostileNewsroom(sites=3, articles=3, seed=7)
    with newsroom.serve():
        found = soak(newsroom, tmp_path, seconds=20, settings=QUICK)
    missing = [problem for problem in found.problems if "are not stored" in problem]
    assert [problem for problem in found.problems if problem not in missing] == []
    assert len(found.stored) >= 3
    assert any(one.fault for one in newsroom.record.asked)


def test_the_judge_sees_what_is_wrong() -> None:
    """A missing article, a forbidden request, one that came too soon, one before its Retry-After, and too much memory."""
    newsroom = HostileNewsroom(sites=1, articles=2)
    good = sorted(newsroom.good_urls())
    newsroom.record.asked = [
        Asked(at, host, url, "")
        for at, host, url in (
            (0.0, "paper-0.example", good[0]),
            (0.1, "paper-0.example", good[1]),
            (5.0, "169.254.169.254", "http://169.254.169.254/"),
        )
    ]
    newsroom.record.too_early = [("paper-0.example", 2.0)]
    found = Findings(runs=1, main_mb=[100.0], tree_mb=[2000.0])
    found.stored.update([good[0], good[0]])
    judge(newsroom, found, delay=1.0)
    told = " ".join(found.problems)
    for words in (
        "1 of 2 articles are not stored",
        "stored more than once",
        "forbidden places",
        "paper-0.example was asked after 0.10 s",
        "before a Retry-After",
        "2000 MB",
    ):
        assert words in told
