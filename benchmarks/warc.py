"""Replay on this machine: ``python -m benchmarks.warc --pages 100000``, or ``--pages 5000 --page-kb 200``.

Builds a WARC file of pages of the newsroom, each edition with words of its own, and replays it with ``scrapy replay`` in a process of its
own. The newsroom's pages have 9 kB; ``--page-kb`` dresses them in the furniture of a real site up to that size; ``--archive`` takes a file that is there.

What counts is the share of the cores that goes into the stages, of wall time and of all CPU: what other work on the machine does to both sides
of it is the same. Their CPU is what the workers themselves measure around each page; beside it stands what the chain takes in processes that do nothing
else, before and after. Start-up is what a replay of one page takes. Memory is that of the whole process group, as it goes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.__main__ import newsroom_pages
from newsroom import load_truth
from pipelines.chain import process_page
from pipelines.records import Discovered, FetchedPage
from pipelines.warc import ArchivedPage, PageNote, read_pages
from pipelines.warc.writing import Archive, Exchange

SAMPLE_PAGES = 400
LOOK_SECONDS = 0.1
"""What a process took after the last look at it is not seen."""
WORDS = "council harbour bridge library vote budget street school ferry market winter repair tender mayor resident hearing engineer".split()
FIRST_FETCH = datetime(2026, 11, 20, tzinfo=UTC)


@cache
def words_of_articles() -> list[str]:
    """Return the words of the newsroom's English articles, each as often as it stands there.

    Of a few words only, chance would make the same runs of them again and again: to dedup, all of a text would be boilerplate.
    """
    english = (article for article in load_truth() if (article.language or "").startswith("en"))
    return [word for article in english for paragraph in article.paragraphs for word in re.findall(r"[a-z]+", paragraph)]


def edition_of(page: FetchedPage, number: int) -> tuple[str, bytes]:
    """Return address and body of one edition of a page: a story of its own, most of whose paragraphs no other has."""
    draw = Random(f"{page.url} {number}")
    parts = page.body.split(b"<p>")
    words = words_of_articles()
    fresh = [f"<p>{' '.join(draw.choices(words, k=40)).capitalize()} {number}.</p>".encode() for _ in range(8)] if number else []
    canonical = page.url.encode()
    body = b"<p>".join(parts[:2]) + b"".join(fresh) + (b"<p>" + b"<p>".join(parts[2:]) if len(parts) > 2 else b"")
    url = f"{page.url}-{number}" if number else page.url
    return url, body.replace(canonical, url.encode())


def dress(body: bytes, size: int) -> bytes:
    """Return a page with scripts, styles, menus and teasers around its article, so that it has about size bytes.

    Of a page of 200 kB that gives 1,200 elements, 240 of them links, 58 kB of scripts and 19 kB of styles; 60 labelled real pages of that mean
    size had 980, 180, 61 kB and 23 kB, and the chain took two to three times as long for them: they have more text.
    """
    missing = size - len(body)
    if missing <= 0:
        return body
    draw = Random(body)
    words = [f"{draw.choice(WORDS)}-{draw.randrange(1000)}" for _ in range(50)]

    def name(count: int) -> str:
        return " ".join(draw.choices(words, k=count))

    def repeat(piece: Callable[[], str], share: float) -> str:
        pieces, length = [], 0
        while length < share * missing:
            pieces.append(piece())
            length += len(pieces[-1])
        return "".join(pieces)

    def link(tag: str) -> str:
        data = f'class="{name(2)}" data-{draw.choice(WORDS)}="{name(6)}"'
        return f'<{tag} {data}><a {data} href="/{draw.choice(words)}/{draw.randrange(10**6)}"><span>{draw.choice(WORDS)}</span></a></{tag}>'

    def teaser() -> str:
        image = ", ".join(f"https://img.example/{draw.choice(words)}.jpg?w={width} {width}w" for width in range(200, 1200, 200))
        heading = " ".join(draw.choices(WORDS, k=8)).capitalize()
        return f'<div class="{name(4)}"><img alt="" srcset="{image}"><h3 class="{name(2)}">{link("div")}{heading}</h3><svg><path d="{name(12)}"/></svg></div>'

    styles = f"<style>{repeat(lambda: f'.{draw.choice(words)} {{ margin: {draw.randrange(99)}px }} ', 0.1)}</style>"
    scripts = f"<script>state = {{{repeat(lambda: f'{name(1)!r}: {name(9)!r}, ', 0.3)}}}</script>"
    menus, teasers = f"<nav><ul>{repeat(lambda: link('li'), 0.2)}</ul></nav>", f"<aside>{repeat(teaser, 0.4)}</aside>"
    body = body.replace(b"</head>", f"{styles}{scripts}</head>".encode(), 1)
    body = re.sub(rb"<body[^>]*>", lambda found: found[0] + menus.encode(), body, count=1)
    return body.replace(b"</body>", teasers.encode() + b"</body>", 1)


def exchanges(numbers: range, *, page_bytes: int = 0) -> Iterator[Exchange]:
    """Yield the answers of these numbers, a second apart; smaller pages than page_bytes are dressed."""
    pages = newsroom_pages()
    for index in numbers:
        url, body = edition_of(pages[index % len(pages)], index // len(pages))
        body = dress(body, page_bytes)
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


def write_part(folder: Path, numbers: range, page_bytes: int) -> Path:
    """Write some of the answers as an archive in a folder of its own, and return its only file."""
    archive = Archive(folder, index=folder / "index.sqlite", name="bench", max_bytes=10**12, info={"software": "copydesk benchmark"})
    for exchange in exchanges(numbers, page_bytes=page_bytes):
        archive.write(exchange)
    archive.close()
    return next(folder.glob("*.warc.gz"))


def build(folder: Path, count: int, *, page_bytes: int = 0) -> Path:
    """Write the archive, on all cores, and return its only file: archives one after the other are one."""
    cores = min(count, len(os.sched_getaffinity(0)))
    bounds = [count * part // cores for part in range(cores + 1)]
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(cores) as pool:
        folders = [Path(scratch) / str(part) for part in range(cores)]
        parts = pool.map(write_part, folders, map(range, bounds, bounds[1:]), [page_bytes] * cores)
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / "bench.warc.gz"
        with whole.open("wb") as file:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file)
                part.unlink()
    return whole


def find_or_build(folder: Path, count: int, *, page_bytes: int = 0) -> Path:
    """Return the archive in a folder, written if there is none."""
    return next(folder.glob("*.warc.gz"), None) or build(folder, count, page_bytes=page_bytes)


def chain_seconds(path: Path, count: int) -> float:
    """Return CPU seconds a page of the chain alone, on pages evenly spread over a file of count pages."""
    step = max(1, count // SAMPLE_PAGES)
    pages = islice((page for page in read_pages(path) if isinstance(page, ArchivedPage)), 0, step * SAMPLE_PAGES, step)
    fetched = [
        FetchedPage(url=page.url, body=page.body, encoding=page.encoding, fetched_at=page.fetched_at, source="bench") for page in pages
    ]
    for page in fetched[:50]:
        process_page(page)
    before = time.process_time()
    for page in fetched:
        process_page(page)
    return (time.process_time() - before) / len(fetched)


def chain_on_all_cores(path: Path, count: int, cores: int) -> float:
    """Return the mean of ``chain_seconds`` in as many processes as there are cores, all at once: a core that is not alone is slower."""
    with ProcessPoolExecutor(cores) as pool:
        return sum(pool.map(chain_seconds, [path] * cores, [count] * cores)) / cores


class Group:
    """The process at the head of a session and all that it started, also what the system's own accounts of children leave out: workers of a forkserver, and of Spark."""

    def __init__(self, leader: int) -> None:
        self.leader = leader
        self._ticks: dict[tuple[int, str], int] = {}
        self.memory: list[tuple[float, float]] = []
        """Resident MB of the leader and of the whole group, at each look."""

    @property
    def cpu_seconds(self) -> float:
        """CPU of every process that was seen, up to the last look at it."""
        return sum(self.cpu_by_name.values())

    @property
    def cpu_by_name(self) -> dict[str, float]:
        """The same by the name of the program."""
        seconds: dict[str, float] = {}
        for (_, name), ticks in self._ticks.items():
            seconds[name] = seconds.get(name, 0.0) + ticks / os.sysconf("SC_CLK_TCK")
        return seconds

    def look(self) -> None:
        """Note memory and CPU as they are now."""
        own = total = 0.0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                head, _, rest = (entry / "stat").read_text().rpartition(")")
                fields = rest.split()
                if int(fields[3]) != self.leader:
                    continue
                self._ticks[int(entry.name), head.partition("(")[2]] = int(fields[11]) + int(fields[12])
                megabytes = int(fields[21]) * resource.getpagesize() / 1e6
            except (OSError, ValueError, IndexError):
                continue
            total += megabytes
            own = megabytes if int(entry.name) == self.leader else own
        if total:
            self.memory.append((own, total))


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What one replay took."""

    pages: int
    seconds: float
    """By the clock."""
    stages: float
    """CPU seconds of the stages, as the workers measured them."""
    group: Group


def replay(path: Path, output: Path) -> Replay:
    """Replay a file with ``scrapy replay`` in a process of its own."""
    command = [sys.executable, "-m", "scrapy", "replay", str(path), "-s", f"OUTPUT_DIR={output}", "-s", "REPORT_PAGE=False"]
    started = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    group = Group(process.pid)
    while process.poll() is None:
        group.look()
        time.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - started
    if process.returncode:
        raise SystemExit(f"the replay ended with {process.returncode}")
    report = json.loads(next((output / "runs").glob("*/report.json")).read_text())
    pages = report["stages"]["fetch"]["seen"]
    return Replay(pages=pages, seconds=seconds, stages=report["measures"]["stages_cpu_seconds"], group=group)


def describe(whole: Replay, start: Replay, alone: float, cores: int) -> str:
    """Return the figures of a replay as lines; start: one of a single page; alone: CPU seconds a page of the chain by itself."""
    pages, stages, cpu = whole.pages, whole.stages, whole.group.cpu_seconds
    start_cpu, start_seconds = start.group.cpu_seconds - start.stages, start.seconds
    lines = [
        f"chain        {1000 * stages / pages:.2f} ms of CPU a page in the workers, {1000 * alone:.2f} in processes that do nothing else",
        f"start-up     {start_cpu:.1f} s of CPU in {start_seconds:.1f} s",
        f"replay       {pages / whole.seconds:.1f} pages a second ({whole.seconds:.0f} s), "
        f"{stages / whole.seconds / cores:.0%} of {cores} cores x the chain's pages a CPU second; "
        f"{stages / max(whole.seconds - start_seconds, 0.1) / cores:.0%} without start-up "
        f"({pages * alone / max(whole.seconds - start_seconds, 0.1) / cores:.0%} by its pages in processes that do nothing else). It had {cpu / whole.seconds / cores:.0%} of the cores' time",
        f"CPU          {1000 * cpu / pages:.2f} ms a page in all processes, of which the chain is {stages / cpu:.1%}; "
        f"{stages / (cpu - start_cpu):.1%} without start-up",
    ]
    memory = whole.group.memory
    for share in (0.1, 0.25, 0.5, 0.75, 0.95):
        own, total = memory[int(share * (len(memory) - 1))]
        lines.append(f"memory       at {share:4.0%}: {own:.0f} MB the replay's own process, {total:.0f} MB with its workers")
    return "\n".join(lines)


def main() -> int:
    """Build, measure, replay, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--page-kb", type=int, default=0, help="dress smaller pages up to so many kB (1,000 bytes)")
    parser.add_argument("--archive", type=Path, help="a folder to build the archive in, or that has it from before")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = find_or_build(options.archive or folder / "archive", options.pages, page_bytes=1000 * options.page_kb)
        print(f"archive      {options.pages} pages in {path.stat().st_size / 1e6:.0f} MB", flush=True)
        start = replay(build(folder / "page", 1, page_bytes=1000 * options.page_kb), folder / "start")
        before = chain_on_all_cores(path, options.pages, cores)
        whole = replay(path, folder / "output")
        alone = (before + chain_on_all_cores(path, options.pages, cores)) / 2
    print(describe(whole, start, alone, cores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
