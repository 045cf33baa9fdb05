"""Checking the promises over the files themselves: what a reader of ``corpus/`` and ``copies/`` gets, against the log.

Nothing is taken from the state but the registry: owners, first members and contents are recomputed from ``articles/``. Ids go through
temporary SQLite tables, texts through memory one part at a time.

Work that a killed or running process has not finished is no damage: what it may still change is left out of the checks of ``corpus/`` and
``copies/``, and told by ``describe_unfinished``.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from pipelines.corpus.derived import NO_NOTES, annotate_table
from pipelines.corpus.files import Layout
from pipelines.corpus.log import LogDataset
from pipelines.corpus.objects import Place
from pipelines.corpus.parts import check_pages, read_first_rows, read_part
from pipelines.corpus.publish import Derived
from pipelines.corpus.recovery import registered_parts
from pipelines.corpus.rows import from_microseconds, microseconds_of
from pipelines.corpus.schema import ARTICLES, COPIES, SCHEMAS
from pipelines.corpus.signatures import own_parameters, sign_again, signed_as
from pipelines.corpus.state import COPIES_DIRTY, CORPUS_DIRTY, get_flag
from pipelines.corpus.story import Said, StoryNotes, said_values, tell_story
from pipelines.corpus.told import find_moves, known_moves, said_of
from pipelines.errors import StoreDamaged, StoreVersion

_COMPARED_ROWS = 500
_SAID_COLUMNS = ["url", "host", "canonical_url", "agencies", "syndicated_from"]
_LOG_COLUMNS = ["article_id", "fetched_at", *_SAID_COLUMNS]
_TABLES = (
    "CREATE TEMP TABLE log_row(article_id TEXT, fetched_us INTEGER, part TEXT, day TEXT, host TEXT, agencies TEXT, origin TEXT, points_to TEXT)",
    "CREATE TEMP TABLE shown(article_id TEXT, story_id TEXT, canonical_id TEXT, relation TEXT, fetched_us INTEGER, dataset TEXT, part TEXT, "
    "day TEXT)",
    # Articles and stories whose files a publish is still to write.
    "CREATE TEMP TABLE unsettled(id TEXT PRIMARY KEY) WITHOUT ROWID",
)
_UNSETTLED = (
    "INSERT OR IGNORE INTO unsettled SELECT lower(hex(story_id)) FROM member JOIN part ON part.id = member.part "
    f"WHERE part.dirty & {COPIES_DIRTY} OR (part.dirty & {CORPUS_DIRTY} AND story_id = article_id)",
    "INSERT OR IGNORE INTO unsettled SELECT story_id FROM shown JOIN part ON part.name = shown.part AND part.dataset = 'articles' "
    f"WHERE part.dirty & CASE shown.dataset WHEN 'corpus' THEN {CORPUS_DIRTY} ELSE {COPIES_DIRTY} END",
    "INSERT OR IGNORE INTO unsettled SELECT article_id FROM shown WHERE story_id IN (SELECT id FROM unsettled)",
    "INSERT OR IGNORE INTO unsettled SELECT lower(hex(article_id)) FROM member WHERE lower(hex(story_id)) IN (SELECT id FROM unsettled)",
)
_OWNERS = (
    "CREATE TEMP TABLE owner(article_id TEXT PRIMARY KEY, fetched_us INTEGER, part TEXT, day TEXT, host TEXT, agencies TEXT, origin TEXT, "
    "points_to TEXT) WITHOUT ROWID",
    "INSERT INTO owner SELECT article_id, fetched_us, part, day, host, agencies, origin, points_to FROM (SELECT *, row_number() OVER "
    "(PARTITION BY article_id ORDER BY fetched_us, part, rowid) AS place FROM log_row) WHERE place = 1",
    "CREATE INDEX temp.shown_article ON shown(article_id)",
    "CREATE INDEX temp.shown_story ON shown(story_id)",
    "CREATE INDEX temp.shown_part ON shown(dataset, part)",
)
# Each query yields an id and where it was seen; the sentence is completed with both.
_CHECKS = (
    (
        "articles of the log are in neither corpus nor copies",
        "SELECT article_id, 'articles ' || part FROM owner WHERE article_id NOT IN (SELECT article_id FROM shown)",
    ),
    (
        "articles are shown more than once in corpus and copies",
        "SELECT article_id, group_concat(dataset || ' ' || part) FROM shown GROUP BY article_id HAVING count(*) > 1",
    ),
    (
        "articles are shown and not in the log",
        "SELECT article_id, dataset || ' ' || part FROM shown WHERE article_id NOT IN (SELECT article_id FROM owner)",
    ),
    (
        "stories are in corpus more than once",
        "SELECT story_id, group_concat(part) FROM shown WHERE dataset = 'corpus' GROUP BY story_id HAVING count(*) > 1",
    ),
    (
        "stories are not in the corpus part of their first member",
        "SELECT shown.story_id, 'corpus ' || shown.part FROM shown LEFT JOIN owner ON owner.article_id = shown.story_id "
        "WHERE dataset = 'corpus' AND (owner.part, owner.day) IS NOT (shown.part, shown.day)",
    ),
    (
        "copies are not in the copies part of their log part",
        "SELECT shown.article_id, 'copies ' || shown.part FROM shown JOIN owner USING (article_id) "
        "WHERE dataset = 'copies' AND (owner.part, owner.day) IS NOT (shown.part, shown.day)",
    ),
    (
        "copies name a story or a canonical copy that corpus does not show so",
        "SELECT copy.article_id, 'copies ' || copy.part FROM shown AS copy LEFT JOIN shown AS story ON story.dataset = 'corpus' "
        "AND story.story_id = copy.story_id WHERE copy.dataset = 'copies' AND story.article_id IS NOT copy.canonical_id",
    ),
    (
        "stories do not bear the id of the member that was fetched first",
        "SELECT story_id, 'corpus and copies' FROM (SELECT shown.story_id, shown.article_id, row_number() OVER "
        "(PARTITION BY shown.story_id ORDER BY owner.fetched_us, owner.article_id) AS place FROM shown JOIN owner USING (article_id)) "
        "WHERE place = 1 AND article_id != story_id",
    ),
    (
        "rows show another fetch than the earliest in the log",
        "SELECT shown.article_id, dataset || ' ' || shown.part FROM shown JOIN owner USING (article_id) "
        "WHERE shown.fetched_us != owner.fetched_us",
    ),
)


def find_problems(connection: sqlite3.Connection, layout: Layout, *, outlet_hosts: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong, one sentence each; [] when all promises hold. Under the fold lock, on its connection.

    outlet_hosts: as ``publish_parts`` has them.
    """
    unreadable: dict[Place, str] = {}
    problems = list(_check_state(connection))
    problems += _check_registry(connection, layout)
    problems += _check_names(layout)
    try:
        for statement in _TABLES:
            connection.execute(statement)
        problems += _load_log(connection, layout, unreadable)
        _load_derived(connection, layout, unreadable)
        if not get_flag(connection, "distrust_derived"):  # else all of it is still to be compared with the log, and written
            for statement in (*_OWNERS, *_UNSETTLED):
                connection.execute(statement)
            for sentence, query in _CHECKS:
                settled = f"WITH found(id, place) AS ({query}) SELECT id, place FROM found WHERE id NOT IN (SELECT id FROM unsettled)"
                problems += _summarize(sentence, connection.execute(settled))
            problems += _check_contents(connection, layout, outlet_hosts or {}, unreadable)
        _check_pages(layout, unreadable)
    finally:
        for table in ("log_row", "shown", "owner", "unsettled"):
            connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    # Each said once, however many files need it.
    return [*problems, *unreadable.values()]


