"""Replay on this machine: ``python -m benchmarks.warc --pages 100000``.

Builds a WARC file of pages of the newsroom, each edition with words of its own, and replays it with ``scrapy replay`` in a process of its
own. Printed are pages per second beside what the workers' cores could give if they did nothing but the chain, the same in CPU seconds (which
other work on the machine does not change), and the memory of the whole process group as it goes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.__main__ import newsroom_pages
from pipelines.chain import process_page
from pipelines.records import Discovered, FetchedPage
from pipelines.warc import PageNote, read_pages
from pipelines.warc.writing import Archive, Exchange

SAMPLE_PAGES = 400
WORDS = "council harbour bridge library vote budget street school ferry market winter repair tender mayor resident hearing engineer".split()
FIRST_FETCH = datetime(2026, 11, 20, tzinfo=UTC)


def edition_of(page: FetchedPage, number: int) -> tuple[str, bytes]:
    """Return address and body of one edition of a page: a story of its own, most of whose paragraphs no other has."""
    draw = Random(f"{page.url} {number}")
    parts = page.body.split(b"<p>")
    fresh = [f"<p>{' '.join(draw.choices(WORDS, k=40)).capitalize()} {number}.</p>".encode() for _ in range(8)] if number else []
    canonical = page.url.encode()
    body = b"<p>".join(parts[:2]) + b"".join(fresh) + (b"<p>" + b"<p>".join(parts[2:]) if len(parts) > 2 else b"")
    url = f"{page.url}-{number}" if number else page.url
    return url, body.replace(canonical, url.encode())


def exchanges(count: int) -> Iterator[Exchange]:
    """Yield so many answers, a second apart."""
    pages = newsroom_pages()
    for index in range(count):
        url, body = edition_of(pages[index % len(pages)], index // len(pages))
        yield Exchange(
            url=url,
            method="GET",
            request_headers=[("Host", "news.example")],
            status=200,
            headers=[("Content-Type", "text/html; charset=utf-8")],
            body=body,
            fetched_at=FIRST_FETCH + timedelta(seconds=index % 80_000),
            note=PageNote(source=pages[index % len(pages)].source, hint=Discovered(url=url, found_in="", channel="request")),
        )


def build(folder: Path, count: int) -> Path:
    """Write the archive and return its only file."""
    archive = Archive(folder, index=folder / "index.sqlite", name="bench", max_bytes=10**12, info={"software": "copydesk benchmark"})
    for exchange in exchanges(count):
        archive.write(exchange)
    archive.close()
    return next(folder.glob("*.warc.gz"))


def chain_seconds(path: Path) -> float:
    """Return CPU seconds a page of reading and the chain alone, in this process, on the first pages of the file."""
    pages = []
    before = time.process_time()
    for found in read_pages(path):
        pages.append(found)
        if len(pages) == SAMPLE_PAGES:
            break
    reading = time.process_time() - before
    fetched = [
        FetchedPage(url=page.url, body=page.body, encoding=page.encoding, fetched_at=page.fetched_at, source="bench")  # type: ignore[union-attr]
        for page in pages
    ]
    for page in fetched[:50]:
        process_page(page)
    before = time.process_time()
    for page in fetched:
        process_page(page)
    seconds = time.process_time() - before
    print(
        f"chain        {1000 * seconds / len(fetched):.2f} ms of CPU a page ({len(fetched) / seconds:.0f} pages per CPU second); reading {1000 * reading / len(pages):.2f} ms"
    )
    return seconds / len(fetched)


class Group:
    """A process and all that it started, workers of a forkserver too, which the system's own accounts of children leave out."""

    def __init__(self, leader: int) -> None:
        self.leader = leader
        self._ticks: dict[int, int] = {}
        self.memory: list[tuple[float, float]] = []
        """Resident MB of the leader and of the whole group, at each look."""

    @property
    def cpu_seconds(self) -> float:
        """CPU of every process that was seen, up to the last look at it."""
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")

    def look(self) -> None:
        """Note memory and CPU as they are now."""
        own = total = 0.0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) != self.leader:
                    continue
                self._ticks[int(entry.name)] = int(fields[11]) + int(fields[12])
                megabytes = int(fields[21]) * resource.getpagesize() / 1e6
            except (OSError, ValueError, IndexError):
                continue
            total += megabytes
            own = megabytes if int(entry.name) == self.leader else own
        if total:
            self.memory.append((own, total))


def replay(path: Path, output: Path) -> tuple[float, Group]:
    """Return the wall seconds of a replay, and what it took."""
    command = [sys.executable, "-m", "scrapy", "replay", str(path), "-s", f"OUTPUT_DIR={output}", "-s", "REPORT_PAGE=False"]
    started = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    group = Group(process.pid)
    while process.poll() is None:
        group.look()
        time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"the replay ended with {process.returncode}")
    return time.monotonic() - started, group


def main() -> int:
    """Build, measure, replay, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    count = parser.parse_args().pages
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        path = build(Path(folder) / "archive", count)
        print(f"archive      {count} pages in {path.stat().st_size / 1e6:.0f} MB")
        chain = chain_seconds(path)
        wall, group = replay(path, Path(folder) / "output")
        again = chain_seconds(path)
    chain = (chain + again) / 2
    print(
        f"replay       {count / wall:.1f} pages a second, {count / wall * chain / cores:.0%} of {cores} cores x the chain's; {wall:.0f} s"
    )
    cpu, memory = group.cpu_seconds, group.memory
    print(f"CPU          {1000 * cpu / count:.2f} ms a page in all processes, of which the chain is {chain * count / cpu:.0%}")
    for share in (0.1, 0.25, 0.5, 0.75, 0.95):
        own, total = memory[int(share * (len(memory) - 1))]
        print(f"memory       at {share:4.0%}: {own:.0f} MB the replay's own process, {total:.0f} MB with its workers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
