"""The records that travel between the stages."""

from __future__ import annotations

import pickle
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from pipelines.records import Article, Block, Discovered, Document, Draft, FetchedPage, Rejection, make_article_id

NOW = datetime(2024, 5, 6, tzinfo=UTC)


def test_an_article_s_id_is_the_same_on_every_machine() -> None:
    """Ids are on disk: this value may only change with the schema."""
    assert make_article_id("https://daily.example/a", bytes(32)) == "7068d9b5da89b9d9e837e7dc7912d972"


@pytest.mark.parametrize(
    ("url", "digest"),
    [
        pytest.param("https://daily.example/b", bytes(32), id="another address"),
        pytest.param("https://daily.example/a", bytes(31) + b"\1", id="another text"),
        pytest.param("https://daily.example/\udce9", bytes(32), id="an address with a lone surrogate"),
    ],
)
def test_another_address_or_text_is_another_article(url: str, digest: bytes) -> None:
    """Both go into the id; no address breaks it."""
    assert make_article_id(url, digest) != make_article_id("https://daily.example/a", bytes(32))
    assert len(make_article_id(url, digest)) == 32


@pytest.mark.parametrize(
    "record",
    [
        FetchedPage(url="https://daily.example/a", body=b"<p>", encoding=None, fetched_at=NOW, source="daily"),
        Rejection(url="https://daily.example/a", stage="fetch", reason="timeout", is_final=False),
        Discovered(url="https://daily.example/a", found_in="https://daily.example/rss", channel="feed", published_at=NOW),
    ],
    ids=lambda record: type(record).__name__,
)
def test_records_travel_to_a_worker_and_back(record: object) -> None:
    """They pickle, and compare by value."""
    assert pickle.loads(pickle.dumps(record)) == record


def test_a_page_s_body_is_not_logged() -> None:
    """Scrapy logs items whole: a body of megabytes must not be in their repr."""
    page = FetchedPage(url="https://daily.example/a", body=b"secret", encoding=None, fetched_at=NOW, source="daily")
    assert "secret" not in repr(page)
    assert "https://daily.example/a" in repr(page)


def test_a_draft_s_text_is_its_blocks_parted_by_one_blank_line() -> None:
    """No block, no text."""
    draft = Draft(url="", canonical_url=None, title=None, standfirst=None, blocks=(Block(text="One."), Block(text="Two.", kind="quote")))
    assert draft.text == "One.\n\nTwo."
    assert Draft(url="", canonical_url=None, title=None, standfirst=None, blocks=()).text == ""


def test_dedup_s_documents_are_made_of_an_article_s_columns() -> None:
    """Every field of a Document has the name and type of an Article's."""
    columns = {field.name: field.type for field in fields(Article)}
    assert {field.name for field in fields(Document)} <= columns.keys()
    nullable = {"url", "host"}
    assert [field.name for field in fields(Document) if field.name not in nullable and field.type != columns[field.name]] == []
