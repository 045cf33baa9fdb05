"""Whole crawls of one local site: ``python -m benchmarks.crawl --articles 1000,10000``.

The site serves editions of the newsroom's articles from a process of its own, named by a sitemap. Engines: ours (``scrapy crawl news``);
``inline``, a plain Scrapy spider that calls trafilatura in its callback; ``bare``, the same without it, so that what Scrapy itself takes is
known; ``newspaper4k`` and ``news-please``, one article after the other, where they are installed (in an environment of their own: name its
Python with ``--python``). Each gets the same addresses and stores what it finds. Printed are articles per second of wall time and of CPU, what
share of that CPU our chain takes, with and without the start (a crawl of one article), peak memory, and how right the stored texts of the
unchanged editions are. The chain's CPU is what our workers measure themselves; for the other engines, what it takes in processes that do nothing
else. ``--page-kb`` dresses the pages as ``benchmarks.warc`` does; ``--pages`` serves those of a folder instead, under as many addresses as it
takes. The site's server runs on the same cores; its CPU is not counted, its time is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.crawl_site import HOST, Site, served
from benchmarks.warc import LOOK_SECONDS, SAMPLE_PAGES, Group, build, chain_on_all_cores
from newsroom import load_truth

ENGINES = ("ours", "bare", "inline", "newspaper4k", "news-please")

INLINE = """
import json, sys, scrapy, trafilatura
from scrapy.crawler import CrawlerProcess
class Inline(scrapy.Spider):
    name = "inline"
    async def start(self):
        for url in open(sys.argv[1]).read().split():
            yield scrapy.Request(url)
    def parse(self, response):
        found = trafilatura.bare_extraction(response.text, url=response.url, with_metadata=True, include_comments=False)
        yield {"url": response.url, "text": found.text if found else ""}
