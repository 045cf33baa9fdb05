"""The store at a million articles, with the real index: ``python -m benchmarks.million FOLDER``.

The stories and copies of ``benchmarks/corpora.py`` go through the store's own writer into ``articles/``; then the commands of ``scrapy corpus``
are run as a user runs them, beginning with ``rebuild``, which folds and publishes all of it. Printed are CPU and wall seconds and peak memory
of each command, and what is on disk. Ends with 1 when a command does, or when ``verify`` takes more than 2 GB.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from benchmarks.corpora import LabelledDocument, as_article, make_corpus
from pipelines.chain import open_store
from pipelines.records import Article, Evidence, Removed

ROOT = Path(__file__).resolve().parent.parent
BATCH = 5_000
AGENCIES = ("AP", "REUTERS", "AFP", "DPA")
MAX_VERIFY_BYTES = 2 << 30
STEPS = ("log", "stats", "verify", "compact", "rebuild")
ORDER = ("log", "rebuild", "stats", "verify", "compact", "verify")
"""``rebuild`` does here what folds and publishes do crawl by crawl; all else needs it done."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process took."""

    status: int
    cpu_seconds: float
    seconds: float
    peak_bytes: int


def main() -> int:
    """Run the steps, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; 10 GB for a million articles")
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--steps", default=",".join(ORDER), help=f"comma-separated, of {', '.join(STEPS)} (default: {','.join(ORDER)})")
    parser.add_argument("--only-log", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    if options.only_log:
        write_log(folder, options.articles)
        return 0
    steps = options.steps.split(",")
    if unknown := sorted(set(steps) - set(STEPS)):
        parser.error(f"--steps: expected of {', '.join(STEPS)}, got {', '.join(unknown)}")
    return max([run_step(step, folder, options.articles) for step in steps])


def run_step(step: str, folder: Path, count: int) -> int:
    """Do one step, print what it took, and return 1 if it failed or took too much."""
    extra = ["--min-age-days", "0"] if step == "compact" else []
    command = ["scrapy", "corpus", step, "-s", f"OUTPUT_DIR={folder}", *extra]
    if step == "log":
        command = ["benchmarks.million", str(folder), "--articles", str(count), "--only-log"]
    used = run([sys.executable, "-m", *command])
    print(
        f"{step:10s} {used.cpu_seconds:8.1f} CPU s {used.seconds:8.1f} s  peak {used.peak_bytes / 1e6:7.0f} MB  on disk {describe(folder)}",
        flush=True,
    )
    if step == "verify" and used.peak_bytes > MAX_VERIFY_BYTES:
        print(f"verify: expected at most {MAX_VERIFY_BYTES / 1e6:.0f} MB, found {used.peak_bytes / 1e6:.0f}")
        return 1
    return 1 if used.status else 0


def run(command: list[str]) -> Usage:
    """Run a command to its end and return what it took, children that it waited for included. What it says is printed if it fails."""
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            print(said.read().decode(errors="replace"))
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Usage(process.returncode, used.ru_utime + used.ru_stime, time.monotonic() - began, peak)


def write_log(folder: Path, count: int) -> None:
    """Commit articles and leave the rest to ``rebuild``."""
    corpus = make_corpus(count)
    with open_store(folder) as store:
        while batch := list(islice(corpus, BATCH)):
            store.commit(store.freeze([make_article(labelled) for labelled in batch]))


def make_article(labelled: LabelledDocument) -> Article:
    """Return a made-up document as an article. Of ten stories three are an agency's, and half of their copies say so."""
    document, draw = labelled.document, hashlib.blake2b(labelled.story.encode(), digest_size=8).digest()
    agencies = (AGENCIES[draw[1] % 4],) if draw[0] < 77 and document.article_id < "8" else ()
    return replace(
        as_article(document),
        section="World",
        tags=("rivers",),
        agencies=agencies,
        provenance_mode="wire" if agencies else "none",
        provenance=tuple(
            Evidence(field="agencies", value=code, signal="dateline", evidence=f"OSLO ({code})", confidence=0.9) for code in agencies
        ),
        removed=(Removed(reason="prompt", text="Sign up for our newsletter", position=0),),
    )


def describe(folder: Path) -> str:
    """Say how much is on disk, in MB."""
    sizes = {name: sum(path.stat().st_size for path in (folder / name).rglob("*") if path.is_file()) for name in ("articles", "state")}
    whole = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{whole / 1e6:.0f} MB, articles {sizes['articles'] / 1e6:.0f}, state {sizes['state'] / 1e6:.0f}"


if __name__ == "__main__":
    sys.exit(main())
