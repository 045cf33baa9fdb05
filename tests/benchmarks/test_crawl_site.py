"""What the benchmark of whole crawls serves."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchmarks.crawl_site import HOST, SITEMAP_ENTRIES, Site, sitemaps_of


def test_pages_of_a_folder_are_served_in_turn_as_they_are(tmp_path: Path) -> None:
    """Packed ones unpacked; what is no page is left out."""
    (tmp_path / "a.html").write_bytes(b"<p>\xe9 first")
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(b"<p>second"))
    (tmp_path / "notes.txt").write_text("none")
    body_of = Site(4, folder=tmp_path).bodies()
    assert [body_of(number) for number in range(4)] == [b"<p>\xe9 first", b"<p>second"] * 2


def test_a_folder_without_pages_is_named(tmp_path: Path) -> None:
    """And what was expected in it."""
    with pytest.raises(SystemExit, match=rf"{tmp_path.name}: expected \*\.html or \*\.html\.gz, found none"):
        Site(1, folder=tmp_path).bodies()


def test_no_two_articles_of_the_generated_site_are_the_same() -> None:
    """Each names its own address, and is as large as was asked for."""
    body_of = Site(100, page_kb=20).bodies()
    bodies = [body_of(number) for number in range(0, 100, 9)]
    assert len(set(bodies)) == len(bodies)
    assert all(f"{HOST}/article-{9 * place}".encode() in body and len(body) > 18_000 for place, body in enumerate(bodies))


@pytest.mark.parametrize(("count", "files"), [(0, 1), (3, 1), (SITEMAP_ENTRIES, 1), (SITEMAP_ENTRIES + 1, 3)])
def test_sitemaps_name_every_article_once(count: int, files: int) -> None:
    """None has more entries than the protocol allows: what is over is not read."""
    sitemaps = sitemaps_of(count)
    named = [sitemap.count(b"<url>") for sitemap in sitemaps.values()]
    assert (len(sitemaps), sum(named)) == (files, count)
    assert max(named) <= SITEMAP_ENTRIES
    assert sitemaps["sitemap.xml"].count(b"<sitemap>") == files - 1