def describe_unfinished(connection: sqlite3.Connection, layout: Layout) -> str | None:
    """Return one sentence on the work that is still to be done, None if there is none. No damage: the next start does it."""
    kept: tuple[LogDataset, ...] = ("articles", "rejected")
    unfolded, dirty = connection.execute("SELECT coalesce(sum(state = 0), 0), coalesce(sum(dirty != 0), 0) FROM part").fetchone()
    counts = {
        "parts not registered": sum(len(_strangers(connection, layout, dataset)) for dataset in kept),
        "not folded": unfolded,
        "not published": dirty,
        "files in staging/": sum(1 for _ in layout.staging.iterdir()) if layout.staging.is_dir() else 0,
    }
    if not any(counts.values()):
        return None
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"unfinished: {told}; a crawl is running, or one was stopped: the next crawl or scrapy corpus stats takes it up"


def _check_state(connection: sqlite3.Connection) -> Iterator[str]:
    for (said,) in connection.execute("PRAGMA quick_check(5)"):
        if said != "ok":
            yield f"state/copydesk.sqlite: {said}"


def _check_registry(connection: sqlite3.Connection, layout: Layout) -> Iterator[str]:
    kept: tuple[LogDataset, ...] = ("articles", "rejected")
    for dataset in kept:
        # The registry before the disk: live writers rename and then register.
        missing = registered_parts(connection, dataset).items() - layout.parts(dataset).items()
        yield from _summarize(f"parts of {dataset} are registered and not on disk", missing)
    derived: tuple[Derived, ...] = ("corpus", "copies")
    for name in derived:
        orphans = layout.parts(name).items() - registered_parts(connection, "articles").items() - layout.parts("articles").items()
        yield from _summarize(f"files of {name} have no log part", orphans)


