"""The columns: as documented, and of types that every reader knows."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.corpus import ARTICLES, COPIES, CORPUS, SCHEMAS
from pipelines.corpus.schema import check_file, describe_file, read_description
from pipelines.errors import StoreDamaged, StoreVersion
from pipelines.records import Article, Rejection

COLUMNS_PAGE = Path(__file__).parents[3] / "docs" / "columns.md"


def documented_columns() -> dict[str, list[tuple[str, str]]]:
    """{dataset: [(column, type)]} as the tables of docs/columns.md say."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in COLUMNS_PAGE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## `(\w+)/`", line):
            found[heading[1]] = []
        elif row := re.match(r"\| `(\w+)` \| ([^|]+) \|", line):
            found[next(reversed(found))].append((row[1], row[2].strip().strip("`")))
    return found


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_every_column_is_documented_in_order(dataset: str) -> None:
    """docs/columns.md names each column of each dataset with its type, in the order of the file."""
    assert documented_columns()[dataset] == [(field.name, str(field.type).replace("item: ", "")) for field in SCHEMAS[dataset]]  # type: ignore[index]


def test_the_log_has_one_column_per_article_field() -> None:
    """A row of ``articles/`` is an Article, and a corpus row has the story beside it."""
    assert ARTICLES.names == [field.name for field in fields(Article)]
    assert CORPUS.names == [*ARTICLES.names, "story_id"]


def test_rejected_rows_hold_every_field_of_a_rejection() -> None:
    """Nothing that a stage said of a page is lost."""
    assert {field.name for field in fields(Rejection)} | {"schema_version"} == set(SCHEMAS["rejected"].names)


def leaf_types(kind: pa.DataType) -> list[pa.DataType]:
    children = [kind.field(index).type for index in range(kind.num_fields)]
    return [kind, *(leaf for child in children for leaf in leaf_types(child))]


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_no_column_has_a_type_that_a_reader_refuses(dataset: str) -> None:
    """No dictionary, map, nanoseconds or unsigned integer; all columns nullable; the partition key is no column."""
    schema = SCHEMAS[dataset]  # type: ignore[index]
    for kind in (leaf for field in schema for leaf in leaf_types(field.type)):
        assert not pa.types.is_dictionary(kind)
        assert not pa.types.is_map(kind)
        assert not pa.types.is_unsigned_integer(kind)
        assert not pa.types.is_timestamp(kind) or (kind.unit, kind.tz) == ("us", "UTC")
    assert all(field.nullable for field in schema)
    assert "crawl_date" not in schema.names


def test_a_file_says_how_it_was_made() -> None:
    """Dataset, schema version, stage parameters and merged parts stand in the file's metadata."""
    schema = COPIES.with_metadata(describe_file("copies", {"minhash": {"num_perm": 128}}))
    assert read_description(schema) == {
        "dataset": "copies",
        "schema_version": 1,
        "parameters": {"minhash": {"num_perm": 128}},
        "merges": [],
    }
    check_file("x.parquet", schema, "copies")


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        pytest.param(COPIES, "without one", id="no metadata"),
        pytest.param(COPIES.with_metadata({"copydesk": "{"}), "without one", id="broken metadata"),
        pytest.param(COPIES.with_metadata({"copydesk": '{"schema_version": 2}'}), "found 2", id="a later version"),
    ],
)
def test_a_file_of_another_making_is_refused(schema: pa.Schema, found: str) -> None:
    """The message names the file and what was found."""
    with pytest.raises(StoreVersion, match=rf"^day/part\.parquet: expected .*{found}"):
        check_file("day/part.parquet", schema, "copies")


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        pytest.param(CORPUS.with_metadata(describe_file("copies", {})), "canonical_url", id="columns of another dataset"),
        pytest.param(
            COPIES.with_metadata({**describe_file("copies", {"seed": 1}), b"copydesk": describe_file("copies", {"seed": 3})[b"copydesk"]}),
            '"seed": 3',
            id="a description that is not the one written",
        ),
    ],
)
def test_a_file_that_was_changed_is_damaged(schema: pa.Schema, found: str) -> None:
    """It bears our version, so no release wrote it as it is."""
    with pytest.raises(StoreDamaged, match=rf"^day/part\.parquet: expected .*{found}"):
        check_file("day/part.parquet", schema, "copies")
