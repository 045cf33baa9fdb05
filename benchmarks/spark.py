"""One machine and Spark over the same log: ``python -m benchmarks.spark --documents 200000``.

Made-up documents (``benchmarks.corpora``: cut and edited copies, boilerplate of 600 sources, templates) are written as the log of a crawl.
``scrapy corpus rebuild`` and ``python -m pipelines.spark stories`` make corpus and copies of it, each in processes of its own. Printed are
wall and CPU seconds and peak memory of both, and how many files differ: in their rows, the order of these, columns, types or metadata.
Needs the extra ``[spark]`` and Java 17.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.corpora import as_article, make_corpus
from benchmarks.warc import Group
from pipelines.chain import store_parameters
from pipelines.corpus.files import Layout, make_part_name
from pipelines.corpus.rows import articles_to_table
from pipelines.records import Article

PART_ROWS = 2_000
DATASETS = ("corpus", "copies")
_TOLD = re.compile(r"\s*[a-z ]+ [\d,]+")
"""A line of the job's report."""


def write_log(folder: Path, articles: Iterable[Article], *, rows: int) -> None:
    """Write articles as the parts of a crawl below folder, by day and so many rows each; those of one day in their order."""
    layout = Layout(folder, store_parameters())
    layout.create()
    days: dict[str, list[Article]] = {}

    def write(day: str) -> None:
        if own := days.pop(day, []):
            layout.write("articles", day, make_part_name(own[0].fetched_at), articles_to_table(own))

    for article in articles:
        day = article.fetched_at.date().isoformat()
        days.setdefault(day, []).append(article)
        if len(days[day]) >= rows:
            write(day)
    for day in list(days):
        write(day)


def differing_files(one: Path, other: Path) -> Iterator[str]:
    """Yield the files of corpus and copies that are not the same in both folders; files without rows are none."""
    for place in sorted(filled_files(one) | filled_files(other)):
        paths = [folder / place for folder in (one, other)]
        if not all(path.exists() for path in paths):
            yield place
            continue
        first, second = (pq.ParquetFile(path).read() for path in paths)
        if not first.equals(second, check_metadata=True):
            yield place


def filled_files(folder: Path) -> set[str]:
    """Return the places of all files with rows."""
    paths = (path for name in DATASETS for path in (folder / name).rglob("*.parquet"))
    return {str(path.relative_to(folder)) for path in paths if pq.ParquetFile(path).metadata.num_rows}


def measure(name: str, command: Sequence[object], **environment: str) -> None:
    """Run a command and print what it took and said."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, command)],
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            start_new_session=True,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        group = Group(process.pid)
        try:
            while process.poll() is None:
                group.look()
                time.sleep(0.5)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        said.seek(0)
        lines = said.read().splitlines()
    if process.returncode:
        raise SystemExit("\n".join([*lines[-30:], f"{name}: ended with {process.returncode}"]))
    peak = max((total for _, total in group.memory), default=0.0)
    shares = ", ".join(f"{program} {seconds:.0f}" for program, seconds in sorted(group.cpu_by_name.items()) if seconds >= 1)
    print(f"{name:12s} {time.monotonic() - started:6.0f} s, {group.cpu_seconds:6.0f} CPU s ({shares}), peak {peak:.0f} MB", flush=True)
    for line in lines:
        if _TOLD.fullmatch(line):
            print(f"{'':12s} {line.strip()}")


def main() -> int:
    """Write the log, run both, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--heap", default="2g", help="of the JVM")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        machine, spark = Path(name) / "machine", Path(name) / "spark"
        corpus = (as_article(labelled.document) for labelled in make_corpus(options.documents, seed=3))
        write_log(machine, islice(corpus, options.documents), rows=PART_ROWS)
        stories = ["pipelines.spark", "--master", options.master, "stories", "--articles", machine / "articles", "--out", spark]
        measure("spark", stories, PYSPARK_SUBMIT_ARGS=f"--driver-memory {options.heap} pyspark-shell")
        measure("one machine", ["scrapy", "corpus", "rebuild", "-s", f"OUTPUT_DIR={machine}"])
        differing = list(differing_files(machine, spark))
        print(f"files        {len(filled_files(machine))}, of which differ: {len(differing)} {' '.join(differing[:5])}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
