"""What is asked again, and when: feeds, sitemaps and articles over several crawls of a site that changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.conftest import Ran, read
from tests.crawler.site import ChangingSite, Page, article, change_state, read_state, rss, sitemap

Crawl = Callable[..., Ran]
HOME = "http://paper.example"
FEED = f"{HOME}/feed"
FIRST, SECOND, THIRD = (f"{HOME}/news/{slug}" for slug in ("bridge-works-go-on", "library-opens-again", "harbour-fees-rise"))
NOW = datetime.now(UTC)
HOUR_US = 3_600_000_000


@pytest.fixture
def site() -> Iterator[ChangingSite]:
    with ChangingSite.serve() as site:
        site.pages |= {FIRST: article("Bridge works go on"), SECOND: article("Library opens again"), THIRD: article("Harbour fees rise")}
        yield site


@pytest.fixture
def run(site: ChangingSite, crawl: Crawl, tmp_path: Path) -> Callable[..., Ran]:
    """Crawl one source that announces its articles so; more settings as NAME=value."""

    def go(announced: str, *settings: str) -> Ran:
        sources = tmp_path / "sources.toml"
        sources.write_text(f'[[source]]\nname = "paper"\nkind = "outlet"\nhome = "{HOME}/"\ndelay_seconds = 0\n{announced}\n')
        options = [part for setting in ("RETRY_TIMES=0", "EXTRACT_WORKERS=1", "TDMREP_ENABLED=0", *settings) for part in ("-s", setting)]
        return crawl("news", tmp_path / "out", *options, sources=sources, http_proxy=site.proxy)

    return go


def report(tmp_path: Path) -> dict[str, Any]:
    """The report of the last run."""
    path = max((tmp_path / "out" / "runs").glob("*/report.json"), key=lambda path: path.stat().st_mtime)
    found: dict[str, Any] = json.loads(path.read_text())
    assert found["unbalanced"] == []
    return found


def ago(days: float) -> str:
    return format_datetime(NOW - timedelta(days=days))


def test_a_feed_is_asked_as_often_as_it_yields(site: ChangingSite, run: Callable[..., Ran], tmp_path: Path) -> None:
    """Over four runs: all new, not due, nothing new, asked whole by hand. Beside it one that fails and backs off."""
    broken = f"{HOME}/broken"
    out, feeds = tmp_path / "out", f'feeds = ["{FEED}", "{broken}"]'
    site.pages |= {FEED: rss((FIRST, ""), (SECOND, "")), broken: Page(b"gone fishing", status=503)}
    assert run(feeds).status == 0
    assert sorted(site.urls()) == sorted([FEED, broken, FIRST, SECOND])
    waits = dict(read_state(out, "SELECT url, (due_us / 1000000 - unixepoch()) / 3600.0 FROM endpoint"))
    assert waits == {FEED: pytest.approx(1, abs=0.1), broken: pytest.approx(1, abs=0.1)}

    # A run of what is due leaves both alone that were asked just now, and is a good run all the same.
    ran = run(feeds, "DISCOVER_ONLY_DUE=1")
    assert (ran.status, site.urls()) == (0, [])
    assert report(tmp_path)["endpoints"]["rejected"] == {"not_due": 2}

    # Two hours later the feed is due, answers 304, and is to be asked less often from now on.
    change_state(out, f"UPDATE endpoint SET due_us = due_us - {2 * HOUR_US}, asked_us = asked_us - {2 * HOUR_US} WHERE url = '{FEED}'")
    run(feeds, "DISCOVER_ONLY_DUE=1")
    assert [(asked.url, asked.status) for asked in site.asked if "robots" not in asked.url] == [(FEED, 304)]
    planned = f"SELECT new_per_hour, (due_us - asked_us) * 1.0 / {HOUR_US}, unchanged_count FROM endpoint WHERE url = '{FEED}'"
    assert read_state(out, planned) == [(pytest.approx(0.85, abs=0.02), pytest.approx(1.18, abs=0.02), 1)]
    site.urls()

    # By hand all is asked, and the log says what was not due; after as many 304s as the setting allows, without validators.
    site.pages[FEED] = rss((THIRD, ""), (FIRST, ""), (SECOND, ""))
    ran = run(feeds, "DISCOVER_FULL_FETCH_AFTER_UNCHANGED=1")
    assert f"not due yet, asked all the same: {broken}" in ran.output
    assert not any(asked.is_conditional for asked in site.asked)
    assert sorted(site.urls()) == sorted([FEED, broken, THIRD])
    assert read_state(out, f"SELECT unchanged_count, new_per_hour > 0.85 FROM endpoint WHERE url = '{FEED}'") == [(0, 1)]
    assert read_state(out, "SELECT failures, (due_us / 1000000 - unixepoch()) / 3600 FROM endpoint WHERE failures") == [(2, 1)]


def test_only_children_of_an_index_that_may_have_changed_are_asked(site: ChangingSite, run: Callable[..., Ran], tmp_path: Path) -> None:
    """Too old: never. Unchanged since it was read: not. Touched, or of today: yes. A new article in one of them is found.

    Beside it a section page, whose article is found without patterns, and which answers 304 the second time.
    """
    index, old, closed, touched, today = (f"{HOME}/{name}.xml" for name in ("index", "2019", "closed", "touched", "today"))
    day = f"{NOW:%Y-%m-%d}"

    def serve(touched_at: str) -> None:
        site.pages |= {
            index: sitemap(
                (old, "2019-12-31"), (closed, f"{NOW - timedelta(days=9):%Y-%m-%d}"), (touched, touched_at), (today, day), index=True
            ),
            old: sitemap((f"{HOME}/2019/an-old-story-of-then", "2019-12-31")),
            closed: sitemap((FIRST, f"{NOW - timedelta(days=9):%Y-%m-%d}")),
        }

    section, fourth = f"{HOME}/local", f"{HOME}/local/ferry-timetable-changes-in-winter"
    menu = "".join(f'<li><a href="/{name}">{name.title()}</a></li>' for name in ("local", "sport", "archive", "local/page/2"))
    headline = (
        f'<article><h2><a href="{fourth}">Ferry timetable changes in winter</a></h2><a href="/author/ada-berg">Ada Berg</a></article>'
    )
    sitemaps = f'sitemaps = ["{index}"]\nsections = ["{section}"]\nmax_age_days = 30'
    site.pages |= {
        touched: sitemap((SECOND, day)), today: sitemap(), fourth: article("Ferry timetable changes"),
        section: Page(f"<html><body><nav><ul>{menu}</ul></nav><main>{headline}</main></body></html>".encode()),
    }  # fmt: skip
    serve(f"{NOW - timedelta(days=5):%Y-%m-%d}")
    run(sitemaps)
    assert set(site.urls()) == {index, closed, touched, today, FIRST, SECOND, section, fourth}
    assert report(tmp_path)["endpoints"]["rejected"] == {"too_old": 1}

    serve(f"{NOW - timedelta(days=2):%Y-%m-%d}")
    site.pages[today] = sitemap((THIRD, day))
    run(sitemaps)
    assert [asked.status for asked in site.asked if asked.url == section] == [304]
    assert set(site.urls()) == {index, touched, today, THIRD, section}
    # One child by its lastmod; one that was touched and says the same, and the section, by their answers 304.
    assert report(tmp_path)["endpoints"]["rejected"] == {"too_old": 1, "unchanged": 3}
    assert len(read(tmp_path / "out", "articles")) == 4


def test_articles_older_than_the_source_s_limit_are_refused_by_whatever_date_there_is(
    site: ChangingSite, run: Callable[..., Ran], tmp_path: Path
) -> None:
    """Feed, address and page: the first two are not asked for, the third is a rejection with its reason."""
    by_feed, by_url, by_page = f"{HOME}/news/feed-knows-its-age", f"{HOME}/2019/05/03/address-knows-it", f"{HOME}/news/page-alone-knows-it"
    site.pages |= {by_page: article("The page alone knows it", published="2020-02-03T10:00:00+00:00"), by_url: article("By its address")}
    site.pages[FEED] = rss((by_feed, ago(40)), (by_url, ""), (by_page, ""), (SECOND, ago(3)), (THIRD, ago(0.1)), (FIRST, ago(3.5)))
    run(f'feeds = ["{FEED}"]\nmax_age_days = 30')
    asked = site.urls()
    assert sorted(asked) == sorted([FEED, THIRD, SECOND, FIRST, by_page])
    assert asked[-1] == by_page, "what has no date comes last"
    assert report(tmp_path)["stages"]["discover"]["rejected"] == {"too_old": 2}
    rejected = read(tmp_path / "out", "rejected")
    assert list(zip(rejected["url"], rejected["stage"], rejected["reason"], strict=True)) == [(by_page, "extract", "too_old")]


def test_articles_are_fetched_again_at_their_ages_and_only_a_changed_text_is_a_new_row(
    site: ChangingSite, run: Callable[..., Ran], tmp_path: Path
) -> None:
    """A changed page is a revision; one that answers 304, or anew with the same text, is counted; after the last age it is left alone."""
    out, feeds, ages = tmp_path / "out", f'feeds = ["{FEED}"]', "ARTICLE_REVISITS=1h,6h"
    site.pages[SECOND].has_etag = False
    site.pages[FEED] = rss((FIRST, ""), (SECOND, ""), (THIRD, ""))
    run(feeds, ages)
    assert read_state(out, "SELECT count(*), min(due_us - first_us), max(due_us - first_us) FROM revisit") == [(3, HOUR_US, HOUR_US)]
    site.urls()

    site.pages[THIRD] = article("Harbour fees rise", paragraphs=12)
    change_state(out, f"UPDATE revisit SET first_us = first_us - {2 * HOUR_US}, due_us = due_us - {2 * HOUR_US}")
    run(feeds, ages)
    assert sorted(site.urls()) == sorted([FEED, FIRST, SECOND, THIRD])
    stages = report(tmp_path)["stages"]
    assert stages["fetch"]["rejected"] == {"unchanged": 1}
    assert (stages["store"]["kept"], stages["store"]["rejected"]) == (1, {"unchanged": 1})
    articles, copies = read(out, "articles"), read(out, "copies")
    assert sorted(articles["url"]) == sorted([FIRST, SECOND, THIRD, THIRD])
    assert list(zip(copies["url"], copies["relation"], strict=True)) == [(THIRD, "revision")]
    assert "on day 11" in read(out, "corpus").set_index("url").loc[THIRD, "text"]
    assert read_state(out, "SELECT count(*), min(due_us - first_us), max(due_us - first_us) FROM revisit") == [
        (3, 6 * HOUR_US, 6 * HOUR_US)
    ]

    # The last visit: one page is gone, and that is a rejection; then nothing is left to do.
    del site.pages[FIRST]
    change_state(out, f"UPDATE revisit SET first_us = first_us - {9 * HOUR_US}, due_us = due_us - {9 * HOUR_US}")
    run(feeds, ages)
    assert sorted(site.urls()) == sorted([FEED, FIRST, SECOND, THIRD])
    assert list(read(out, "rejected")["reason"]) == ["http_404"]
    assert read_state(out, "SELECT * FROM revisit") == []
    assert len(read(out, "articles")) == 4
