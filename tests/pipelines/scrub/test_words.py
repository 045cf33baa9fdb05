"""The word lists are sound: one file a language, every entry where the code reads it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.scrub import rules

WORDS = sorted((Path(rules.__file__).parent / "words").glob("*.toml"))
REASONS = {entry["name"] for entry in rules.load("rules.toml")["reason"]}
LISTS = {"labels", "weak", "opens", "starts", "needs", "lines", "counted"}

languages = pytest.mark.parametrize("path", WORDS, ids=[path.stem for path in WORDS])


def test_the_languages_of_the_catalogue_are_there() -> None:
    """At least these have words of their own."""
    assert {path.stem for path in WORDS} >= set("en de fr es pt it nl pl sv da no fi tr ja zh ar".split())


@languages
def test_a_language_says_where_its_words_come_from(path: Path) -> None:
    """In its first line."""
    assert "Origin:" in path.read_text("utf-8").splitlines()[0]


@languages
def test_every_list_is_one_that_is_read(path: Path) -> None:
    """A misspelt reason or list would do nothing, in silence."""
    lists = tomllib.loads(path.read_text("utf-8"))
    assert set(lists) <= REASONS | {"tail", "origin"}
    assert set(lists.pop("tail")) <= {"headings", "inline", "opens"}
    assert set(lists.pop("origin")) == {"words"}
    for reason, entries in lists.items():
        assert set(entries) <= LISTS, reason
        assert ("starts" in entries) == ("needs" in entries), f"{reason}: starts and needs go together"


@languages
def test_every_entry_is_written_as_it_is_compared(path: Path) -> None:
    """Lower case, straight apostrophes, no space at the ends but for the needs, no entry twice in a list."""
    for reason, entries in tomllib.loads(path.read_text("utf-8")).items():
        for name, words in entries.items():
            assert words == [rules.fold(word) for word in words], (reason, name)
            assert name == "needs" or words == [word.strip() for word in words], (reason, name)
            assert len(words) == len(set(words)), (reason, name)
            assert all(words), (reason, name)


@languages
def test_a_phrase_has_something_to_be_found_by(path: Path) -> None:
    """Phrases are looked up by their first word, or their first character where words are not parted."""
    for entries in tomllib.loads(path.read_text("utf-8")).values():
        assert all(rules.first_key(phrase) for name in ("labels", "weak", "opens", "starts") for phrase in entries.get(name, ()))
