"""Crawl a hostile newsroom for a while and judge the crawl from the other side: ``python -m benchmarks.soak --minutes 30``.

One ``scrapy crawl news`` after the other; between two of them an hour passes, for the state's clocks only, so that what failed is due again.
Exits with 1 when an article is missing or doubled, a forbidden place was asked, a host was asked too soon, or memory went over its limit.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.dataset as ds

from benchmarks.hostile import HostileNewsroom

HOUR = 3600
MEMORY_LIMIT_MB = 1024
# The trap names pages without end: with these a run asks them of it for two minutes.
SMALL_RUNS = {"DISCOVER_MAX_URLS_PER_SOURCE": "20", "DISCOVER_MAX_SITEMAPS_PER_SOURCE": "8"}
# A request leaves in time and arrives a little later or sooner than the one before it, on a busy machine by so many seconds.
ARRIVAL_TOLERANCE = 0.3


@dataclass(slots=True)
class Findings:
    """What a soak measured."""

    runs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    main_mb: list[float] = field(default_factory=list)
    """Largest resident memory of each run's own process."""
    tree_mb: list[float] = field(default_factory=list)
    """Largest memory of each run with its workers; shared pages count once."""
    stored: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def main() -> int:
    """Run, print the figures and what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--sites", type=int, default=8)
    parser.add_argument("--articles", type=int, default=150, help="of each site, published over the first two thirds of the time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, help="keep the output folder here")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the crawls")
    arguments = parser.parse_args()
    newsroom = HostileNewsroom(
        sites=arguments.sites, articles=arguments.articles, seed=arguments.seed, crawl_delays={"paper-0.example": 2.0}
    )
    with tempfile.TemporaryDirectory() as folder, newsroom.serve():
        found = soak(
            newsroom,
            arguments.output or Path(folder),
            seconds=arguments.minutes * 60,
            settings=dict(one.split("=", 1) for one in arguments.set),
        )
    print_findings(newsroom, found)
    return 1 if found.problems else 0


def soak(newsroom: HostileNewsroom, output: Path, *, seconds: float, settings: dict[str, str]) -> Findings:
    """Crawl until the time is over, or all is published and stored, and say what was found."""
    found = Findings()
    output.mkdir(parents=True, exist_ok=True)
    sources = output / "sources.toml"
    sources.write_text(newsroom.catalogue())
    started = time.monotonic()
    publisher = threading.Thread(target=publish, args=(newsroom, started, seconds * 2 / 3), daemon=True)
    newsroom.published = 1
    publisher.start()
    good = newsroom.good_urls()
    while True:
        one_run(
            newsroom,
            output,
            found,
            {"SOURCES": str(sources), "OUTPUT_DIR": str(output / "out"), "LOG_LEVEL": "ERROR", **SMALL_RUNS, **settings},
        )
        found.stored = stored_urls(output / "out")
        print(f"{time.monotonic() - started:6.0f} s  run {found.runs}: {len(found.stored)} of {len(good)} stored, {found.main_mb[-1]:.0f} MB, {found.tree_mb[-1]:.0f} MB with workers", flush=True)  # fmt: skip
        is_complete = set(found.stored) >= good
        if time.monotonic() - started > seconds or (is_complete and seconds < 300):
            break
        let_an_hour_pass(output / "out")
    judge(newsroom, found, delay=float(settings.get("DOWNLOAD_DELAY", "1.0")))
    return found


def publish(newsroom: HostileNewsroom, started: float, seconds: float) -> None:
    """Let the articles come out evenly over some seconds."""
    while newsroom.published < newsroom.articles:
        newsroom.published = min(newsroom.articles, 1 + int((time.monotonic() - started) / seconds * newsroom.articles))
        time.sleep(0.5)


def one_run(newsroom: HostileNewsroom, output: Path, found: Findings, settings: dict[str, str]) -> None:
    """Crawl once, and measure its memory twice a second."""
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    env = {**os.environ, "http_proxy": newsroom.proxy_url, "no_proxy": ""}
    with (output / "crawl.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "crawl", "news", *options], env=env, stdout=log, stderr=log, start_new_session=True
        )
        main_mb = tree_mb = 0.0
        while process.poll() is None:
            main_mb = max(main_mb, memory_mb(process.pid, "status", "VmRSS"))
            tree_mb = max(tree_mb, sum(memory_mb(pid, "smaps_rollup", "Pss") for pid in processes_of(process.pid)))
            time.sleep(0.5)
    found.runs += 1
    found.statuses[process.returncode] += 1
    found.main_mb.append(main_mb)
    found.tree_mb.append(tree_mb)


def processes_of(session: int) -> list[int]:
    """Return the processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if int(path.read_text().rpartition(")")[2].split()[3]) == session:
                found.append(int(path.parent.name))
    return found


