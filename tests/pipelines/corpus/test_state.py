"""The state file: how it is opened, versioned and replaced."""

from __future__ import annotations

import contextlib
import random
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


def test_tables_that_changed_places_are_damage(
    planted: ModuleType, out: Path, open_store: Callable[..., Store], caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite finds every page sound; the first value that makes no sense has the state made anew."""
    with open_store() as store:
        store.commit(store.freeze(planted.draw_articles(random.Random(1), 6)))
        store.finish()
    with contextlib.closing(sqlite3.connect(out / "state" / "copydesk.sqlite")) as connection:
        connection.execute("INSERT INTO moved VALUES ('a host, say')")
        connection.commit()
    with open_store() as store:
        store.commit(store.freeze(planted.draw_articles(random.Random(2), 6)))
        store.finish()
        assert store.verify() == []
    assert planted.find_violations(out) == []
    assert "table moved, column article_id: expected blob, found text; moved to copydesk.sqlite.corrupt-" in caplog.text


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


PAGE = 16_384


def damage_header(content: bytearray, number: int) -> None:
    content[:] = b"this is no database" * 1000


def damage_pages(content: bytearray, number: int) -> None:
    content[PAGE:] = b"\xa5" * (len(content) - PAGE)


def damage_one_page(content: bytearray, number: int) -> None:
    content[number * PAGE : (number + 1) * PAGE] = random.Random(number).randbytes(PAGE)


def clear_one_page(content: bytearray, number: int) -> None:
    content[number * PAGE : (number + 1) * PAGE] = bytes(PAGE)


def cut(content: bytearray, number: int) -> None:
    del content[number * PAGE + 4000 :]


@pytest.fixture
def filled(out: Path, planted: ModuleType, open_store: Callable[..., Store]) -> Path:
    """A finished store, closed; its state file."""
    articles = [planted.make_article(f"https://a.example/{number}", f"k{number % 5} r{number}") for number in range(20)]
    with open_store() as store:
        store.commit(store.freeze(articles, [planted.reject("https://a.example/short")]))
        store.finish()
    return out / "state" / "copydesk.sqlite"


def damage(path: Path, how: Callable[[bytearray, int], None], number: int) -> int:
    """Damage a state file and return how many pages it had."""
    content = bytearray(path.read_bytes())
    pages = len(content) // PAGE
    how(content, number)
    path.write_bytes(content)
    return pages


@pytest.mark.parametrize("how", [damage_header, damage_pages, damage_one_page, clear_one_page, cut])
def test_damaged_state_is_moved_aside_and_rebuilt(
    out: Path,
    planted: ModuleType,
    open_store: Callable[..., Store],
    filled: Path,
    how: Callable[[bytearray, int], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Wherever the damage is, the next start sees it. The log knows it all: corpus, copies and URLs are as before, and the file is kept."""
    before = planted.tell_corpus(out)
    sound = filled.read_bytes()
    known = {"https://a.example/3", "https://a.example/short"}
    for number in range(0, len(sound) // PAGE, 1 if how is damage_one_page else 7):
        filled.write_bytes(sound)
        damage(filled, how, number)
        with open_store() as store:
            assert len(list(filled.parent.glob("copydesk.sqlite.corrupt-*T*"))) >= 1, f"page {number} was not seen"
            assert store.known_urls([*known, "https://a.example/new"], now=planted.NOON) == known
            assert planted.tell_corpus(out) == before
            assert (store.verify(), store.unfinished()) == ([], None)
        for path in filled.parent.glob("copydesk.sqlite*"):
            path.unlink()
    assert "rebuilding from the log" in caplog.text


def test_a_large_state_file_is_checked_when_it_gives_reason_to(
    out: Path, planted: ModuleType, open_store: Callable[..., Store], filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables that changed places are no error to SQLite: the first value that is not ours has the file checked, and replaced."""
    monkeypatch.setattr("pipelines.corpus.store.CHECKED_AT_START_BYTES", 0)
    before = planted.tell_corpus(out)
    with contextlib.closing(sqlite3.connect(filled)) as connection:
        pages = dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE name IN ('member', 'url', 'part', 'said')"))
    content = bytearray(filled.read_bytes())

    def page(name: str) -> slice:
        return slice((pages[name] - 1) * PAGE, pages[name] * PAGE)

    content[page("member")], content[page("said")] = content[page("said")], content[page("member")]
    filled.write_bytes(content)
    store = open_store()
    store.commit(store.freeze([planted.make_article("https://a.example/4", "k4 r4")]))
    store.finish()
    assert len(list(filled.parent.glob("copydesk.sqlite.corrupt-*T*"))) == 1
    assert store.verify() == []
    assert planted.tell_corpus(out) == before


def test_a_look_at_damaged_state_changes_nothing(filled: Path, open_store: Callable[..., Store]) -> None:
    """Verify says so; the file stays where and as it is, until a rebuild is asked for."""
    damage(filled, damage_header, 0)
    content = filled.read_bytes()
    store = open_store(recover=False)
    assert any("file is not a database" in problem for problem in store.verify())
    assert filled.read_bytes() == content
    store.rebuild()
    assert store.verify() == []
    assert len(list(filled.parent.glob("copydesk.sqlite.corrupt-*T*"))) == 1


def test_a_rebuild_replaces_damage_that_no_fold_would_meet(filled: Path, open_store: Callable[..., Store]) -> None:
    """Such as in what is known of feeds."""
    with contextlib.closing(sqlite3.connect(filled)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'endpoint'").fetchone()
    damage(filled, damage_one_page, page - 1)
    store = open_store(recover=False)
    assert store.verify() != []
    store.rebuild()
    assert store.verify() == []


def test_state_damaged_under_an_open_store_is_replaced(out: Path, planted: ModuleType, open_store: Callable[..., Store]) -> None:
    """A commit that meets damage is registered all the same."""
    store, other = open_store(), open_store()
    store.commit(store.freeze([planted.make_article("https://a.example/1", "k1 r1")]))
    store.close()
    other.close()  # the WAL is gone now
    damage(out / "state" / "copydesk.sqlite", damage_pages, 0)
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
