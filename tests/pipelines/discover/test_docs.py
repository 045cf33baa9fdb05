"""What ``docs/add_a_source.md`` shows is true."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from pathlib import Path

import pytest

from pipelines.discover import load_sources
from pipelines.errors import SourceError
from pipelines.records import Source

DOC = (Path(__file__).resolve().parents[3] / "docs" / "add_a_source.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first code block in this language."""
    found = re.search(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    assert found
    return found[1]


def test_the_entry_of_the_docs_is_sound(tmp_path: Path) -> None:
    """It can be copied as it stands."""
    (tmp_path / "my.toml").write_text(block("toml"), encoding="utf-8")
    assert [source.name for source in load_sources(tmp_path / "my.toml")] == ["daily-gazette"]


def test_the_errors_of_the_docs_are_what_one_reads(tmp_path: Path) -> None:
    """Word for word."""
    (tmp_path / "my.toml").write_text(block("toml").replace("feeds =", "feed =").replace('"GB"', '"UK"'), encoding="utf-8")
    with pytest.raises(SourceError) as raised:
        load_sources(tmp_path / "my.toml")
    assert str(raised.value) == block("text").strip()


def test_the_docs_explain_every_field() -> None:
    """And none that there is not."""
    rows = re.findall(r"^\| `(\w+)` \|", DOC.partition("## 2.")[0], re.MULTILINE)
    assert rows == [field.name for field in dataclasses.fields(Source)]


def test_the_docs_count_the_catalogue_as_it_is() -> None:
    """By file, in the table; and in all."""
    folder = Path(__file__).resolve().parents[3] / "crawler" / "sources"
    sources = load_sources(folder)
    enabled = [source for source in sources if source.enabled]
    kinds = Counter(source.kind for source in enabled)
    assert (
        f"{len(sources)} sources, {len(enabled)} of them enabled ({kinds['outlet']} outlets, {kinds['wire']} wires, {kinds['syndicator']} syndicators) "
        f"in {len({source.country for source in enabled})} countries and {len({source.language for source in enabled})} languages"
    ) in " ".join(DOC.split())
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \| (\d+) \|$", DOC, re.MULTILINE)
    files = ("africa", "americas", "asia_pacific", "europe", "wire", "syndicators")
    for row, name in zip(rows, files, strict=True):
        listed = [source for source in load_sources(folder / f"{name}.toml") if source.enabled]
        told = (len(listed), len({source.country for source in listed}), len({source.language for source in listed}))
        assert tuple(map(int, row[1:])) == told, row[0]
