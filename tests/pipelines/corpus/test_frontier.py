"""What the store knows of URLs, feeds and sitemaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import ModuleType

import pytest

from pipelines.corpus import Store
from pipelines.corpus.frontier import MAX_TRIES
from pipelines.records import Endpoint, Revisit

HOUR = timedelta(hours=1)
URL = "https://gazette.example/story"


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()


def is_known(store: Store, planted: ModuleType, url: str, after: timedelta = timedelta()) -> bool:
    return store.known_urls([url], now=planted.NOON + after) == {url}


@pytest.mark.parametrize(
    ("url", "known"),
    [
        pytest.param("https://gazette.example/story?id=12345", True, id="its own URL"),
        pytest.param("https://gazette.example/story?id=12345&utm_source=feed#top", True, id="with tracking and fragment"),
        pytest.param("https://gazette.example/asked", True, id="the URL that was asked for"),
        pytest.param("https://www.gazette.example/canonical", True, id="canonical on the same site"),
        pytest.param("https://gazette.example/other", False, id="another page"),
        pytest.param("mailto:desk@gazette.example", False, id="no web address"),
    ],
)
def test_an_article_makes_its_urls_known(store: Store, planted: ModuleType, url: str, known: bool) -> None:
    """Known are the final, the requested and the canonical URL, however they are decorated."""
    article = planted.make_article(URL + "?id=12345", "k1 r1", canonical_url="https://www.gazette.example/canonical")
    assert not is_known(store, planted, url)
    store.commit(store.freeze([article]))
    assert is_known(store, planted, url) is known


def test_a_canonical_on_another_site_stays_unknown(store: Store, planted: ModuleType) -> None:
    """It says syndication: the original is still to be fetched."""
    store.commit(store.freeze([planted.make_article(URL, "k1 r1", canonical_url="https://wire.example/original")]))
    assert not is_known(store, planted, "https://wire.example/original")


def test_the_urls_asked_are_the_urls_answered(store: Store, planted: ModuleType) -> None:
    """The answer holds the strings of the question, also when two mean one page."""
    store.commit(store.freeze([planted.make_article(URL, "k1 r1")]))
    asked = [URL, URL + "#comments", "https://gazette.example/new"]
    assert store.known_urls(asked, now=planted.NOON) == set(asked[:2])


def test_a_final_rejection_is_known_for_good(store: Store, planted: ModuleType) -> None:
    """A page that is no article is not fetched again; neither is the URL that led to it."""
    store.commit(store.freeze([], [planted.reject(URL, requested_url="https://gazette.example/short")]))
    assert is_known(store, planted, URL, 1000 * HOUR)
    assert is_known(store, planted, "https://gazette.example/short", 1000 * HOUR)
    assert store.due_retries("gazette", now=planted.NOON + 1000 * HOUR) == []


@pytest.mark.parametrize(
    ("failures", "hours"),
    [(1, 1), (2, 2), (3, 4), (7, 64), (8, 128), (9, 168)],
    ids=lambda value: str(value),
)
def test_a_failed_url_waits_twice_as_long_each_time(store: Store, planted: ModuleType, failures: int, hours: int) -> None:
    """One hour, doubling, at most a week."""
    times = [planted.NOON - timedelta(days=failures - number) for number in range(1, failures + 1)]
    for tried_at in times:
        store.commit(store.freeze([], [planted.reject(URL, is_final=False, reason="http_503", fetched_at=tried_at)]))
    assert is_known(store, planted, URL, hours * HOUR - timedelta(seconds=1))
    assert store.due_retries("gazette", now=planted.NOON + hours * HOUR - timedelta(seconds=1)) == []
    assert not is_known(store, planted, URL, hours * HOUR)
    assert store.due_retries("gazette", now=planted.NOON + hours * HOUR) == [URL]


def test_a_url_that_fails_for_weeks_is_given_up(store: Store, planted: ModuleType) -> None:
    """After MAX_TRIES it is known and asked for no more; forgetting it asks again."""
    for number in range(MAX_TRIES):
        assert not is_known(store, planted, URL, number * 168 * HOUR)
        store.commit(store.freeze([], [planted.reject(URL, is_final=False, fetched_at=planted.NOON + number * 168 * HOUR)]))
    assert is_known(store, planted, URL, 10_000 * HOUR)
    assert store.due_retries("gazette", now=planted.NOON + 10_000 * HOUR) == []
    store.forget_url(URL)
    assert not is_known(store, planted, URL)


def test_a_failure_told_twice_counts_once(store: Store, planted: ModuleType) -> None:
    """Committing a batch again, or an older failure late, leaves the back-off as it is."""
    batch = store.freeze([], [planted.reject(URL, is_final=False)])
    for _ in range(3):
        store.commit(batch)
    store.commit(store.freeze([], [planted.reject(URL, is_final=False, fetched_at=planted.NOON - HOUR)]))
    assert store.due_retries("gazette", now=planted.NOON + HOUR) == [URL]


def test_a_retry_asks_for_what_was_asked_first(store: Store, planted: ModuleType) -> None:
    """When the page behind a redirect failed, the redirect is followed anew; sources are kept apart."""
    failed = planted.reject("https://gazette.example/behind", requested_url=URL, is_final=False)
    store.commit(store.freeze([], [failed, planted.reject("https://b.example/1", source="other", is_final=False)]))
    assert store.due_retries("gazette", now=planted.NOON + HOUR) == [URL]
    assert store.due_retries("gazette", now=planted.NOON + HOUR, limit=0) == []


@pytest.mark.parametrize("order", ["failed first", "failed last"])
def test_a_url_that_became_an_article_is_not_retried(store: Store, planted: ModuleType, order: str) -> None:
    """Committed outweighs failed, whichever the store hears first."""
    batches = [store.freeze([], [planted.reject(URL, is_final=False)]), store.freeze([planted.make_article(URL, "k1 r1")])]
    for batch in batches if order == "failed first" else reversed(batches):
        store.commit(batch)
    assert store.due_retries("gazette", now=planted.NOON + 9 * HOUR) == []
    assert is_known(store, planted, URL, 9 * HOUR)


def test_a_rejected_url_may_become_an_article(store: Store, planted: ModuleType) -> None:
    """Then it is counted once."""
    store.commit(store.freeze([], [planted.reject(URL)]))
    store.commit(store.freeze([planted.make_article(URL, "k1 r1", extra=None)]))
    assert store.counts().urls == 1


def test_a_forgotten_url_is_unknown(store: Store, planted: ModuleType) -> None:
    """Forgetting says whether there was something to forget."""
    store.commit(store.freeze([planted.make_article(URL, "k1 r1")], [planted.reject("https://b.example/1", is_final=False)]))
    assert store.forget_url(URL + "#top")
    assert store.forget_url("https://b.example/1")
    assert not store.forget_url(URL)
    assert not store.forget_url("no web address")
    assert store.known_urls([URL, "https://b.example/1"], now=planted.NOON) == set()


@pytest.mark.parametrize(
    "name", [URL, "https://gazette.example/asked", "https://www.gazette.example/canonical"], ids=["its own URL", "asked for", "canonical"]
)
def test_forgetting_one_name_of_a_page_forgets_all(store: Store, planted: ModuleType, name: str) -> None:
    """The next crawl of its source asks for it as the last one did, whatever its feed says; the log keeps the article."""
    article = planted.make_article(URL, "k1 r1", canonical_url="https://www.gazette.example/canonical")
    other = planted.make_article("https://gazette.example/else", "k2 r1", extra=None)
    store.commit(store.freeze([article, other]))
    store.finish()
    assert store.forget_url(name)
    assert not any(is_known(store, planted, url) for url in (URL, "https://gazette.example/asked", "https://www.gazette.example/canonical"))
    assert is_known(store, planted, other.url)
    assert store.due_retries("gazette", now=planted.NOON) == ["https://gazette.example/asked"]
    assert (store.counts().articles, store.verify()) == (2, [])
    store.commit(store.freeze([article]))
    assert is_known(store, planted, URL)
    assert store.due_retries("gazette", now=planted.NOON) == []


def test_a_forgotten_rejection_that_fails_again_waits_as_a_new_one(store: Store, planted: ModuleType) -> None:
    """One hour, as after a first failure."""
    store.commit(store.freeze([], [planted.reject(URL)]))
    assert store.forget_url(URL)
    assert store.due_retries("gazette", now=planted.NOON) == [URL]
    store.commit(store.freeze([], [planted.reject(URL, is_final=False)]))
    assert is_known(store, planted, URL, HOUR - timedelta(seconds=1))
    assert store.due_retries("gazette", now=planted.NOON + HOUR) == [URL]


def test_an_endpoint_is_kept_as_told_last(store: Store, planted: ModuleType) -> None:
    """ETag, Last-Modified, time and count survive; a later word replaces an earlier one."""
    first = Endpoint(
        url="https://gazette.example/feed?a=1&b", etag='W/"1"', last_modified="Wed, 18 Nov", fetched_at=planted.NOON, asked_at=planted.NOON,
        new_per_hour=1.5, failures=2, due_at=planted.NOON + timedelta(hours=3), lastmod=planted.NOON - timedelta(days=3),
    )  # fmt: skip
    later = replace(first, etag=None, unchanged_count=3)
    bare = Endpoint(url="https://gazette.example/map.xml")
    store.commit(store.freeze([]), endpoints=[first, bare])
    assert store.endpoint(first.url) == first
    store.commit(store.freeze([]), endpoints=[later])
    assert (store.endpoint(first.url), store.endpoint(bare.url)) == (later, bare)
    assert store.endpoint("https://gazette.example/never") is None
    assert store.endpoints([first.url, bare.url, "https://gazette.example/never"]) == {first.url: later, bare.url: bare}


def test_articles_to_fetch_again_come_back_when_they_are_due(store: Store, planted: ModuleType) -> None:
    """By source, the longest due first; an article without a further date is forgotten, and so is a forgotten URL."""
    hour = timedelta(hours=1)
    first, second, third = (
        Revisit(
            url=f"https://a.example/{number}", source="a", text_sha256=bytes([number]) * 32, first_fetched_at=planted.NOON,
            due_at=planted.NOON + number * hour, etag=f'"{number}"', last_modified=None,
        )
        for number in (1, 2, 3)
    )  # fmt: skip
    store.commit(store.freeze([]), revisits=[third, second, first])
    assert store.due_revisits("a", now=planted.NOON + 2 * hour) == [first, second]
    assert store.due_revisits("b", now=planted.NOON + 9 * hour) == []
    store.commit(store.freeze([]), revisits=[replace(first, due_at=None), replace(second, due_at=planted.NOON + 6 * hour)])
    assert store.forget_url(third.url)
    assert [item.url for item in store.due_revisits("a", now=planted.NOON + 9 * hour)] == [second.url]


def test_many_urls_are_asked_at_once(store: Store, planted: ModuleType) -> None:
    """More URLs than one SQLite query takes."""
    articles = [planted.make_article(f"https://a.example/{number}", "k1 r1", extra=None) for number in range(0, 3000, 3)]
    store.commit(store.freeze(articles))
    asked = [f"https://a.example/{number}" for number in range(3000)]
    assert store.known_urls(asked, now=planted.NOON) == set(asked[::3])