def _strangers(connection: sqlite3.Connection, layout: Layout, dataset: LogDataset) -> dict[str, str]:
    """Return {part: day} of what is on disk and not registered: its writer is about to, or was killed before."""
    on_disk = layout.parts(dataset)
    return {name: on_disk[name] for name in on_disk.keys() - registered_parts(connection, dataset).keys()}


def _check_names(layout: Layout) -> Iterator[str]:
    """Nothing but our parts below a dataset: a manifest, dotfile or temporary file breaks Polars, DuckDB or pandas there."""
    for dataset in SCHEMAS:
        ours = {layout.path(dataset, day, name) for name, day in layout.parts(dataset).items()}
        foreign = [(layout.relative(path), dataset) for path in layout.files(dataset) if path not in ours]
        yield from _summarize(f"foreign files lie below {dataset}/, move them away", foreign)


def _check_pages(layout: Layout, unreadable: dict[Place, str]) -> None:
    """What no other check reads of the log: the texts of copies and repeats, parts that are not folded or not registered, rejections."""
    kept: tuple[LogDataset, ...] = ("articles", "rejected")
    for dataset in kept:
        for name, day in sorted(layout.parts(dataset).items()):
            path = layout.path(dataset, day, name)
            with _noted(path, unreadable):
                check_pages(path, dataset)


@contextlib.contextmanager
def _noted(path: Place, unreadable: dict[Place, str]) -> Iterator[None]:
    """Note a part that cannot be read in the block, as it was found first."""
    try:
        yield
    except (StoreDamaged, StoreVersion) as error:
        unreadable.setdefault(path, str(error))


def _load_log(connection: sqlite3.Connection, layout: Layout, unreadable: dict[Place, str]) -> Iterator[str]:
    """Parts that are not folded are no promise yet: writers go on committing during the check."""
    folded = dict(connection.execute("SELECT name, day FROM part WHERE dataset = 'articles' AND state = 1"))
    for name, day in sorted(folded.items() & layout.parts("articles").items()):
        path, table = layout.path("articles", day, name), None
        with _noted(path, unreadable):
            table = read_part(path, "articles", _LOG_COLUMNS)
        if table is None:
            continue
        moments = microseconds_of(table["fetched_at"])
        rows = list(zip(table["article_id"].to_pylist(), moments, strict=True))
        said = [said_values(**row) for row in table.select(_SAID_COLUMNS).to_pylist()]
        found = [(*row, name, day, *told) for row, told in zip(rows, said, strict=True)]
        connection.executemany("INSERT INTO log_row VALUES (?, ?, ?, ?, ?, ?, ?, ?)", found)
        misplaced = [(article, name) for article, moment in rows if moment is None or f"{from_microseconds(moment):%Y-%m-%d}" != day]
        yield from _summarize("log rows are in the part of another day", misplaced)


