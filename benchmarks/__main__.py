"""Speed on this machine, with what ships with the project: ``python -m benchmarks``."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import trafilatura

from benchmarks.kits import fetched_page, labelled_pages, missing_kits
from newsroom import SOURCES_FILE, Newsroom, build_world, load_truth
from pipelines import chain
from pipelines.attribute import attribute_draft, read_marks
from pipelines.chain import process_page
from pipelines.dedup import deduplicate, minhash_bytes
from pipelines.extract import extract_article, page_blocks, parse_page
from pipelines.extract.decode import decode_body
from pipelines.records import Article, Document, Draft, FetchedPage, ParsedPage
from pipelines.scrub import scrub_draft

ROUNDS = 5
MAX_ATTRIBUTION_SHARE = 0.05
"""Of the chain's CPU time on all labelled pages. News pages alone, which bear more marks, take more; the newsroom's, of a quarter of their size, most."""


def main() -> int:
    """Print the figures of each part; 1 if one is beyond its limit."""
    pages = newsroom_pages()
    failed = False
    measure_stages(pages)
    measure_attribution_share(pages)
    measure_beside_trafilatura(pages)
    if not missing_kits():
        measure_attribution_share([fetched_page(row) for row in labelled_pages() if row["set"] == "fundus"])
        share = measure_attribution_share([fetched_page(row) for row in labelled_pages()], limit=MAX_ATTRIBUTION_SHARE)
        failed = share > MAX_ATTRIBUTION_SHARE
        measure_beside_trafilatura([fetched_page(row) for row in labelled_pages() if row["set"] == "fundus"])
    measure_dedup([article for page in pages if isinstance(article := process_page(page), Article)])
    measure_crawl()
    return int(failed)


def newsroom_pages() -> list[FetchedPage]:
    """Return the newsroom's articles as fetched pages."""
    world, now = build_world(), datetime.now(UTC)
    pages = []
    for article in load_truth():
        resource_ = world.find(article.url)
        assert resource_ is not None
        pages.append(FetchedPage(url=article.url, body=resource_.body, encoding="utf-8", fetched_at=now, source=article.source))
    return pages


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the fastest of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


def measure_stages(pages: list[FetchedPage]) -> None:
    """Print milliseconds of CPU a page for each stage, and pages per CPU second of the chain."""
    parsed = [outcome for page in pages if isinstance(outcome := parse_page(page), ParsedPage)]
    texts = [page_blocks(one.tree) for one in parsed]
    marks = [read_marks(one, blocks) for one, blocks in zip(parsed, texts, strict=True)]
    drafts = [draft for page, of in zip(pages, parsed, strict=True) if isinstance(draft := extract_article(of, page), Draft)]
    scrubbed = [kept for draft in drafts if isinstance(kept := scrub_draft(draft), Draft)]
    figures = {
        "parse": cpu_seconds(lambda: [parse_page(page) for page in pages]),
        "read marks": cpu_seconds(lambda: [read_marks(one, blocks) for one, blocks in zip(parsed, texts, strict=True)]),
        "extract": cpu_seconds(lambda: [extract_article(of, page) for page, of in zip(pages, parsed, strict=True)]),
        "scrub": cpu_seconds(lambda: [scrub_draft(draft) for draft in drafts]),
        "attribute": cpu_seconds(lambda: [attribute_draft(draft, of) for draft, of in zip(scrubbed, marks, strict=False)]),
        "minhash": cpu_seconds(lambda: [minhash_bytes(draft.text) for draft in scrubbed]),
    }
    whole = cpu_seconds(lambda: [process_page(page) for page in pages])
    for name, seconds in figures.items():
        print(f"{name:12s} {1000 * seconds / len(pages):7.2f} ms a page  {seconds / whole:6.1%} of the chain")
    print(f"{'chain':12s} {1000 * whole / len(pages):7.2f} ms a page  {len(pages) / whole:.0f} pages per CPU second")


