"""The store: one object for a crawl, a command or a test to commit articles and to bring the corpus up to date.

May be used from several threads: commits and look-ups have a connection of their own and never wait for a whole fold.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from pipelines.corpus import fold as folding
from pipelines.corpus import frontier, recovery, source_lines
from pipelines.corpus.compact import Compaction, compact_day, days_before
from pipelines.corpus.files import Layout, Sign
from pipelines.corpus.fold import StoryIndex
from pipelines.corpus.forgetting import find_pages, forget_page
from pipelines.corpus.lock import FoldLock
from pipelines.corpus.log import Batch, freeze_batch, register_batch, write_batch
from pipelines.corpus.publish import publish_parts
from pipelines.corpus.recall import read_owned_documents
from pipelines.corpus.rows import warm_up
from pipelines.corpus.source_lines import NoteLines
from pipelines.corpus.state import (
    CHECKED_AT_START_BYTES,
    Connection,
    SharedConnection,
    StateDamaged,
    check_pages,
    check_types,
    file_id_of,
    may_be_damage,
    move_aside,
)
from pipelines.corpus.verify import describe_unfinished, find_problems
from pipelines.corpus.watermarks import Watermark, lowest_watermark
from pipelines.errors import CorpusError, DedupError, StoreBusy, StoreDamaged
from pipelines.records import Article, Document, Endpoint, LineNote, Rejection, Revisit
from pipelines.sqlite import snapshot, transaction

logger = logging.getLogger(__name__)

LOCK_WAIT_SECONDS = 3_600.0
"""A fold of a large backlog or a rebuild takes this long at most; a stopped process that holds the lock is named then."""
START_WAIT_SECONDS = 10.0
"""At a start the work can be left to the holder of the lock."""

FRONT_CACHE_KIB = 16_384
BACK_CACHE_KIB = 32_768

T = TypeVar("T")


class OpenIndex(Protocol):
    """Opens the dedup index in a connection and a folder; what read_documents yields of articles is their text as it was folded."""

    def __call__(
        self, connection: sqlite3.Connection, folder: Path, /, *, read_documents: Callable[[Sequence[str]], Iterable[Sequence[Document]]]
    ) -> StoryIndex[Any]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How much the store holds."""

    parts: int
    """Parts of the log."""
    rows: int
    """Rows of the log; repeats included."""
    articles: int
    """Different articles among the folded rows: ``stories + copies``."""
    stories: int
    copies: int
    repeats: int
    """Rows of folded parts that another row of the same article_id owns."""
    rejected: int
    unfolded: int
    """Log parts that wait for a fold."""
    unpublished: int
    """Log parts whose corpus or copies file is not up to date."""
    urls: int
    """URLs committed or rejected."""
    failed_urls: int
    """URLs to be asked again."""


