"""Kill test: crawls of the newsroom, two at once on one output folder, ended with SIGKILL at random moments, while a plain reader reads.

After some kills one crawl runs undisturbed, and then every article of the newsroom must be in exactly one of corpus and copies, equal to
what a crawl gives that nothing disturbed. Moments are drawn in CPU seconds of the crawl, so that a busy machine changes nothing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.store_reader import Reader
from newsroom import SOURCES_FILE, Newsroom, load_truth
from pipelines.chain import open_store

ROOT = Path(__file__).resolve().parent.parent
KILLS_A_ROUND = (5, 9)
IMPORT_CPU_SECONDS = 2.0
"""What a crawl that was not forked spends before it does anything."""
QUIET, BUSY = (0.05, 0.8), (0.8, 1.8)
"""CPU seconds of a crawl: until its first commit, and until its end."""
PATIENCE_SECONDS = 240.0
BY_CHANCE = ("fetched_at", "run_id", "modified_at", "extra")
"""Columns that say when and by which run a page was fetched, and where it was found: by the feed or by the sitemap,
whichever answers first. All others are a function of the page."""


@dataclass
class Tally:
    """What was done, and what was found wrong."""

    kills: Counter[str] = field(default_factory=Counter)
    """By what was killed: the crawl alone or its workers too, forked or started as users do."""
    ended: int = 0
    """Crawls that had nothing left to do before their moment came."""
    rounds: int = 0
    repeats: int = 0
    rows: int = 0
    reader: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Crawl:
    """A running crawl."""

    number: int
    log: Path
    is_forked: bool
    moment: float
    """CPU seconds after which it is killed."""

    @property
    def is_over(self) -> bool:
        return _stat(self.number)[0] in ("Z", "")

    @property
    def is_due(self) -> bool:
        return self.is_over or _stat(self.number)[1] >= self.moment


class Crawls:
    """Starts crawls of the newsroom and waits for them."""

    def __init__(self, proxy_url: str, logs: Path, rng: random.Random, *, exec_share: float) -> None:
        self.logs, self.rng, self.exec_share = logs, rng, exec_share
        self.started = 0
        environment = {**os.environ, "http_proxy": proxy_url, "no_proxy": "", "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.crawl_forks"],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def start(self, output: Path, **settings: object) -> Crawl:
        """Start a crawl into a folder."""
        self.started += 1
        log = self.logs / f"{self.started}.log"
        is_forked = self.rng.random() >= self.exec_share
        chosen = {"SOURCES": str(SOURCES_FILE), "OUTPUT_DIR": str(output), "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "WARNING", **settings}
        number = self._order("start", json.dumps({"log": str(log), "exec": not is_forked, "settings": chosen}))
        moment = self.rng.uniform(*(BUSY if self.rng.random() < 0.75 else QUIET)) + (0 if is_forked else IMPORT_CPU_SECONDS)
        return Crawl(number, log, is_forked, moment)

    def wait(self, crawl: Crawl) -> int:
        """Return the exit status of a crawl, or minus the signal that ended it."""
        return self._order("wait", str(crawl.number))

    def close(self) -> None:
        with self._process as process:
            assert process.stdin
            process.stdin.close()

    def _order(self, word: str, argument: str) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{word} {argument}\n")
        return int(self._process.stdout.readline())


def kill_crawls(kills: int, folder: Path, *, seed: int, exec_share: float = 0.0, worker_share: float = 0.25) -> Tally:
    """Kill so many crawls, round by round, and return what was found.

    exec_share of them start as users start them, the others are forked; worker_share have workers, the others extract in their own process.
    """
    tally, rng = Tally(), random.Random(seed)
    logs = folder / "logs"
    logs.mkdir(parents=True)
    with Newsroom.serve() as newsroom:
        crawls = Crawls(newsroom.proxy_url, logs, rng, exec_share=exec_share)
        try:
            reference = folder / "reference"
            if status := crawls.wait(crawls.start(reference, EXTRACT_WORKERS=0)):
                tally.problems.append(f"the undisturbed crawl ended with {status}")
            while (left := kills - sum(tally.kills.values())) > 0 and not tally.problems:
                tally.rounds += 1
                output = folder / f"round-{tally.rounds}"
                kill_round(crawls, output, min(left, rng.randint(*KILLS_A_ROUND)), tally, worker_share=worker_share)
                tally.problems += [f"round {tally.rounds} (seed {seed}): {problem}" for problem in check_round(output, reference, tally)]
        finally:
            crawls.close()
    return tally


def kill_round(crawls: Crawls, output: Path, kills: int, tally: Tally, *, worker_share: float) -> None:
    """Kill so many crawls into one folder, two at once, then let one run to its end."""

    def start() -> Crawl:
        workers = int(crawls.rng.random() < worker_share)
        return crawls.start(
            output, EXTRACT_WORKERS=workers, STORE_BATCH_SECONDS=0.1, STORE_FOLD_SECONDS=0.2, CONCURRENT_REQUESTS=4, STORE_BATCH_ARTICLES=5
        )

    with reading(output, tally):
        running = [start(), start()]
        done = 0
        while done < kills:
            crawl = wait_for_one(running)
            running.remove(crawl)
            if end_crawl(crawls, crawl, tally):
                done += 1
            if done < kills:
                running.append(start())
        for crawl in running:
            # The last round's second crawl: it counts, or it had just ended.
            end_crawl(crawls, crawl, tally)
        status = crawls.wait(clean := crawls.start(output, EXTRACT_WORKERS=0))
    if status:
        tally.problems.append(f"the clean run ended with {status}: {clean.log.read_text()[-2000:]}")


def wait_for_one(running: list[Crawl]) -> Crawl:
    """Return a crawl whose moment has come, or that has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for crawl in running:
            if crawl.is_due:
                return crawl
        time.sleep(0.005)
    return running[0]