process = CrawlerProcess({"FEEDS": {sys.argv[2]: {"format": "jsonlines"}}, "LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 64, "DOWNLOAD_DELAY": 0})
process.crawl(Inline)
process.start()
"""
NEWSPAPER = """
import json, sys, newspaper
with open(sys.argv[2], "w") as out:
    for url in open(sys.argv[1]).read().split():
        article = newspaper.article(url)
        print(json.dumps({"url": url, "text": article.text}), file=out)
"""
NEWSPLEASE = """
import json, sys
from newsplease import NewsPlease
with open(sys.argv[2], "w") as out:
    for url in open(sys.argv[1]).read().split():
        article = NewsPlease.from_url(url)
        print(json.dumps({"url": url, "text": article.maintext or ""}), file=out)
"""
ENVIRONMENT = ("HOME", "LANG", "PATH", "VIRTUAL_ENV")
"""All that an engine is given of ours: Scrapy goes through all variables for each request through a proxy."""
BARE = re.sub(r"        found = .*\n", "", INLINE).replace('found.text if found else ""', '""')
SCRIPTS = {"bare": BARE, "inline": INLINE, "newspaper4k": NEWSPAPER, "news-please": NEWSPLEASE}


def command_of(engine: str, folder: Path, count: int, python: str) -> list[str]:
    """Return the command that crawls the site into folder."""
    if engine != "ours":
        (folder / "urls.txt").write_text("\n".join(f"{HOST}/article-{number}" for number in range(count)))
        return [
            sys.executable if engine in ("bare", "inline") else python,
            "-c",
            SCRIPTS[engine],
            str(folder / "urls.txt"),
            str(folder / "found.jsonl"),
        ]
    (folder / "sources.toml").write_text(
        f'[[source]]\nname = "editions"\nkind = "outlet"\nhome = "{HOST}/"\nlanguage = "en"\ncountry = "GB"\nsitemaps = ["{HOST}/sitemap.xml"]\ndelay_seconds = 0\n'
    )
    settings = {
        "SOURCES": folder / "sources.toml",
        "OUTPUT_DIR": folder / "output",
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
        "DISCOVER_MAX_URLS_PER_SOURCE": count,
        "LOG_LEVEL": "ERROR",
        "REPORT_PAGE": False,
        "TDMREP_ENABLED": False,
    }
    return [
        sys.executable,
        "-m",
        "scrapy",
        "crawl",
        "news",
        *(part for name, value in settings.items() for part in ("-s", f"{name}={value}")),
    ]


def texts_of(engine: str, folder: Path) -> dict[str, str]:
    """Return {address: text} of what an engine stored."""
    if engine == "ours":
        table = pq.read_table(folder / "output" / "articles", columns=["url", "text"])
        return dict(zip(table["url"].to_pylist(), table["text"].to_pylist(), strict=True))
    rows = (json.loads(line) for line in (folder / "found.jsonl").read_text().splitlines())
    return {row["url"]: row["text"] or "" for row in rows}


def score(texts: dict[str, str]) -> tuple[float, float]:
    """Return the mean F1 over words of the first editions, and the share of their texts that are exact but for spaces."""
    truth = load_truth()
    total = exact = 0.0
    for number, expected in enumerate(truth):
        found, right = texts.get(f"{HOST}/article-{number}", "").split(), expected.text.split()
        shared = sum((Counter(found) & Counter(right)).values())
        total += 2 * shared / (len(found) + len(right)) if right else 0.0
        exact += found == right
    return total / len(truth), exact / len(truth)


def chain_seconds_of(folder: Path) -> float:
    """Return the CPU seconds of the chain in a crawl of ours, as its workers measured them."""
    report = json.loads(next((folder / "output" / "runs").glob("*/report.json")).read_text())
    return float(report["measures"]["extract_cpu_seconds"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Crawl:
    """What one crawl took."""

    texts: dict[str, str]
    seconds: float
    """By the clock."""
    cpu: float
    stages: float
    """CPU seconds of our chain, or what it would have taken."""
    peak: float
    """MB of memory."""


def crawl(engine: str, site: Site, python: str, chain: float) -> Crawl | str:
    """Crawl a site with one engine; what it said last, if it failed. chain: CPU seconds a page, for engines that are not ours."""
    with tempfile.TemporaryDirectory() as name, served(site) as proxy:
        folder = Path(name)
        env = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | {"http_proxy": proxy, "HTTP_PROXY": proxy}
        started = time.monotonic()
        process = subprocess.Popen(
            command_of(engine, folder, site.count, python),
            env=env,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr
        group = Group(process.pid)
        os.set_blocking(process.stderr.fileno(), False)
        said = b""
        while process.poll() is None:
            group.look()
            said = (said + (process.stderr.read() or b""))[-2_000:]
            time.sleep(LOOK_SECONDS)
        if process.returncode:
            return (said.decode(errors="replace").strip().splitlines() or [f"it ended with {process.returncode}"])[-1]
        seconds, texts = time.monotonic() - started, texts_of(engine, folder)
        return Crawl(
            texts=texts,
            seconds=seconds,
            cpu=group.cpu_seconds,
            stages=chain_seconds_of(folder) if engine == "ours" else chain * len(texts),
            peak=max(total for _, total in group.memory),
        )


def measure(engine: str, site: Site, python: str, chain: float) -> str:
    """Crawl with one engine and return the line of its figures."""
    start, whole = crawl(engine, replace(site, count=1), python, chain), crawl(engine, site, python, chain)
    if isinstance(start, str) or isinstance(whole, str):
        return f"{engine:12s} {site.count:7d}  not measured: {start if isinstance(start, str) else whole}"
    stored = len(whole.texts)
    f1, exact = score(whole.texts)
    return (
        f"{engine:12s} {site.count:7d} {stored:7d} {stored / whole.seconds:9.1f} {stored / whole.cpu:9.1f} "
        f"{1000 * whole.cpu / site.count:7.1f} {1000 * whole.stages / site.count:7.1f} {whole.stages / whole.cpu:6.0%} "
        f"{(whole.stages - start.stages) / (whole.cpu - start.cpu):8.0%} {whole.peak:9.0f}"
        + ("" if site.folder else f"   {f1:.3f}  {exact:.2f}")
    )


def main() -> int:
    """Print one line for each engine and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", default="1000", help="sizes, parted by commas")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--python", default=sys.executable, help="the Python that has newspaper4k and news-please")
    parser.add_argument("--page-kb", type=int, default=0, help="dress smaller pages up to so many kB (1,000 bytes)")
    parser.add_argument("--pages", type=Path, help="a folder of *.html or *.html.gz to serve instead of the newsroom's pages")
    options = parser.parse_args()
    chain = 0.0
    if not options.pages:
        with tempfile.TemporaryDirectory() as name:
            archive = build(Path(name), SAMPLE_PAGES, page_bytes=1000 * options.page_kb)
            chain = chain_on_all_cores(archive, SAMPLE_PAGES, len(os.sched_getaffinity(0)))
        print(f"chain        {1000 * chain:.2f} ms of CPU a page")
    print(
        f"{'engine':12s} {'named':>7s} {'stored':>7s} {'a second':>9s} {'a CPU s':>9s} {'ms each':>7s} {'chain':>7s} {'share':>6s} "
        f"{'no start':>8s} {'peak MB':>9s}{'' if options.pages else '   F1     exact'}"
    )
    for count in (int(size) for size in options.articles.split(",")):
        for engine in options.engines.split(","):
            print(measure(engine, Site(count, options.page_kb, options.pages), options.python, chain), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
