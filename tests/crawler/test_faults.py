"""Crawls that are killed, doubled or lose a worker: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.store_kills import kill_crawls, processes_of_session
from newsroom import SOURCES_FILE, Newsroom, load_truth
from pipelines.urls import clean_url
from tests.crawler.conftest import ROOT, Leave, Ran, read

Crawl = Callable[..., Ran]
URLS = sorted(article.url for article in load_truth())


@pytest.fixture
def start(leave_running: Leave, newsroom: Newsroom) -> Callable[..., subprocess.Popen[str]]:
    """Start a crawl and leave it running."""

    def run(output: Path, **settings: object) -> subprocess.Popen[str]:
        settings = {"SOURCES": SOURCES_FILE, "OUTPUT_DIR": output, "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "ERROR", **settings}
        options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        return leave_running("crawl", "news", *options, proxy=newsroom.proxy_url, stdout=subprocess.DEVNULL)

    return run


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def stories(output: Path) -> set[frozenset[str]]:
    """The partition of the URLs into stories."""
    members = pd.concat([read(output, "corpus")[["story_id", "url"]], read(output, "copies")[["story_id", "url"]]])
    return {frozenset(urls) for _, urls in members.groupby("story_id")["url"]}


def assert_complete(output: Path, scrapy: Crawl) -> None:
    """Every article in exactly one of corpus and copies, the stories right, the store sound."""
    urls = [*read(output, "corpus")["url"], *read(output, "copies")["url"]]
    assert sorted(urls) == URLS
    expected: dict[str, set[str]] = {}
    for article in load_truth():
        expected.setdefault(article.story, set()).add(article.url)
    assert stories(output) == {frozenset(group) for group in expected.values()}
    assert scrapy("corpus", "verify", "-s", f"OUTPUT_DIR={output}").status == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_killed_crawls_lose_and_double_nothing(tmp_path: Path) -> None:
    """Two at once on one output folder, 20 times SIGKILL at a random moment, then a clean run: as if nothing had happened.

    ``python -m benchmarks.store`` does it 300 times, and starts some crawls as a user does.
    """
    tally = kill_crawls(20, tmp_path / "kills", seed=20261118)
    assert tally.problems == []
    assert sum(tally.kills.values()) >= 20
    assert tally.reader["reads"] > 10
    assert tally.rows - tally.repeats == tally.rounds * len(URLS)


def test_two_crawls_at_once_share_one_output(
    start: Callable[..., subprocess.Popen[str]], crawl: Crawl, scrapy: Crawl, tmp_path: Path
) -> None:
    """Both end well; an article that both fetched is a repeat in the log and in the corpus once."""
    both = [start(tmp_path, STORE_BATCH_SECONDS=0.3, STORE_FOLD_SECONDS=0.4) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert_complete(tmp_path, scrapy)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_worker_that_is_killed_costs_one_page_at_most(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """The page in its hands is a counted rejection that is asked again; all others are stored.

    A feed is read twice before it is given up: two of the kills may meet the same one, and then its source is told and found again next time.
    """
    process = start(tmp_path, EXTRACT_WORKERS=1, CONCURRENT_REQUESTS=2)
    killed = 0
    while process.poll() is None and killed < 3:
        for worker in workers_of(process.pid):
            os.kill(worker, signal.SIGKILL)
            killed += 1
            break
        time.sleep(0.4)
    assert process.wait(timeout=120) == 0
    assert killed
    rows = read(tmp_path, "rejected")
    unread = set(rows.query("reason == 'endpoint_worker_died'")["source"])
    rejected = rows.query("stage == 'extract'")
    assert set(rejected["reason"]) <= {"worker_died"}
    assert not rejected["is_final"].any()
    stored = read(tmp_path, "articles")["url"]
    assert stored.is_unique
    expected = {article.url for article in load_truth() if article.source not in unread}
    assert expected <= {*stored, *map(clean_url, rejected["url"])}
    assert len(rejected) + 2 * len(unread) <= killed


def workers_of(session: int) -> list[int]:
    """The worker processes of a crawl: children of its forkserver."""
    parents: dict[int, int] = {}
    for pid in processes_of_session(session):
        try:
            parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return [pid for pid, parent in parents.items() if parent in parents and parents[parent] in parents]


def test_a_crawl_that_may_write_no_more_says_so_and_the_next_completes(
    newsroom: Newsroom, crawl: Crawl, scrapy: Crawl, tmp_path: Path
) -> None:
    """Files must not grow beyond a limit: the state cannot be made, then not be filled. One clear error, status 1, nothing lost."""
    for kilobytes, told in ((100, "copydesk.sqlite: opening failed"), (900, "the store failed during")):
        options = [f"SOURCES={SOURCES_FILE}", f"OUTPUT_DIR={tmp_path}", "DOWNLOAD_DELAY=0", "EXTRACT_WORKERS=0"]
        done = subprocess.run(
            ["bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "limited", sys.executable, "-m", "scrapy", "crawl", "news",
             *(part for option in options for part in ("-s", option))],
            cwd=ROOT, env={**os.environ, "http_proxy": newsroom.proxy_url, "no_proxy": "", "COLUMNS": "200"},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert told in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    assert crawl("news", tmp_path).status == 0
    assert_complete(tmp_path, scrapy)


def test_an_interrupted_crawl_ends_cleanly(
    start: Callable[..., subprocess.Popen[str]], crawl: Crawl, scrapy: Crawl, tmp_path: Path
) -> None:
    """SIGTERM: what was fetched is committed, the report is written, and the next run completes."""
    process = start(tmp_path, CONCURRENT_REQUESTS=2, STORE_BATCH_SECONDS=0.1)
    assert wait_until(lambda: any(tmp_path.glob("articles/*/*.parquet")), 60)
    process.terminate()
    assert process.wait(timeout=120) == 0
    assert len(list((tmp_path / "runs").glob("*/report.json"))) == 1
    assert crawl("news", tmp_path).status == 0
    assert_complete(tmp_path, scrapy)
