"""``scrapy sources``: the catalogue, its health, and proposals, as a user types them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from crawler.commands.sources import Command, print_summary
from pipelines.discover import load_sources
from pipelines.records import Source
from tests.crawler.conftest import Ran
from tests.crawler.site import ChangingSite, Page, rss, sitemap

Scrapy = Callable[..., Ran]
HOST = "http://www.gazette.example"
NOW = datetime.now(UTC)
RECENT = format_datetime(NOW - timedelta(hours=5))
STORY, OTHER, THIRD = (
    f"{HOST}/local/{slug}" for slug in ("council-votes-on-the-bridge", "library-opens-again-soon", "harbour-fees-rise-again")
)
HOME_PAGE = f"""<!doctype html><html lang="en-gb"><head><meta property="og:site_name" content="Harbour Gazette">
<link rel="alternate" type="application/rss+xml" href="/old-feed"><link rel="alternate" type="application/rss+xml" href="/closed-feed">
<link rel="alternate" type="application/rss+xml" href="http://169.254.169.254/latest/feed"></head>
<body><nav><a href="/local">Local</a><a href="/sport">Sport</a></nav><main><h2><a href="{STORY}">Council votes on the bridge</a></h2></main></body></html>"""


@pytest.fixture
def site() -> Iterator[ChangingSite]:
    with ChangingSite.serve() as site:
        yield site


@pytest.fixture
def sources(scrapy: Scrapy, site: ChangingSite) -> Scrapy:
    """Run ``scrapy sources …`` with the site as the only network."""
    return lambda *args: scrapy("sources", *args, "-s", "DOWNLOAD_DELAY=0", "-s", "RETRY_TIMES=0", http_proxy=site.proxy)


def test_a_home_page_gives_an_entry_that_the_catalogue_reads(site: ChangingSite, sources: Scrapy, tmp_path: Path) -> None:
    """What is alive is proposed where it is now; what robots.txt or the guard forbids is not asked; nothing else is printed."""
    moved = {"Location": f"{HOST}/feed.xml"}
    site.pages |= {
        f"{HOST}/": Page(HOME_PAGE.encode()),
        f"{HOST}/robots.txt": Page(
            f"User-agent: *\nDisallow: /closed-feed\nSitemap: {HOST}/archive.xml\nSitemap: {HOST}/news.xml\n".encode(), "text/plain"
        ),
        f"{HOST}/old-feed": Page(b"", status=301, headers=moved),
        f"{HOST}/feed.xml": rss((STORY, RECENT), (OTHER, RECENT), ("http://ads.example/offer", "")),
        f"{HOST}/news.xml": sitemap((STORY, NOW.isoformat()), (THIRD, NOW.isoformat())),
        f"{HOST}/archive.xml": sitemap((f"{HOST}/archive-2019.xml", "2019-12-31"), index=True),
        f"{HOST}/archive-2019.xml": sitemap((f"{HOST}/2019/a-story-of-then", "2019-12-31")),
    }
    found = sources("discover", f"{HOST}/")
    assert found.status == 0, found.output
    (tmp_path / "found.toml").write_text(found.output, encoding="utf-8")
    (entry,) = load_sources(tmp_path / "found.toml")
    assert (entry.name, entry.home, entry.language, entry.country) == ("harbour-gazette", f"{HOST}/", "en-GB", "GB")
    assert (entry.feeds, entry.sitemaps, entry.sections) == ((f"{HOST}/feed.xml",), (f"{HOST}/news.xml",), ())
    assert (
        f"# feed {HOST}/old-feed: alive, 2 articles, the newest 5 h old, moved to {HOST}/feed.xml (turned away: 1 offsite)" in found.output
    )
    assert f"# feed {HOST}/closed-feed: blocked, 0 articles (robots_txt" in found.output
    asked = site.urls()
    assert {f"{HOST}/closed-feed", "http://169.254.169.254/latest/feed", STORY}.isdisjoint(asked)
    assert f"{HOST}/archive-2019.xml" in asked


def test_a_private_address_is_never_asked(site: ChangingSite, sources: Scrapy) -> None:
    """Exit status 1 with the reason."""
    ran = sources("discover", "http://10.0.0.1/")
    assert (ran.status, site.urls()) == (1, [])
    assert "http://10.0.0.1/: its home page could not be read: forbidden_address" in ran.output


def test_the_health_of_every_source_is_told(site: ChangingSite, sources: Scrapy, tmp_path: Path) -> None:
    """Alive, moved, empty, blocked by status or robots.txt, broken; 1 while one of them yields nothing."""
    names = ("alive", "empty", "forbidden", "ruled-out", "gone")
    entry = '[[source]]\nname = "{name}"\nkind = "outlet"\nhome = "http://{name}.example/"\nfeeds = ["http://{name}.example/feed"]\n'
    (tmp_path / "five.toml").write_text("".join(entry.format(name=name) for name in names) + 'sections = ["http://gone.example/local"]\n')
    site.pages |= {
        "http://alive.example/feed": Page(b"", status=308, headers={"Location": "http://alive.example/rss"}),
        "http://alive.example/rss": rss(("http://alive.example/a-story-of-today", RECENT)),
        "http://empty.example/feed": rss(),
        "http://forbidden.example/feed": Page(b"no", status=403),
        "http://ruled-out.example/robots.txt": Page(b"User-agent: *\nDisallow: /\n", "text/plain"),
        "http://ruled-out.example/feed": rss(("http://ruled-out.example/a-story-of-today", RECENT)),
    }
    ran = sources("check", "--json", "-s", f"SOURCES={tmp_path / 'five.toml'}")
    assert ran.status == 1
    found: dict[str, Any] = {source["name"]: source for source in json.loads(ran.output)["sources"]}
    assert {name: found[name]["status"] for name in names} == {
        "alive": "alive", "empty": "empty", "forbidden": "blocked", "ruled-out": "blocked", "gone": "broken",
    }  # fmt: skip
    (alive,) = found["alive"]["endpoints"]
    assert (alive["entries"], alive["moved_to"], alive["is_slow"]) == (1, "http://alive.example/rss", False)
    assert NOW - datetime.fromisoformat(alive["newest_at"]) == pytest.approx(timedelta(hours=5), abs=timedelta(seconds=2))
    assert [endpoint["channel"] for endpoint in found["gone"]["endpoints"]] == ["feed", "section"]
    assert "http://ruled-out.example/feed" not in site.urls()

    ran = sources("check", "alive", "-s", f"SOURCES={tmp_path / 'five.toml'}")
    assert ran.status == 0, ran.output
    assert "1 sources: 1 alive" in ran.output


def test_the_catalogue_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Kinds, countries and languages of what is enabled."""
    entries = (("a", "outlet", "DE", True), ("b", "outlet", "DE", True), ("c", "wire", "FR", True), ("d", "wire", "IT", False))
    print_summary([Source(name=n, kind=k, home="", country=c, language="de", enabled=e) for n, k, c, e in entries])  # type: ignore[arg-type]
    assert capsys.readouterr().out.splitlines() == [
        "2 kinds: outlet 2, wire 1", "2 countries: DE 2, FR 1", "1 languages: de 3", "4 sources, 3 enabled",
    ]  # fmt: skip


@pytest.mark.parametrize("args", [[], ["list", "all"], ["discover"], ["check", "--summary"], ["discover", "http://a.example/", "--json"]])
def test_wrong_usage_says_what_there_is(args: list[str]) -> None:
    """Before anything is read or asked."""
    command = Command()
    command.settings = Settings()
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    options, rest = parser.parse_known_args(args)
    with pytest.raises(UsageError, match="scrapy sources check"):
        command.run(rest, options)
