"""The story index: state in SQLite and run files, changed fold by fold."""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import tables
from pipelines.dedup.aging import forget_old, note_ages
from pipelines.dedup.fold import Changes, Fold, write_changes
from pipelines.dedup.intake import take_in
from pipelines.dedup.judge import judge, post_keys
from pipelines.dedup.memberships import describe_everything, describe_stories
from pipelines.dedup.parameters import DedupParameters
from pipelines.dedup.recall import ReadDocuments
from pipelines.dedup.state import IndexState
from pipelines.dedup.work import Work
from pipelines.errors import DedupError
from pipelines.records import Document, Membership
from pipelines.sqlite import transaction

logger = logging.getLogger(__name__)

_COUNTED = ("new_flips", "new_edges", "candidates", "comparisons", "rejudged", "forgotten", "recalled")


class StoryIndex:
    """Which articles are one story, kept up as articles come, in any order.

    Tables named ``dedup_…`` in the store's connection (``isolation_level=None``, WAL), run files in a folder. One process at a time may
    fold: the caller holds the fold lock from ``refresh`` to ``finish``. ``prepare`` reads, decides and makes run files durable
    outside any transaction; ``write`` is short and runs in the caller's ``BEGIN IMMEDIATE``.

    agency_hosts (registrable domain to agency code) says which sites are an agency's own. It is not part of the
    parameters: a change holds for stories as folds touch them, and for all after a rebuild. An index that is not durable is one process's
    own: its files are not synced to the disk, and there is no journal for others.

    With keep_shingles_days, shingles of texts whose documents were all fetched so long before the newest one are not kept, and computed again
    from what read_documents says when a fold needs them. It decides nothing: any index goes on with any value.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        folder: Path,
        *,
        parameters: DedupParameters = DedupParameters(),  # noqa: B008 - frozen
        agency_hosts: Mapping[str, str] | None = None,
        is_durable: bool = True,
        read_documents: ReadDocuments | None = None,
        keep_shingles_days: float | None = None,
    ) -> None:
        self.parameters = parameters
        self.counts: Counter[str] = Counter()
        self._connection = connection
        self._folder = folder
        self._agency_hosts = dict(agency_hosts or {})
        self._is_durable = is_durable
        self._read_documents = read_documents
        self._keep_shingles_days = keep_shingles_days if read_documents else None
        self._state = IndexState(folder, is_durable=is_durable)
        self._open: Changes | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if not tables.has_tables(connection):
            self._create()

    def refresh(self) -> None:
        """Notice what another process folded, and remove run files that no row names. Cheap when nothing changed.

        Call it right after taking the fold lock. What is wrong with the index is said by ``prepare``, so that ``clear`` can mend it.
        """
        if self._open is not None:
            self._forget()
        elif -1 < self._state.generation != tables.read_meta(self._connection, "generation"):
            self._catch_up()
        self._state.runs.remove_orphans(tables.read_run_names(self._connection))

    def prepare(
        self, documents: Sequence[Document], moved: Sequence[Document] = (), *, tell: bool = True, skip_known: bool = False
    ) -> Fold:
        """Decide what new documents, and known ones whose facts changed, do to the stories.

        tell: whether memberships are wanted. skip_known: whether documents that are in the index are left out, and named by the fold.
        Raises DedupError for an article_id that is not new, or moved and not known, and for a time without zone; and if the index
        is damaged or was built with other parameters, which only ``clear`` and all documents again can mend. Then nothing has
        changed. The fold must be given to ``write`` and ``finish``, or to ``abandon``, before the next one.
        """
        work = self._begin()
        try:
            take_in(work, documents, moved, skip_known=skip_known)
            return self._decide(work, tell=tell)
        except BaseException:
            self._forget()
            raise

    def prepare_settle(self, limit: int = 5000, *, tell: bool = True) -> Fold | None:
        """Judge again up to limit texts that lost shingles since they were judged; None when there are none left.

        Afterwards stories and canonical copies are what one fold of all documents gives. No shingle flips here, so the size
        of the steps does not matter. The last steps only forget old texts.
        """
        work = self._begin()
        try:
            work.touched.update(np.flatnonzero(self._state.lost[: self._state.text_count] > 0)[:limit].tolist())
            if work.touched:
                return self._decide(work, tell=tell)
            self._forget_old(work)
        except BaseException:
            self._forget()
            raise
        self.counts.update(work.counts)
        if work.changes.forgotten or work.changes.ages:
            return Fold(memberships=(), changes=work.changes)
        self._open = None
        return None

    def write(self, fold: Fold) -> None:
        """Write a fold inside the caller's transaction. Raises DedupError if another fold was written since it was prepared."""
        if fold.changes is not self._open:
            raise DedupError("write takes the fold that was prepared last and not finished or abandoned")
        if not self._connection.in_transaction:
            raise DedupError("write needs an open transaction (BEGIN IMMEDIATE)")
        generation = tables.read_meta(self._connection, "generation")
        if generation != fold.changes.generation - 1:
            raise DedupError(
                f"fold {fold.changes.generation} was prepared on fold {fold.changes.generation - 1}, the index is at {generation}"
            )
        write_changes(self._connection, fold.changes, with_journal=self._is_durable)

    def finish(self, fold: Fold) -> None:
        """After the caller's COMMIT: count the fold and delete the run files that it merged."""
        self._state.generation = fold.changes.generation
        self._open = None
        self._state.runs.remove_files(run.name for run in fold.changes.withdrawn_runs)

    def abandon(self, fold: Fold) -> None:
        """After the caller's ROLLBACK: as if the fold had not been prepared.

        A commit that was reported as failed may have happened: a run file that a row names stays.
        """
        self._forget()
        named = set(tables.read_run_names(self._connection))
        self._state.runs.remove_files(run.name for run in fold.changes.runs if run.name not in named)

    def all_memberships(self) -> Iterator[list[Membership]]:
        """Yield where every document stands, some thousands at a time, in the order in which they were folded.

        Final when the index has settled. Nothing may be folded meanwhile.
        """
        self._load()
        return describe_everything(self._connection, self._state, self._agency_hosts, self._read_shingles)

    def statistics(self) -> dict[str, int]:
        """Return how much the index holds and what it did: texts, flips (boilerplate shingles), edges, and since this object was made
        new_flips, new_edges, candidates (pairs that share enough), comparisons (those of them that were not together yet) and rejudged
        (how often a known text was judged again, as it lost or gained shingles), forgotten and recalled (old texts whose shingles went,
        and how often those of one were computed again).

        Candidates far above the edges say that boilerplate is not recognized; comparisons far above them, that stories are alike.
        """
        self._load()
        (edges,) = self._connection.execute("SELECT count(*) FROM dedup_edge").fetchone()
        return {
            "texts": self._state.text_count,
            "flips": len(self._state.occurrences.flips),
            "edges": edges,
            **{name: self.counts[name] for name in _COUNTED},
        }

    def clear(self) -> None:
        """Drop everything, in a transaction of its own, and start anew with this object's parameters."""
        self._forget()
        with transaction(self._connection):
            generation = int(tables.read_meta(self._connection, "generation") or 0)
            tables.delete_rows(self._connection)
            # Counting on: a process that read an earlier state must see that this is another one.
            self._write_header(generation + 1)
        self._state.runs.remove_orphans(())

    def _create(self) -> None:
        with transaction(self._connection):
            for statement in tables.SCHEMA:
                self._connection.execute(statement)
            if tables.read_meta(self._connection, "parameters") is None:
                self._write_header(0)

    def _write_header(self, generation: int) -> None:
        tables.write_meta(self._connection, "parameters", self.parameters.as_header())
        tables.write_meta(self._connection, "generation", generation)

    def _require_parameters(self) -> None:
        found = tables.read_meta(self._connection, "parameters")
        if found != (expected := self.parameters.as_header()):
            raise DedupError(f"the index was built with other parameters: expected {expected}, found {found}; rebuild the index")

    def _begin(self) -> Work:
        if self._open is not None:
            raise DedupError("the last fold is still open: finish or abandon it first")
        self._load()
        newest = int(tables.read_meta(self._connection, "newest") or 0)
        changes = Changes(generation=self._state.generation + 1, newest=newest)
        self._open = changes
        return Work(
            connection=self._connection,
            state=self._state,
            parameters=self.parameters,
            read_documents=self._read_documents,
            changes=changes,
            first_new_text=self._state.text_count,
        )

    def _catch_up(self) -> None:
        try:
            self._state.catch_up(self._connection)
        except DedupError:
            # What is damaged is said when it is read anew.
            self._state.generation = -1
        if self._state.generation < 0:
            self._forget()

    def _load(self) -> None:
        if self._state.generation < 0:
            self._require_parameters()
            self._state.load(self._connection)
            logger.debug("story index read: %d texts in %d run files", self._state.text_count, len(self._state.runs.runs))

    def _decide(self, work: Work, *, tell: bool) -> Fold:
        """Judge, write the new run files, and gather the rows."""
        changed = judge(work)
        state, changes = work.state, work.changes
        changes.runs, changes.withdrawn_runs = post_keys(work)
        rewritten = sorted(text for text in changed | work.touched | work.weakened if text < work.first_new_text)
        changes.changed_texts = [(*row, text) for row, text in zip(state.text_rows(rewritten), rewritten, strict=True)]
        new = range(work.first_new_text, state.text_count)
        changes.texts = [(*number, *row) for number, row in zip(changes.texts, state.text_rows(list(new)), strict=True)]
        memberships: list[Membership] = []
        if tell:
            told = work.own_texts() | changed
            memberships = describe_stories(work, {state.stories.label(text) for text in told}, self._agency_hosts)
        note_ages(work)
        self._forget_old(work)
        self.counts.update(work.counts, new_flips=len(changes.flips), new_edges=len(changes.edges))
        return Fold(memberships=memberships, changes=changes, skipped=work.skipped)

    def _forget_old(self, work: Work) -> None:
        if self._keep_shingles_days is not None:
            forget_old(work, self._keep_shingles_days)

    def _read_shingles(self, texts: Sequence[int]) -> Mapping[int, NDArray[np.uint32]]:
        work = Work(connection=self._connection, state=self._state, parameters=self.parameters, read_documents=self._read_documents)
        work.fetch_shingles(texts)
        return work.shingles

    def _forget(self) -> None:
        """Drop what is in memory; the next fold reads the tables."""
        self._open = None
        # Run files never change under their names, so those that are open stay so.
        runs, self._state = self._state.runs, IndexState(self._folder, is_durable=self._is_durable)
        self._state.runs = runs