def memory_mb(pid: int, file: str, name: str) -> float:
    """Return a figure of /proc in MB, 0 when the process is gone."""
    with suppress(OSError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def stored_urls(output: Path) -> Counter[str]:
    """Return how often each URL stands in corpus or copies."""
    found: Counter[str] = Counter()
    for dataset in ("corpus", "copies"):
        if any((output / dataset).rglob("*.parquet")):
            found.update(ds.dataset(output / dataset).to_table(columns=["url"])["url"].to_pylist())
    return found


def let_an_hour_pass(output: Path) -> None:
    """Set every clock of the state back by an hour: what failed is due, and what hosts said is an hour older."""
    with closing(sqlite3.connect(output / "state" / "copydesk.sqlite", timeout=30)) as state, state:
        state.execute("UPDATE failed_url SET next_try_us = next_try_us - ?, last_try_us = last_try_us - ?", (HOUR * 10**6, HOUR * 10**6))
        # A good page that meets a fault at every one of ten tries is no part of what is to be shown.
        state.execute("UPDATE failed_url SET tries = 1, next_try_us = 0 WHERE url LIKE 'http://paper-%'")
    with closing(sqlite3.connect(output / "state" / "hosts.sqlite", timeout=30)) as hosts, hosts:
        hosts.execute("UPDATE answer SET fetched_at = fetched_at - ?", (HOUR,))
        hosts.execute("UPDATE rest SET until = until - ?", (HOUR,))


def judge(newsroom: HostileNewsroom, found: Findings, *, delay: float) -> None:
    """Add what is wrong to the findings."""
    good = newsroom.good_urls()
    record = newsroom.record
    if missing := good - set(found.stored):
        found.problems.append(f"{len(missing)} of {len(good)} articles are not stored, such as {min(missing)}")
    if strangers := set(found.stored) - good:
        found.problems.append(f"{len(strangers)} stored pages are no articles, such as {min(strangers)}")
    if doubled := [url for url, number in found.stored.items() if number > 1]:
        found.problems.append(f"{len(doubled)} articles are stored more than once")
    allowed = {*newsroom.sites, "trap.example"}
    if forbidden := [one.url for one in record.asked if one.host not in allowed or urlsplit(one.url).path.startswith("/private/")]:
        found.problems.append(f"{len(forbidden)} requests to forbidden places, such as {forbidden[0]}")
    for host, gaps in record.gaps().items():
        asked = max(0.2 if host == "trap.example" else delay, newsroom.crawl_delays.get(host, 0.0))
        if gaps and gaps[0] < asked - ARRIVAL_TOLERANCE:
            found.problems.append(f"{host} was asked after {gaps[0]:.2f} s, {asked:g} s are promised")
    if early := [seconds for _, seconds in record.too_early if seconds > ARRIVAL_TOLERANCE]:
        found.problems.append(f"{len(early)} requests came before a Retry-After had passed, up to {max(early):.2f} s")
    if max(found.tree_mb) > MEMORY_LIMIT_MB:
        found.problems.append(f"a crawl took {max(found.tree_mb):.0f} MB, {MEMORY_LIMIT_MB} are promised")
    third = max(1, len(found.main_mb) // 3)
    first, last = sorted(found.main_mb[:third])[third // 2], sorted(found.main_mb[-third:])[third // 2]
    if found.runs >= 6 and last > first * 1.5 + 50:
        found.problems.append(f"memory grew from {first:.0f} to {last:.0f} MB over the runs")
    if set(found.statuses) - {0}:
        found.problems.append(f"crawls ended with {dict(found.statuses)}")


def print_findings(newsroom: HostileNewsroom, found: Findings) -> None:
    """Print the figures."""
    record = newsroom.record
    faults = Counter(one.fault for one in record.asked if one.host in newsroom.sites)
    print(
        f"{found.runs} runs, exit statuses {dict(found.statuses)}; {len(record.asked)} requests, {sum(faults.values()) - faults['']} faults: {dict(faults)}"
    )
    print(f"stored {len(set(found.stored) & newsroom.good_urls())} of {len(newsroom.good_urls())} articles")
    print(
        f"memory: own process {min(found.main_mb):.0f} to {max(found.main_mb):.0f} MB, with workers {min(found.tree_mb):.0f} to {max(found.tree_mb):.0f} MB"
    )
    for host, gaps in sorted(record.gaps().items()):
        if gaps:
            print(
                f"{host:18s} {len(gaps) + 1:5d} requests, seconds between them: least {gaps[0]:.2f}, 1 % {gaps[len(gaps) // 100]:.2f}, median {gaps[len(gaps) // 2]:.2f}"
            )
    print(f"before a Retry-After had passed: {len(record.too_early)}")
    print("\n".join(found.problems) or "nothing is wrong")


if __name__ == "__main__":
    sys.exit(main())