class Store:
    """The articles of one output directory: a log that is the truth, and the corpus and copies derived from it.

    Raises CorpusError naming the path when the directory cannot be used, StoreVersion for state of another version and StoreDamaged for a
    log part that is gone. A damaged state file is moved aside and rebuilt from the log, and a damaged index built again from it.
    """

    def __init__(
        self,
        output_dir: Path,
        *,
        datasets_uri: str | None = None,
        open_index: OpenIndex,
        note_lines: NoteLines | None = None,
        recover: bool = True,
        parameters: Mapping[str, Any] | None = None,
        sign: Sign | None = None,
        outlet_hosts: Mapping[str, str] | None = None,
        lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    ) -> None:
        """Open the store, creating its folders, or with the datasets in an object store (``objects.open_datasets``); parameters of the stages go into the metadata of every file.

        sign makes a signature with these parameters, for rows that others signed on their way into the corpus; without it they keep theirs.
        note_lines says what an article's short lines are, for source memory; without it none are noted.
        outlet_hosts: {registrable domain: agency code} of outlets whose name is also a wire's: on their own site it says nothing.

        With recover, what a killed process left undone is done first, unless another process is folding: then that one does it.
        Without, nothing is mended before a method that writes is called: ``verify`` then tells of the store as it stands.
        """
        self.layout = Layout(Path(output_dir), parameters or {}, datasets_uri=datasets_uri, sign=sign)
        self._open_index = open_index
        self._note_lines = note_lines
        self._outlet_hosts = dict(outlet_hosts or {})
        self._lock_wait_seconds = lock_wait_seconds
        self.layout.create()
        warm_up()
        self._lock = FoldLock(self.layout.lock_file)
        self._front = SharedConnection(self.layout.state_file, cache_kib=FRONT_CACHE_KIB)  # commits and look-ups
        self._back = SharedConnection(self.layout.state_file, cache_kib=BACK_CACHE_KIB)  # folds: held for as long as they take
        self._index: tuple[Connection, StoryIndex[Any]] | None = None
        self._watermark: Watermark | None = None
        self._complete_before: int | None = None
        self._counts: Counter[str] = Counter()
        try:
            if recover:
                self._run("opening", self._look)
                self._start()
            else:
                self._open_as_it_is()
        except BaseException:
            self.close()
            raise

    def freeze(self, articles: Sequence[Article], rejections: Sequence[Rejection] = ()) -> Batch:
        """Return the records as a batch with named parts, one per UTC day of ``fetched_at``, to be committed as often as it takes.

        Never refuses: an article that cannot become a row is a Rejection of the batch (store, unstorable) and among its ``unstorable``.
        """
        return freeze_batch(articles, rejections, now=datetime.now(UTC), note_lines=self._note_lines)

    def commit(self, batch: Batch, *, endpoints: Sequence[Endpoint] = (), revisits: Sequence[Revisit] = ()) -> None:
        """Write a batch durably, then make its URLs and lines known and save the endpoints and revisits, in one transaction.

        After any exception call again with the same batch: the same files are written again. An endpoint belongs here only when
        every URL that it yielded is durable or rejected, else a kill and an answer 304 lose the rest.
        """

        def register() -> None:
            with self._front.use() as connection, transaction(connection):
                register_batch(connection, batch)
                frontier.save_endpoints(connection, endpoints)
                frontier.save_revisits(connection, revisits)

        self._run("writing a batch", lambda: write_batch(self.layout, batch))
        self._run("registering a batch", register)
        logger.debug("committed %d articles and %d rejections", batch.articles, batch.rejections)

    def start_crawl(self, name: str, *, moment: datetime) -> None:
        """Enter a crawl that fetches from a moment on: others publish nothing that its pages could still move. Ends with ``finish`` or ``close``."""
        self._run("entering a crawl", lambda: self._enter(name, moment))

    def set_watermark(self, moment: datetime) -> None:
        """Say that whatever the crawl fetched before a moment is committed or will not be."""
        if self._watermark:
            with contextlib.suppress(OSError):  # it stays lower than it could be, and publishes wait longer
                self._watermark.set(moment)

    def fold(self, *, wait: bool = True) -> None:
        """Bring every part of the log into the index. Raises StoreBusy when the lock is held and wait is False, or for too long."""

        def work(connection: Connection, index: StoryIndex[Any]) -> None:
            self._recover(connection, index)

        self._under_lock("folding", work, timeout_seconds=self._lock_wait_seconds if wait else 0.0)

    def publish(self) -> None:
        """Bring the files of corpus and copies up to date with the index."""
        self._under_lock("publishing", lambda connection, index: self._publish(connection))

    def finish(self) -> dict[str, int]:
        """End a run: fold, let the index judge again what it put off, publish. Returns the statistics of the index."""
        statistics: dict[str, int] = {}

        def work(connection: Connection, index: StoryIndex[Any]) -> None:
            self._recover(connection, index)
            folding.settle(connection, index)
            self._publish(connection)
            statistics.update(index.statistics(), **self._counts)

        self._leave()
        self._under_lock("finishing", work)
        return statistics

    def rebuild(self) -> None:
        """Forget all derived state and derive it from the log again; corpus and copies keep readable files meanwhile.

        The log is taken as it stands: registered parts that are gone are forgotten, with a warning. Parts that cannot be read are left
        out, and when all else is done StoreDamaged names the first of them.
        """
        damage: list[StoreDamaged] = []

        def work(connection: Connection, index: StoryIndex[Any]) -> None:
            gone = recovery.registered_parts(connection, "articles").keys() - self.layout.parts("articles").keys()
            for name in sorted(gone):
                logger.warning("%s: the part is gone, its articles are lost", name)
            check_pages(connection)
            recovery.start_rebuild(connection)
            damage.clear()
            self._recover(connection, index, damage=damage)
            folding.settle(connection, index)
            with contextlib.suppress(StoreDamaged) if damage else contextlib.nullcontext():  # of such a part: named below
                self._publish(connection)
            recovery.remove_orphans(connection, self.layout)

        self._under_lock("rebuilding", work)
        if damage:
            rest = f" (and {len(damage) - 1} more)" if damage[1:] else ""
            raise StoreDamaged(f"{damage[0]}{rest}; rebuilt without it: put it back from a copy or move it away, then rebuild again")

    def compact(self, *, before: date) -> Compaction:
        """Merge the small parts of the days before one, each day under the lock for itself: a crawl may run. Says what was done."""
        days: list[str] = []
        done: list[Compaction] = []

        def plan(connection: Connection, index: StoryIndex[Any]) -> None:
            self._recover(connection, index)
            self._publish(connection)
            days[:] = days_before(connection, before.isoformat())

        def merge(connection: Connection, index: StoryIndex[Any], day: str) -> None:
            self._recover(connection, index)
            done.append(compact_day(connection, self.layout, day))
            self._publish(connection)

        self._under_lock("compacting", plan)
        for day in days:
            self._under_lock("compacting", partial(merge, day=day))
        return sum(done, Compaction())

    def known_urls(self, urls: Iterable[str], *, now: datetime) -> set[str]:
        """Return those of the URLs that need not be fetched now: committed, finally rejected, or failed and not due again."""
        wanted = list(urls)
        return self._read(lambda connection: frontier.known_urls(connection, wanted, now=now))

    def due_retries(self, source: str, *, now: datetime, limit: int = 1000) -> list[str]:
        """Return failed URLs of a source whose back-off has passed, the longest due first."""
        return self._read(lambda connection: frontier.due_retries(connection, source, now=now, limit=limit))

    def due_revisits(self, source: str, *, now: datetime, limit: int = 1000) -> list[Revisit]:
        """Return stored articles of a source whose time to be fetched again has come, the longest due first."""
        return self._read(lambda connection: frontier.due_revisits(connection, source, now=now, limit=limit))

    def endpoint(self, url: str) -> Endpoint | None:
        """Return what a feed, sitemap or section page said last; None if it was never asked."""
        return self.endpoints([url]).get(url)

    def endpoints(self, urls: Iterable[str]) -> dict[str, Endpoint]:
        """Return {url: what a feed, sitemap or section page said last}, without those that were never asked."""
        wanted = list(urls)
        return self._read(lambda connection: frontier.load_endpoints(connection, wanted))

    def line_notes(self, sources: Iterable[str]) -> dict[str, list[LineNote]]:
        """Return {source: the short lines of each of its last articles}: what its boilerplate is learned from."""
        wanted = list(sources)
        return self._read(lambda connection: source_lines.load_notes(connection, wanted))

    def forget_url(self, url: str) -> bool:
        """Make a URL unknown with every other name of its page, due at once, and say whether it was known.

        Rows of the log stay, and with them the article in corpus or copies. State made anew from the log knows the URL again.
        """
        pages = self._run("reading the log", lambda: find_pages(self.layout, url))

        def forget(connection: Connection) -> bool:
            with transaction(connection):
                return forget_page(connection, url, pages)

        return self._read(forget)

    def counts(self) -> Counts:
        """Return how much the store holds."""
        return self._read(_count)

    def verify(self) -> list[str]:
        """Return what is wrong with the files, one sentence each; [] when all promises hold. Reads everything, changes nothing.

        What is only unfinished is told by ``unfinished``.
        """
        with self._lock.hold(timeout_seconds=self._lock_wait_seconds):
            try:
                with self._back.use() as connection:
                    return find_problems(connection, self.layout, outlet_hosts=self._outlet_hosts)
            except (StateDamaged, sqlite3.Error) as error:
                return [f"{self.layout.state_file}: {error}; a fold or rebuild replaces a damaged state file"]

    def unfinished(self) -> str | None:
        """Return one sentence on what a killed or running process has left to do, None if it is nothing. No damage: a start does it."""
        return self._read(lambda connection: describe_unfinished(connection, self.layout))

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Keep other processes from folding and publishing during the block, so that corpus and copies stay as they are. Commits go on."""
        with self._lock.hold(timeout_seconds=self._lock_wait_seconds):
            yield

    def close(self) -> None:
        """Close the state file. A fold in another thread is waited for."""
        with self._lock.alone():
            self._leave()
            self._index = None
            self._back.close()
            self._front.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _start(self) -> None:
        def work(connection: Connection, index: StoryIndex[Any]) -> None:
            self._recover(connection, index)
            recovery.mark_missing(connection, self.layout)
            self._publish(connection)
            recovery.remove_orphans(connection, self.layout)

        try:
            self._under_lock("recovering", work, timeout_seconds=min(START_WAIT_SECONDS, self._lock_wait_seconds))
        except StoreBusy as error:
            logger.info("%s; recovery is left to it", error)

    def _recover(self, connection: Connection, index: StoryIndex[Any], *, damage: list[StoreDamaged] | None = None) -> None:
        # Read before the log: whatever the crawls had committed by then is in the index afterwards.
        self._complete_before = lowest_watermark(self.layout.watermarks)
        self.layout.clean_staging()
        recovery.clear_index_if_asked(connection, index)
        recovery.reconcile_log(connection, self.layout, note_lines=self._note_lines, damage=damage)
        folding.fold_parts(connection, self.layout, index, damage=damage, counts=self._counts)

    def _publish(self, connection: Connection) -> None:
        # A crawl that entered since may have committed a part that was folded, and hold pages that are older.
        found = (self._complete_before, lowest_watermark(self.layout.watermarks))
        before_us = min((moment for moment in found if moment is not None), default=None)
        publish_parts(connection, self.layout, outlet_hosts=self._outlet_hosts, before_us=before_us)

    def _enter(self, name: str, moment: datetime) -> None:
        self._watermark = Watermark(self.layout.watermarks, name, moment)

    def _leave(self) -> None:
        if self._watermark:
            self._watermark.close()
            self._watermark = None

    def _under_lock(
        self, what: str, work: Callable[[Connection, StoryIndex[Any]], object], *, timeout_seconds: float | None = None
    ) -> None:
        """Run work under the fold lock with the index as it stands now; an index that turns out damaged is built again, once."""

        def locked() -> None:
            seconds = self._lock_wait_seconds if timeout_seconds is None else timeout_seconds
            with self._lock.hold(timeout_seconds=seconds), self._back.use() as connection:
                try:
                    work(connection, self._fresh_index(connection))
                except DedupError as damage:
                    logger.warning("%s: %s; the index is built again from the log", self.layout.index_folder, damage)
                    recovery.distrust_index(connection)
                    index = self._fresh_index(connection)
                    self._recover(connection, index)
                    # Else readers would see stories fall apart and join again.
                    folding.settle(connection, index)
                    work(connection, index)

        self._run(what, locked)

    def _fresh_index(self, connection: Connection) -> StoryIndex[Any]:
        if self._index is None or self._index[0] is not connection:
            read_documents = partial(read_owned_documents, connection, self.layout)
            self._index = connection, self._open_index(connection, self.layout.index_folder, read_documents=read_documents)
        index = self._index[1]
        index.refresh()
        return index

    def _look(self) -> None:
        with self._front.use() as connection:
            if self.layout.state_file.stat().st_size <= CHECKED_AT_START_BYTES:
                check_pages(connection)

    def _open_as_it_is(self) -> None:
        def look() -> None:
            with contextlib.suppress(StateDamaged), self._front.use():
                pass

        self._run("opening", look)

    def _read(self, ask: Callable[[Connection], T]) -> T:
        def asked() -> T:
            with self._front.use() as connection:
                return ask(connection)

        return self._run("reading the state", asked)

    def _run(self, what: str, operation: Callable[[], T]) -> T:
        """Run an operation; damaged state is replaced and the operation tried once more. System errors come out as CorpusError."""
        try:
            try:
                return operation()
            except StateDamaged as damage:
                self._replace_state(damage)
                return operation()
            except Exception as error:
                # A value of a type that no query of ours wrote, say: pages of the file that changed places are no error to SQLite.
                if not may_be_damage(error) or (found := self._find_damage()) is None:
                    raise
                logger.warning("%s: %s failed: %r", self.layout.state_file, what, error)
                self._replace_state(found)
                return operation()
        except (sqlite3.Error, StateDamaged) as error:
            raise CorpusError(f"{self.layout.state_file}: {what} failed: {error}") from error
        except DedupError as error:
            raise CorpusError(f"{self.layout.index_folder}: {what} failed, a new index too: {error}") from error
        except OSError as error:
            raise CorpusError(f"{error.filename or self.layout.root}: {what} failed: {error.strerror or error}") from error

    def _find_damage(self) -> StateDamaged | None:
        try:
            with self._back.use() as connection:
                check_pages(connection)
                check_types(connection)
        except StateDamaged as damage:
            return damage
        return None

    def _replace_state(self, damage: StateDamaged) -> None:
        """Move the damaged state file aside and make a new one from what the log and ``rejected/`` say."""
        with self._lock.hold(timeout_seconds=self._lock_wait_seconds):
            with self._back.lock, self._front.lock:
                self._index = None
                self._back.close()
                self._front.close()
                if file_id_of(self.layout.state_file) == damage.file_id:  # else another process was quicker
                    aside = move_aside(self.layout.state_file)
                    logger.warning("%s: %s; moved to %s, rebuilding from the log", self.layout.state_file, damage, aside.name)
            with self._back.use() as connection:
                recovery.reconcile_log(connection, self.layout, note_lines=self._note_lines)


def _count(connection: Connection) -> Counts:
    def one(query: str) -> Any:
        return connection.execute(query).fetchone()

    with snapshot(connection):
        parts, rows, folded, unfolded, unpublished = one(
            "SELECT count(*), coalesce(sum(row_count), 0), coalesce(sum(row_count * (state = 1)), 0), coalesce(sum(state = 0), 0), "
            "coalesce(sum(dirty != 0), 0) FROM part WHERE dataset = 'articles' AND state != 2"
        )
        articles, stories = one("SELECT count(*), coalesce(sum(canonical_id = article_id), 0) FROM member")
        (rejected,) = one("SELECT coalesce(sum(row_count), 0) FROM part WHERE dataset = 'rejected'")
        (urls,), (failed_urls,) = one("SELECT count(*) FROM url"), one("SELECT count(*) FROM failed_url")
    return Counts(
        parts=parts,
        rows=rows,
        articles=articles,
        stories=stories,
        copies=articles - stories,
        repeats=folded - articles,
        rejected=rejected,
        unfolded=unfolded,
        unpublished=unpublished,
        urls=urls,
        failed_urls=failed_urls,
    )
