"""The state file: how it is opened, versioned and replaced."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.corpus import Store
from pipelines.corpus.frontier import load_endpoints
from pipelines.corpus.state import STATE_VERSION, SharedConnection, open_state
from pipelines.errors import CorpusError, StoreVersion
from pipelines.sqlite import transaction


def test_the_state_is_durable_and_patient(tmp_path: Path) -> None:
    """WAL, synchronous=FULL, 30 s of patience and large pages."""
    with contextlib.closing(open_state(tmp_path / "state.sqlite", cache_kib=1024)) as connection:
        told = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "page_size")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000, "page_size": 16_384}


def test_state_of_another_version_is_refused(out: Path, open_store: Callable[..., Store]) -> None:
    """The message names the file, the version expected and the one found; the file is left alone."""
    open_store().close()
    path = out / "state" / "copydesk.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=7")
    with pytest.raises(StoreVersion, match=rf"{path}: expected state of version {STATE_VERSION}, found version 7"):
        open_store()
    assert [name.name for name in path.parent.glob("*.corrupt-*")] == []


def test_state_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """What it knew of feeds stays; what it did not know yet is empty."""
    path = tmp_path / "state.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE endpoint(url TEXT PRIMARY KEY, etag TEXT, last_modified TEXT, fetched_us INTEGER, unchanged_count INTEGER NOT NULL) "
            "WITHOUT ROWID; INSERT INTO endpoint VALUES ('http://a.example/feed', '\"1\"', NULL, NULL, 4); PRAGMA user_version=1"
        )
    for _ in range(2):
        with contextlib.closing(open_state(path, cache_kib=1024)) as connection:
            (known,) = load_endpoints(connection, ["http://a.example/feed"]).values()
            assert (known.etag, known.unchanged_count, known.asked_at, known.failures, known.due_at) == ('"1"', 4, None, 0, None)
            assert connection.execute("SELECT count(*) FROM revisit").fetchone() == (0,)


def test_a_database_of_someone_else_is_refused(out: Path, open_store: Callable[..., Store]) -> None:
    """Tables that are not ours are not written between."""
    (out / "state").mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(out / "state" / "copydesk.sqlite")) as connection:
        connection.execute("CREATE TABLE recipes(name)")
    with pytest.raises(StoreVersion, match="found version 0"):
        open_store()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Neither rows nor the write lock."""
    path = tmp_path / "state.sqlite"
    with contextlib.closing(open_state(path, cache_kib=1024)) as one, contextlib.closing(open_state(path, cache_kib=1024)) as other:
        with pytest.raises(sqlite3.IntegrityError), transaction(one):
            one.executemany("INSERT INTO url VALUES (?, 1)", [(1,), (1,)])
        with transaction(other):
            assert other.execute("SELECT count(*) FROM url").fetchone() == (0,)


def test_a_replaced_file_is_opened_again(tmp_path: Path) -> None:
    """A connection does not go on writing into a file that was moved aside."""
    path = tmp_path / "state.sqlite"
    shared = SharedConnection(path, cache_kib=1024)
    with shared.use() as connection, transaction(connection):
        connection.execute("INSERT INTO url VALUES (1, 1)")
    for name in list(tmp_path.iterdir()):
        name.rename(name.with_name("old-" + name.name))
    with shared.use() as connection:
        assert connection.execute("SELECT count(*) FROM url").fetchone() == (0,)
    shared.close()


def damage_header(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def damage_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[16_384:] = b"\xa5" * (len(content) - 16_384)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [damage_header, damage_pages])
def test_damaged_state_is_moved_aside_and_rebuilt(
    out: Path, planted: ModuleType, open_store: Callable[..., Store], damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The log knows it all: corpus, copies and URLs are as before, and the damaged file is kept for a look."""
    articles = [planted.make_article(f"https://a.example/{number}", f"k{number % 5} r{number}") for number in range(20)]
    with open_store() as store:
        store.commit(store.freeze(articles, [planted.reject("https://a.example/short")]))
        store.finish()
    before = planted.tell_corpus(out)
    damage(out / "state" / "copydesk.sqlite")
    store = open_store()
    store.finish()
    assert planted.find_violations(out) == []
    assert store.verify() == []
    assert planted.tell_corpus(out) == before
    assert store.known_urls([articles[3].url, "https://a.example/short"], now=planted.NOON) == {articles[3].url, "https://a.example/short"}
    assert len(list((out / "state").glob("copydesk.sqlite.corrupt-*T*"))) >= 1
    assert "rebuilding from the log" in caplog.text


def test_state_damaged_under_an_open_store_is_replaced(out: Path, planted: ModuleType, open_store: Callable[..., Store]) -> None:
    """A commit that meets damage is registered all the same."""
    store, other = open_store(), open_store()
    store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1")]))
    store.close()
    other.close()  # the WAL is gone now
    damage_pages(out / "state" / "copydesk.sqlite")
    store = open_store(recover=False)
    batch = store.freeze([planted.make_article("https://a.example/2", "k1 r2")])
    store.commit(batch)
    store.finish()
    assert planted.find_violations(out) == []


def test_state_that_cannot_be_a_file_is_named(out: Path, open_store: Callable[..., Store]) -> None:
    """A folder in its place stops the store with the path."""
    (out / "state" / "copydesk.sqlite").mkdir(parents=True)
    with pytest.raises(CorpusError, match=r"state/copydesk\.sqlite: opening failed: unable to open"):
        open_store()
