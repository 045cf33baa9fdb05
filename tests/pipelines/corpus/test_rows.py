"""Records to rows and back."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.corpus.rows import (
    DOCUMENT_COLUMNS,
    articles_from_table,
    articles_to_table,
    documents_from_table,
    from_microseconds,
    rejections_to_table,
    to_microseconds,
)
from pipelines.errors import CorpusError
from pipelines.records import Document


def test_an_article_comes_back_equal(planted: ModuleType) -> None:
    """Every column survives, also the empty and the unknown."""
    full = planted.make_article("https://a.example/1", "k1 r1")
    empty = {
        field.name: None for field in fields(full) if getattr(full, field.name) is None or field.name in ("title", "quality", "minhash")
    }
    bare = replace(full, **empty, authors=(), tags=(), provenance=(), removed=(), agencies=(), contributors=())
    assert articles_from_table(articles_to_table([full, bare])) == [full, bare]


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_time_is_kept_to_the_microsecond(moment: datetime) -> None:
    """Times become microseconds and come back exactly, before 1970 too."""
    assert from_microseconds(to_microseconds(moment)) == moment


def test_times_are_stored_in_utc(planted: ModuleType) -> None:
    """A time of another zone is the same moment when read back."""
    moment = datetime(2026, 11, 18, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    article = planted.make_article("https://a.example/1", "k1 r1", published_at=moment)
    (found,) = articles_from_table(articles_to_table([article]))
    assert found.published_at == moment
    assert found.published_at.utcoffset() == timedelta(0)


def test_a_lone_surrogate_does_not_hold_up_the_batch(planted: ModuleType) -> None:
    """What UTF-8 cannot encode is replaced; the other articles of the batch are untouched."""
    good = planted.make_article("https://a.example/1", "k1 r1")
    bad = replace(good, title="one \ud800 half", tags=("\udfff", "fine"))
    found = articles_from_table(articles_to_table([good, bad]))
    assert found == [good, replace(bad, title="one ? half", tags=("?", "fine"))]


def test_a_value_of_the_wrong_kind_names_the_column(planted: ModuleType) -> None:
    """A hash of 3 bytes is refused with column, expected type and what was found."""
    article = planted.make_article("https://a.example/1", "k1 r1", text_sha256=b"abc")
    with pytest.raises(CorpusError, match=r"column text_sha256: expected fixed_size_binary\[32\], .*3"):
        articles_to_table([article])


def test_a_document_holds_what_the_article_says(planted: ModuleType) -> None:
    """Dedup gets every field of Document from the row."""
    article = planted.make_article("https://a.example/1", "k1 r1")
    (document,) = documents_from_table(articles_to_table([article]).select(DOCUMENT_COLUMNS))
    assert document == Document(**{name: getattr(article, name) for name in DOCUMENT_COLUMNS})


def test_a_rejection_keeps_reason_and_detail(planted: ModuleType) -> None:
    """A row of ``rejected/`` says what the stage said."""
    (row,) = rejections_to_table([planted.reject("https://a.example/2", detail="12 words", is_final=False)]).to_pylist()
    assert (row["reason"], row["detail"], row["is_final"], row["fetched_at"]) == ("too_short", "12 words", False, planted.NOON)
