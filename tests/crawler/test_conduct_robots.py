"""robots.txt and opt-outs in real crawls of several hosts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from tests.crawler.conftest import Ran, read
from tests.crawler.odd_site import OddSite, catalogue

Crawl = Callable[..., Ran]
DAY = 86_400
SECRET = b"User-agent: *\nDisallow: /2026/11/secret\n"
HEADLINES = ("Open story of today", "Secret story of today")


def stories(site: OddSite, host: str) -> list[str]:
    """The first words of the stories that a host was asked for."""
    return [path.removeprefix("/2026/11/").partition("-")[0] for path in site.asked_of(host) if path.startswith("/2026/")]


def test_robots_txt_is_obeyed_in_every_form_and_remembered(site: OddSite, crawl: Crawl, tmp_path: Path) -> None:
    """Through redirects over hosts, with a byte order mark, beyond 500 kB, behind 403; asked once a day, and an old one stands in for a broken one. A 403
    that meant "no rules" means what the setting says now."""
    hosts = ("moved.example", "marked.example", "large.example", "locked.example", "endless.example", "inside.example", "later.example")
    for host in hosts:
        site.publish(host, *HEADLINES)
    hops = [
        "http://moved.example/robots.txt",
        *(f"http://hop-{number}.example/robots.txt" for number in range(4)),
        "http://rules.example/r.txt",
    ]
    for start, end in pairwise(hops):
        site.answers[start] = (301, {"Location": end}, b"")
    site.answers[hops[-1]] = (200, {}, SECRET)
    site.answers["http://marked.example/robots.txt"] = (200, {}, b"\xef\xbb\xbf" + SECRET)
    filler = b"# nothing to see in this line of the file\n" * 14_000
    site.answers["http://large.example/robots.txt"] = (200, {}, SECRET + filler + b"Disallow: /\n")
    site.answers["http://locked.example/robots.txt"] = (403, {}, SECRET)
    site.answers["http://endless.example/robots.txt"] = (302, {"Location": "http://endless.example/robots.txt?again"}, b"")
    site.answers["http://endless.example/robots.txt?again"] = (302, {"Location": "http://endless.example/robots.txt"}, b"")
    site.answers["http://inside.example/robots.txt"] = (302, {"Location": "http://169.254.169.254/robots.txt"}, b"")
    site.answers["http://later.example/robots.txt"] = [(503, {}, b""), (200, {}, SECRET)]
    sources = catalogue(tmp_path, *hosts)
    text = sources.read_text()
    more = '"http://later.example/feed", "http://later.example/two", "http://later.example/three", "http://later.example/four"'
    sources.write_text(text.replace('"http://later.example/feed"', more))
    for name in ("two", "three", "four"):
        site.answers[f"http://later.example/{name}"] = site.answers["http://later.example/feed"]
    options = ("-s", "RETRY_TIMES=0", "-s", "ROBOTSTXT_RETRY_SECONDS=0", "-s", "HOST_BACKOFF_SECONDS=0.1")
    ran = crawl("news", tmp_path / "out", *options, sources=sources, http_proxy=site.proxy)
    assert stories(site, "moved.example") == ["open"]
    assert stories(site, "marked.example") == ["open"]
    assert stories(site, "large.example") == ["open"]
    assert sorted(stories(site, "locked.example")) == ["open", "secret"]
    assert sorted(stories(site, "endless.example")) == ["open", "secret"]
    assert site.asked_of("inside.example") == ["/robots.txt"]
    assert "169.254.169.254 is no public address" in ran.output
    assert stories(site, "later.example") == ["open"]
    rejected = read(tmp_path / "out", "rejected")
    refused = rejected[rejected["reason"] == "robots_txt"]
    assert set(refused["url"]) == {f"http://{host}/2026/11/secret-story-of-today" for host in hosts[:3] + hosts[-1:]}
    assert not refused["is_final"].any()

    with closing(sqlite3.connect(tmp_path / "out/state/hosts.sqlite")) as memory, memory:
        memory.execute("UPDATE answer SET fetched_at = fetched_at - ? WHERE url LIKE '%marked.example%'", (2 * DAY,))
    before = len(site.asked)
    for host in hosts:
        site.publish(host, *HEADLINES, "Open story of tomorrow", "Secret story of tomorrow")
    site.answers["http://marked.example/robots.txt"] = (503, {}, b"")
    crawl("news", tmp_path / "out", *options, "-s", "ROBOTSTXT_FORBIDDEN=disallow", sources=sources, http_proxy=site.proxy)
    asked = site.asked[before:]
    assert {url for url in asked if url.endswith("/robots.txt")} == {
        f"http://{host}/robots.txt" for host in ("marked.example", "inside.example", "locked.example")
    }
    assert [url for url in asked if "locked.example" in url] == ["http://locked.example/robots.txt"]
    assert "http://marked.example/2026/11/open-story-of-tomorrow" in asked
    assert not [url for url in asked if "marked.example" in url and "secret" in url]


def test_a_crawl_delay_is_a_floor_that_autothrottle_keeps(site: OddSite, crawl: Crawl, tmp_path: Path) -> None:
    """Also one of Request-rate; a longer one than the cap is told. What publishers say of training is recorded with the article."""
    headlines = ("First story of today", "Second story of today", "Third story of today")
    for host in ("slow.example", "rated.example", "glacial.example", "plain.example"):
        site.publish(host, *headlines)
    agents = b"User-agent: GPTBot\nUser-agent: ClaudeBot\nDisallow: /2026/\n\nUser-agent: *\n"
    site.answers["http://slow.example/robots.txt"] = (200, {}, agents + b"Crawl-delay: 1.2\n")
    site.answers["http://rated.example/robots.txt"] = (200, {}, b"User-agent: *\nRequest-rate: 2/2\n")
    site.answers["http://glacial.example/robots.txt"] = (200, {}, b"User-agent: *\nCrawl-delay: 86400\n")
    reserved = [{"location": "/2026/11/first*", "tdm-reservation": 1}, {"location": "/", "tdm-reservation": 0}]
    site.answers["http://slow.example/.well-known/tdmrep.json"] = (200, {"Content-Type": "application/json"}, json.dumps(reserved).encode())
    site.answers["http://plain.example/2026/11/first-story-of-today"] = (
        200, {"tdm-reservation": "1"}, site.answers["http://plain.example/2026/11/first-story-of-today"][2],  # type: ignore[index]
    )  # fmt: skip
    options = ("-s", "AUTOTHROTTLE_ENABLED=True", "-s", "AUTOTHROTTLE_START_DELAY=0", "-s", "ROBOTSTXT_MAX_CRAWL_DELAY=1.2")
    ran = crawl("news", tmp_path / "out", *options, sources=catalogue(tmp_path, *(f"{name}.example" for name in ("slow", "rated", "glacial", "plain"))), http_proxy=site.proxy)  # fmt: skip
    for host, delay in (("slow.example", 1.2), ("rated.example", 1.0), ("glacial.example", 1.2)):
        times = site.times_of(host)
        assert len(times) == 6
        # On average: a single request may arrive late and the next one in time.
        assert times[-1] - times[0] > 5 * delay - 0.3
    assert "glacial.example: robots.txt asks for 86400 s between requests, 1.2 s are kept" in ran.output
    articles = read(tmp_path / "out", "articles").set_index("url")
    assert len(articles) == 12
    first, second = (articles.loc[f"http://slow.example/2026/11/{name}-story-of-today"] for name in ("first", "second"))
    assert (first["tdm_reserved"], second["tdm_reserved"]) == (True, False)
    assert json.loads(first["extra"])["training_refused"] == ["GPTBot", "ClaudeBot"]
    plain = [articles.loc[f"http://plain.example/2026/11/{name}-story-of-today"] for name in ("first", "second")]
    assert plain[0]["tdm_reserved"]
    assert plain[1]["tdm_reserved"] is None
    assert "training_refused" not in json.loads(plain[1]["extra"])


def test_opt_outs_are_obeyed_when_told_so(site: OddSite, crawl: Crawl, tmp_path: Path) -> None:
    """By file and robots group before a page is asked for, by header and by the page itself after; 401 for robots.txt may mean no."""
    for host in ("filed.example", "named.example", "told.example", "marked.example", "locked.example", "open.example"):
        site.publish(host, "Only story of today")
    path = "/2026/11/only-story-of-today"
    site.answers["http://filed.example/.well-known/tdmrep.json"] = (200, {}, b'[{"location": "/", "tdm-reservation": 1}]')
    site.answers["http://named.example/robots.txt"] = (200, {}, b"User-agent: CCBot\nDisallow: /2026/\n")
    body = site.answers[f"http://told.example{path}"][2]  # type: ignore[index]
    site.answers[f"http://told.example{path}"] = (200, {"TDM-Reservation": "1"}, body)
    site.answers[f"http://marked.example{path}"] = (
        200,
        {},
        body.replace(b"<title>", b'<meta name="tdm-reservation" content="1"><title>', 1),
    )
    site.answers["http://locked.example/robots.txt"] = (401, {}, b"")
    hosts = ("filed", "named", "told", "marked", "locked", "open")
    options = ("-s", "TRAINING_OPT_OUT=obey", "-s", "ROBOTSTXT_FORBIDDEN=disallow")
    crawl("news", tmp_path / "out", *options, sources=catalogue(tmp_path, *(f"{name}.example" for name in hosts)), http_proxy=site.proxy)
    assert list(read(tmp_path / "out", "articles")["source"]) == ["open"]
    rejected = read(tmp_path / "out", "rejected")
    assert set(rejected[rejected["reason"] == "opted_out"]["source"]) == {"filed", "named", "told", "marked"}
    assert path not in site.asked_of("filed.example") + site.asked_of("named.example")
    assert site.asked_of("locked.example") == ["/robots.txt"]


def test_settings_of_conduct_that_are_none_are_told(crawl: Crawl, tmp_path: Path) -> None:
    """All at once, before anything is asked."""
    settings = ("ROBOTSTXT_FORBIDDEN=perhaps", "TRAINING_OPT_OUT=no", "HOST_FAILURES_TO_REST=0")
    ran = crawl("news", tmp_path / "out", *(part for setting in settings for part in ("-s", setting)))
    assert ran.status == 1
    for setting in settings:
        assert setting.partition("=")[0] + " must be" in ran.output