def end_crawl(crawls: Crawls, crawl: Crawl, tally: Tally) -> bool:
    """Kill a crawl, now and then its workers too, and say whether it had still been running."""
    whole_group = crawls.rng.random() < 0.3
    with suppress(ProcessLookupError):
        (os.killpg if whole_group else os.kill)(crawl.number, signal.SIGKILL)
    status = crawls.wait(crawl)
    if workers := wait_for_workers(crawl.number):
        tally.problems.append(f"{len(workers)} workers outlive a killed crawl")
    if status == -signal.SIGKILL:
        tally.kills[f"{'group' if whole_group else 'crawl'}{'' if crawl.is_forked else ', not forked'}"] += 1
        return True
    tally.ended += 1
    if status:
        tally.problems.append(f"a crawl ended with {status}: {crawl.log.read_text()[-2000:]}")
    return False


def wait_for_workers(session: int, seconds: float = 60.0) -> list[int]:
    """Return the processes of a session that outlive their crawl. One may: a forkserver killed at the wrong moment of its start, idle."""
    deadline = time.monotonic() + seconds
    while len(workers := processes_of_session(session)) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    return workers if len(workers) > 1 else []


def processes_of_session(session: int) -> list[int]:
    """Return the living processes of a session, from /proc, without Python's own resource tracker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            command = path.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z" and b"resource_tracker" not in command:
            found.append(int(path.parent.name))
    return found


def check_round(output: Path, reference: Path, tally: Tally) -> Iterator[str]:
    """Yield what is wrong with the output of a round."""
    with open_store(output, recover=False) as store:
        yield from store.verify()
        if unfinished := store.unfinished():
            yield unfinished
        counts = store.counts()
    tally.rows += counts.rows
    tally.repeats += counts.repeats
    if counts.rows != counts.stories + counts.copies + counts.repeats:
        yield f"rows of the log are not stories, copies and repeats: {counts}"
    shown = [*_read(output, "corpus")["url"], *_read(output, "copies")["url"]]
    expected = Counter(article.url for article in load_truth())
    if Counter(shown) != expected:
        yield f"corpus and copies lack {sorted(expected - Counter(shown))} and have too many of {sorted(Counter(shown) - expected)}"
    for dataset in ("corpus", "copies"):
        different = [url for url, row in _rows(output, dataset).items() if _rows(reference, dataset).get(url) != row]
        if different:
            yield f"{dataset} differs from the undisturbed crawl: {different[:3]}"
    if stories_of(output) != stories_of(reference):
        yield "stories differ from the undisturbed crawl"
    yield from find_rests(output)


def find_rests(output: Path) -> Iterator[str]:
    """Yield files that nothing needs."""
    yield from (f"left in staging: {path.name}" for path in (output / "staging").iterdir())
    with closing(sqlite3.connect(output / "state" / "copydesk.sqlite")) as state:
        named = {name for (name,) in state.execute("SELECT name FROM dedup_run")}
    yield from (f"left in state/index: {path.name}" for path in (output / "state" / "index").iterdir() if path.name not in named)
    databases = {f"{name}.sqlite{suffix}" for name in ("copydesk", "hosts") for suffix in ("", "-wal", "-shm")}
    expected = databases | {"fold.lock", "index", "crawls"}
    yield from (f"left in state/crawls: {path.name}" for path in (output / "state" / "crawls").glob("*"))
    yield from (f"left in state: {path.name}" for path in (output / "state").iterdir() if path.name not in expected)


def stories_of(output: Path) -> set[frozenset[str]]:
    """Return the partition of the URLs into stories."""
    members = pd.concat([_read(output, dataset)[["story_id", "url"]] for dataset in ("corpus", "copies")])
    return {frozenset(urls) for _, urls in members.groupby("story_id")["url"]}


@contextmanager
def reading(output: Path, tally: Tally) -> Iterator[None]:
    """Let a plain reader read the corpus for the length of the block."""
    reader = Reader(output, stories={article.url: article.story for article in load_truth()})
    reader.start()
    try:
        yield
    finally:
        reader.stop()
        tally.reader += reader.counts
        tally.problems += reader.problems


def _read(output: Path, dataset: str) -> pd.DataFrame:
    return pd.read_parquet(output / dataset)


def _rows(output: Path, dataset: str) -> Mapping[str, Any]:
    """Return {url: row} without what depends on when it was fetched: ``story_id`` and all that follows from it."""
    frame = _read(output, dataset)
    kept = [name for name in frame.columns if name not in (*BY_CHANCE, "story_id", "crawl_date")]
    return {row["url"]: repr(row) for row in frame[kept].to_dict("records")}


def _stat(number: int) -> tuple[str, float]:
    """Return a process's state and the CPU seconds that it has used; ("", 0.0) if it is gone."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0.0
    return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