def measure_attribution_share(pages: list[FetchedPage], *, rounds: int = 3, limit: float | None = None) -> float:
    """Print and return which share of the chain's CPU time the two stages of attribution take, timed inside it; the median of some rounds."""
    shares = []
    for _ in range(rounds):
        spent = 0.0

        def timed(stage: Callable[..., Any]) -> Callable[..., Any]:
            def run(*args: Any) -> Any:
                nonlocal spent
                before = time.thread_time()
                outcome = stage(*args)
                spent += time.thread_time() - before
                return outcome

            return run

        with patch.object(chain, "read_marks", timed(read_marks)), patch.object(chain, "attribute_draft", timed(attribute_draft)):
            before = time.thread_time()
            for page in pages:
                process_page(page)
            shares.append(spent / (time.thread_time() - before))
    share = sorted(shares)[rounds // 2]
    wanted = "" if limit is None else f", at most {limit:.0%} wanted"
    print(
        f"{'attribution':12s} {share:7.1%} of the chain's CPU time, on {len(pages)} pages ({min(shares):.1%} to {max(shares):.1%}){wanted}"
    )
    return share


def measure_beside_trafilatura(pages: list[FetchedPage]) -> None:
    """Print how many times the pages per CPU second of trafilatura with metadata the whole chain gives, page by page in turn."""
    texts = [decode_body(page.body, page.encoding) for page in pages]
    ours = theirs = 0.0
    # Both read tables and models with their first pages, which a crawl does once.
    first = list(zip(pages, texts, strict=True))[:: 1 + len(pages) // 10]
    for number, (page, text) in enumerate([*first, *zip(pages, texts, strict=True)]):
        before = time.process_time()
        process_page(page)
        between = time.process_time()
        trafilatura.bare_extraction(text, with_metadata=True, include_comments=False)
        if number >= len(first):
            ours, theirs = ours + between - before, theirs + time.process_time() - between
    print(f"{'':12s} {theirs / ours:7.2f} times the pages per CPU second of trafilatura with metadata, on {len(pages)} pages")


def measure_dedup(articles: list[Article], copies: int = 50) -> None:
    """Print documents per CPU second of dedup on the newsroom's texts, each many times with another ending."""
    now = datetime.now(UTC)
    documents = [
        Document(article_id=f"{number:04d}{article.article_id[4:]}", text=f"{article.text}\n\nEdition {number}.", source=f"paper-{number}", fetched_at=now)
        for number in range(copies)
        for article in articles
    ]  # fmt: skip
    before = time.process_time()
    stories = {member.story_id for member in deduplicate(documents)}
    seconds = time.process_time() - before
    print(f"dedup        {len(documents) / seconds:.0f} documents per CPU second ({len(documents)} documents, {len(stories)} stories)")


def measure_crawl() -> None:
    """Print pages per second of a whole crawl of the newsroom, and what it cost."""
    with tempfile.TemporaryDirectory() as folder, Newsroom.serve() as newsroom:
        output = Path(folder) / "output"
        env = {**os.environ, "http_proxy": newsroom.proxy_url, "no_proxy": ""}
        settings = {
            "SOURCES": SOURCES_FILE,
            "OUTPUT_DIR": output,
            "DOWNLOAD_DELAY": 0,
            "LOG_LEVEL": "ERROR",
            "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        }
        command = [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "news",
            *(part for name, value in settings.items() for part in ("-s", f"{name}={value}")),
        ]
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (path,) = (output / "runs").glob("*/report.json")
        report = json.loads(path.read_text())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    stored, seconds = report["stages"]["store"]["kept"], report["seconds"]
    print(
        f"crawl        {stored} articles in {seconds:.1f} s ({stored / seconds:.1f} a second), {used.ru_utime + used.ru_stime:.1f} CPU s with start-up, "
        f"longest stall of the loop {report['measures'].get('loop_stall_max_ms', 0):.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
