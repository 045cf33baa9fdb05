"""A real ``scrapy`` in a subprocess against the newsroom on loopback."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from newsroom import SOURCES_FILE, Newsroom
from tests.crawler.odd_site import OddSite

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit status."""

    status: int
    output: str


@pytest.fixture(scope="session")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom.serve() as server:
        yield server


@pytest.fixture(scope="session")
def scrapy(newsroom: Newsroom) -> Callable[..., Ran]:
    """Run ``scrapy …`` in the project, with the newsroom as its only network; through: a command that starts it."""

    def run(*args: str | Path, timeout: float = 120, through: str = "", **environment: str) -> Ran:
        env = {**os.environ, "http_proxy": newsroom.proxy_url, "no_proxy": "", "PYTHONWARNINGS": "default", "COLUMNS": "200", **environment}
        done = subprocess.run(
            [*shlex.split(through), sys.executable, "-m", "scrapy", *map(str, args)],
            cwd=ROOT, env=env, text=True, capture_output=True, timeout=timeout, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout + done.stderr)

    return run


@pytest.fixture(scope="session")
def crawl(scrapy: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run ``scrapy crawl SPIDER`` on the newsroom's sources into a folder, without delays."""

    def run(spider: str, output: Path, *args: str | Path, sources: Path = SOURCES_FILE, **environment: str) -> Ran:
        return scrapy(
            "crawl", spider, "-s", f"SOURCES={sources}", "-s", f"OUTPUT_DIR={output}", "-s", "DOWNLOAD_DELAY=0", *args, **environment
        )

    return run


@pytest.fixture(scope="session")
def northwire(crawl: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The crawl of one source without a page at its end: its folder, not to be changed but by a report, and what was printed."""
    folder = tmp_path_factory.mktemp("northwire")
    ran = crawl("news", folder, "-a", "source=northwire", "-s", "REPORT_PAGE=False")
    assert ran.status == 0, ran.output
    return folder, ran


Leave = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def leave_running() -> Iterator[Leave]:
    """Start ``scrapy …`` in the project behind a proxy and leave it running, in a process group of its own, which is killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def run(*args: str | Path, proxy: str, no_proxy: str = "", stdout: int = subprocess.PIPE, **environment: str) -> subprocess.Popen[str]:
        env = {**os.environ, "http_proxy": proxy, "no_proxy": no_proxy, "COLUMNS": "200", **environment}
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", *map(str, args)],
            cwd=ROOT, env=env, text=True, stdout=stdout, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def site() -> Iterator[OddSite]:
    """A server that answers as the test says."""
    with OddSite.serve() as site:
        yield site


def read(output: Path, dataset: str) -> pd.DataFrame:
    """Return a dataset as a user reads it; empty when there is nothing yet."""
    folder = output / dataset
    return pd.read_parquet(folder) if any(folder.rglob("*.parquet")) else pd.DataFrame()
