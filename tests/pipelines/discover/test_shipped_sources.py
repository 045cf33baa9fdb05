"""The catalogue that ships with the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.discover import load_sources
from pipelines.discover.filter import is_on_site
from pipelines.records import Source

FOLDER = Path(__file__).resolve().parents[3] / "crawler" / "sources"


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    """Every entry; loading validates them all."""
    return load_sources(FOLDER)


def test_the_catalogue_spans_the_world(sources: list[Source]) -> None:
    """Many countries, languages and all three kinds, in use."""
    enabled = [source for source in sources if source.enabled]
    assert len(enabled) >= 400
    assert len({source.country for source in enabled}) >= 110
    assert len({source.language.partition("-")[0] for source in enabled}) >= 50
    assert {source.kind for source in enabled} == {"wire", "outlet", "syndicator"}


@pytest.mark.parametrize(
    "name", ["ap", "reuters", "afp", "dpa", "bbc", "the-guardian", "new-york-times", "al-jazeera", "financial-times", "le-monde"]
)
def test_publishers_that_refuse_are_off_and_say_why(sources: list[Source], name: str) -> None:
    """Whoever asks for one reads the reason."""
    (source,) = (source for source in sources if source.name == name)
    assert not source.enabled
    assert len(source.note.split()) >= 5


def test_every_disabled_source_says_why(sources: list[Source]) -> None:
    """A note is the least one can leave."""
    assert [source.name for source in sources if not source.enabled and not source.note] == []


def test_a_source_that_was_not_measured_lately_says_so() -> None:
    """Entries below the headline of the old scan carry the date in their note, so that a list of sources shows it."""
    for file in FOLDER.glob("*.toml"):
        _, _, old = file.read_text(encoding="utf-8").partition(
            "# --- Feeds that answered and were a day old at most in a scan of 2026-03-25"
        )
        entries = re.split(r"^# --- .*$", old, maxsplit=1, flags=re.MULTILINE)[0].split("[[source]]")[1:]
        assert [entry for entry in entries if "2026-03-25" not in entry.rpartition("note")[2]] == [], file.name


def test_a_sitemap_that_may_be_an_archive_has_a_limit_of_age(sources: list[Source]) -> None:
    """Else the first crawl of it would ask for years of articles; a news sitemap holds two days."""
    unlimited = (source for source in sources if source.enabled and source.max_age_days is None)
    assert [source.name for source in unlimited if any("news" not in url.lower() for url in source.sitemaps)] == []


def test_no_address_is_asked_by_two_sources(sources: list[Source]) -> None:
    """One site, one entry."""
    asked = [url for source in sources for url in (*source.feeds, *source.sitemaps, *source.sections)]
    assert len(asked) == len(set(asked))
    homes = [source.home for source in sources]
    assert len(homes) == len(set(homes))


def test_every_home_is_on_its_own_site(sources: list[Source]) -> None:
    """Links to it would be followed."""
    assert all(is_on_site(source.home, source) for source in sources)