def _load_derived(connection: sqlite3.Connection, layout: Layout, unreadable: dict[Place, str]) -> None:
    canonical_columns: Mapping[Derived, str] = {"corpus": "article_id", "copies": "canonical_article_id"}
    for dataset, canonical in canonical_columns.items():
        for name, day in sorted(layout.parts(dataset).items()):
            told = ["relation"] if dataset == "copies" else []
            path = layout.path(dataset, day, name)
            with _noted(path, unreadable):
                table = read_part(path, dataset, sorted({"article_id", "story_id", canonical, "fetched_at", *told}))
                columns = [table[column].to_pylist() for column in ("article_id", "story_id", canonical)]
                relations = table["relation"].to_pylist() if told else [None] * table.num_rows
                rows = zip(*columns, relations, microseconds_of(table["fetched_at"]), strict=True)
                connection.executemany("INSERT INTO shown VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [(*row, dataset, name, day) for row in rows])


def _check_contents(
    connection: sqlite3.Connection, layout: Layout, outlet_hosts: Mapping[str, str], unreadable: dict[Place, str]
) -> Iterator[str]:
    """Every column that comes from the log must equal the row that owns the article, with what its story's copies tell."""
    # Rows that are published show the moves known then; the next publish looks again.
    is_published = connection.execute("SELECT 1 FROM unsettled LIMIT 1").fetchone() is None
    moves = find_moves(connection, table="owner") if is_published else known_moves(connection)
    datasets: tuple[tuple[Derived, list[str]], ...] = (
        ("corpus", ARTICLES.names),
        ("copies", [name for name in COPIES.names if name in ARTICLES.names]),
    )
    for dataset, columns in datasets:
        for name, day in sorted(layout.parts(dataset).items()):
            derived, table = layout.path(dataset, day, name), None
            with _noted(derived, unreadable):
                table, signed = read_part(derived, dataset), signed_as(derived, dataset)
            if table is None:
                continue
            notes = _notes_by_article(connection, name, day, moves, outlet_hosts) if dataset == "corpus" else {}
            expected = [SCHEMAS["articles"].empty_table().select(columns)]
            for (owner_day, owner_part), fetched in _owners_of(connection, dataset, name, day).items():
                path = layout.path("articles", owner_day, owner_part)
                with _noted(path, unreadable):
                    rows = read_first_rows(path, fetched, columns)
                    # A file that was not written since keeps what it has.
                    if dataset == "corpus" and layout.sign is not None and signed_as(path, "articles") != signed == own_parameters(layout):
                        rows = sign_again(rows, layout.sign)
                    if notes:
                        rows = annotate_table(rows, [notes.get(article, NO_NOTES) for article in rows["article_id"].to_pylist()])
                    expected.append(rows)
            different = _different_rows(table.select(columns), pa.concat_tables(expected))
            yield from _summarize("rows differ from the log", [(article, f"{dataset} {name}") for article in different])


def _different_rows(found: pa.Table, expected: pa.Table) -> list[str]:
    """Return the article_id of the rows that are not as the row of that id is expected, if there is one.

    Compared column by column in Arrow: as Python objects, rows take ten times the memory and the time.
    """
    place = {article: index for index, article in enumerate(expected["article_id"].to_pylist())}
    pairs = [(index, place[article]) for index, article in enumerate(found["article_id"].to_pylist()) if article in place]
    different: list[str] = []
    for start in range(0, len(pairs), _COMPARED_ROWS):
        here, there = (pa.array(indices, pa.int64()) for indices in zip(*pairs[start : start + _COMPARED_ROWS], strict=True))
        one, other = found.take(here).replace_schema_metadata(None), expected.take(there)
        if not one.equals(other):
            both = zip(one.to_pylist(), other.to_pylist(), strict=True)
            different += [str(row["article_id"]) for row, wanted in both if row != wanted]
    return different


def _notes_by_article(
    connection: sqlite3.Connection, name: str, day: str, moves: Mapping[str, str], outlet_hosts: Mapping[str, str]
) -> dict[str, StoryNotes]:
    """Return {article_id: what its story tells} for the canonical copies that a corpus file shows, from the log and the copies shown."""
    query = (
        "SELECT shown.story_id, shown.dataset, owner.article_id, owner.host, owner.agencies, owner.origin, shown.relation "
        "FROM shown JOIN owner USING (article_id) WHERE shown.story_id IN "
        "(SELECT story_id FROM shown WHERE dataset = 'corpus' AND part = ? AND day = ?) ORDER BY owner.fetched_us, owner.article_id"
    )
    canonical: dict[str, Said] = {}
    copies: dict[str, list[Said]] = defaultdict(list)
    for story, dataset, *row in connection.execute(query, (name, day)):
        if dataset == "corpus":
            canonical[story] = said_of(row)
        else:
            copies[story].append(said_of(row))
    return {
        said.article_id: tell_story(said, copies.get(story, ()), moves=moves, outlet_hosts=outlet_hosts)
        for story, said in canonical.items()
    }


def _owners_of(connection: sqlite3.Connection, dataset: Derived, name: str, day: str) -> dict[tuple[str, str], dict[str, int]]:
    """Return the log rows that a derived file shows: {(day, part): {article_id: fetched_at in microseconds}}."""
    wanted: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    query = (
        "SELECT owner.article_id, owner.fetched_us, owner.part, owner.day FROM shown JOIN owner USING (article_id) "
        "WHERE shown.dataset = ? AND shown.part = ? AND shown.day = ? AND shown.article_id NOT IN (SELECT id FROM unsettled)"
    )
    for article, fetched_us, owner_part, owner_day in connection.execute(query, (dataset, name, day)):
        wanted[owner_day, owner_part][article] = fetched_us
    return wanted


def _summarize(sentence: str, found: Iterable[tuple[str, str]]) -> Iterator[str]:
    items = sorted((str(thing), str(where)) for thing, where in found)
    if items:
        things = ", ".join(f"{thing} ({where})" for thing, where in items[:3])
        yield f"{len(items)} {sentence}: {things}"
