"""A newsroom of made-up words: texts that share nothing by chance, and a desk that folds them as the store does."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.dedup import DedupParameters, Fold, StoryIndex
from pipelines.records import Document, Membership

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


class Desk:
    """A story index with the part of the store that it needs: a connection, transactions, and the standing of every article."""

    def __init__(
        self,
        folder: Path,
        *,
        parameters: DedupParameters | None = None,
        agency_hosts: dict[str, str] | None = None,
        keep_days: float | None = None,
    ) -> None:
        self.folder = folder
        self.parameters = parameters or DedupParameters()
        self.agency_hosts = agency_hosts
        self.keep_days = keep_days
        self.standing: dict[str, Membership] = {}
        self.log: dict[str, Document] = {}
        self.recalled = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.open()

    def open(self) -> None:
        self.connection = sqlite3.connect(self.folder / "copydesk.sqlite", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
        self.connection.execute("PRAGMA synchronous = OFF").fetchall()
        self.index = StoryIndex(
            self.connection,
            self.folder / "index",
            parameters=self.parameters,
            agency_hosts=self.agency_hosts,
            read_documents=self.read_documents,
            keep_shingles_days=self.keep_days,
        )

    def read_documents(self, article_ids: Sequence[str]) -> Iterator[list[Document]]:
        """What the store reads from the log."""
        self.recalled += len(article_ids)
        for article_id in article_ids:
            yield [self.log[article_id]]

    def close(self) -> None:
        self.connection.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    def fold(self, documents: Sequence[Document], moved: Sequence[Document] = ()) -> Fold:
        self.index.refresh()
        fold = self.index.prepare(documents, moved)
        self.commit(fold)
        self.log.update((document.article_id, document) for document in (*documents, *moved))
        return fold

    def commit(self, fold: Fold) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.index.write(fold)
        self.connection.execute("COMMIT")
        self.index.finish(fold)
        assert len({membership.article_id for membership in fold.memberships}) == len(fold.memberships)
        self.standing.update((membership.article_id, membership) for membership in fold.memberships)

    def settle(self, limit: int = 5000) -> int:
        steps = 0
        while (fold := self.index.prepare_settle(limit)) is not None:
            self.commit(fold)
            steps += 1
        return steps

    def stories(self) -> set[frozenset[str]]:
        """The articles of each story."""
        groups: dict[str, set[str]] = {}
        for article_id, membership in self.standing.items():
            groups.setdefault(membership.story_id, set()).add(article_id)
        return {frozenset(group) for group in groups.values()}

    def kept_texts(self) -> set[int]:
        """The texts whose shingles are kept."""
        return {text for (text,) in self.connection.execute("SELECT text FROM dedup_shingles")}

    def run_files(self) -> set[str]:
        return {path.name for path in (self.folder / "index").iterdir()}


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open a desk in a folder of its own, or in the folder of that name."""
    desks: list[Desk] = []

    def opened(name: str = "", **options: Any) -> Desk:
        desks.append(Desk(tmp_path / (name or f"desk{len(desks)}"), **options))
        return desks[-1]

    yield opened
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A desk with an empty index."""
    return open_desk()


@pytest.fixture(scope="session")
def write() -> Callable[..., str]:
    """Write so many made-up words on a subject; the same subject gives the same words."""

    def text(subject: object, words: int = 120) -> str:
        draw = random.Random(f"subject {subject}")
        return " ".join("".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(words))

    return text


@pytest.fixture(scope="session")
def document() -> Callable[..., Document]:
    """Make a document; its URL follows from source and id, and it was fetched at noon plus some minutes."""

    def make(article_id: str, text: str, *, source: str = "gazette", minutes: float = 0, **facts: Any) -> Document:
        facts.setdefault("url", f"https://{source}.example/{article_id}")
        facts.setdefault("fetched_at", NOON + timedelta(minutes=minutes))
        return Document(article_id=article_id, text=text, source=source, host=f"{source}.example", **facts)

    return make
