"""Whole crawls of one local site: ``python -m benchmarks.crawl --articles 1000,10000``.

The site serves editions of the newsroom's articles from a process of its own, named by a sitemap. Engines: ours (``scrapy crawl news``);
``inline``, a plain Scrapy spider that calls trafilatura in its callback; ``bare``, the same without it, so that what Scrapy itself takes is
known; ``newspaper4k`` and ``news-please``, one article after the other, where they are installed (in an environment of their own: name its
Python with ``--python``). Each gets the same addresses and stores what it finds. Printed are articles per second of wall time and of CPU, what
share of that CPU our chain takes, peak memory, and how right the stored texts of the unchanged editions are. The chain's CPU is what our workers
measure themselves; for the other engines, what it takes in processes that do nothing else. ``--page-kb`` dresses the pages as ``benchmarks.warc`` does.
The site's server runs on the same cores; its CPU is not counted, its time is.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.__main__ import newsroom_pages
from benchmarks.warc import LOOK_SECONDS, SAMPLE_PAGES, Group, build, chain_on_all_cores, dress, edition_of
from newsroom import load_truth

HOST = "http://www.editions.example"
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
BARE = re.sub(r"        found = .*\n", "", INLINE).replace('found.text if found else ""', '""')
SCRIPTS = {"bare": BARE, "inline": INLINE, "newspaper4k": NEWSPAPER, "news-please": NEWSPLEASE}


def serve(count: int, page_bytes: int) -> None:
    """Serve the site as a forward proxy until killed; prints its port. Article n is edition n // pages of page n % pages."""
    pages = [replace(page, body=dress(page.body, page_bytes)) for page in newsroom_pages()]
    urls = "".join(f"<url><loc>{HOST}/article-{number}</loc></url>" for number in range(count))
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            body, kind, status = b"", "text/html; charset=utf-8", 200
            if name.startswith("article-"):
                number = int(name.removeprefix("article-"))
                page = pages[number % len(pages)]
                body = edition_of(page, number // len(pages))[1].replace(page.url.encode(), f"{HOST}/{name}".encode())
            elif name == "sitemap.xml":
                body, kind = sitemap, "application/xml"
            elif name == "robots.txt":
                body, kind = b"User-agent: *\nAllow: /\n", "text/plain"
            else:
                status = 404
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that hang up are no news."""

    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


@contextmanager
def site(count: int, page_kb: int) -> Iterator[str]:
    """Serve the site from another process; yields the proxy's address."""
    command = [sys.executable, "-m", "benchmarks.crawl", "--serve", str(count), "--page-kb", str(page_kb)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


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


def measure(engine: str, count: int, page_kb: int, python: str, chain: float) -> str:
    """Crawl with one engine and return the line of its figures; chain: CPU seconds a page, for engines that are not ours."""
    with tempfile.TemporaryDirectory() as name, site(count, page_kb) as proxy:
        folder = Path(name)
        env = {**os.environ, "http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": ""}
        started = time.monotonic()
        process = subprocess.Popen(
            command_of(engine, folder, count, python), env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr
        group = Group(process.pid)
        os.set_blocking(process.stderr.fileno(), False)
        said = b""
        while process.poll() is None:
            group.look()
            said = (said + (process.stderr.read() or b""))[-2_000:]
            time.sleep(LOOK_SECONDS)
        wall, cpu, peak = time.monotonic() - started, group.cpu_seconds, max(total for _, total in group.memory)
        if process.returncode:
            return f"{engine:12s} {count:7d}  not measured: {said.decode(errors='replace').strip().splitlines()[-1:] or process.returncode}"
        texts = texts_of(engine, folder)
        f1, exact = score(texts)
        stages = chain_seconds_of(folder) if engine == "ours" else chain * len(texts)
        return (
            f"{engine:12s} {count:7d} {len(texts):7d} {len(texts) / wall:9.1f} {len(texts) / cpu:9.1f} {stages / cpu:6.0%} "
            f"{peak:9.0f}   {f1:.3f}  {exact:.2f}"
        )


def main() -> int:
    """Print one line for each engine and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", default="1000", help="sizes, parted by commas")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--python", default=sys.executable, help="the Python that has newspaper4k and news-please")
    parser.add_argument("--page-kb", type=int, default=0, help="dress smaller pages up to so many kB (1,000 bytes)")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve, 1000 * options.page_kb)
    with tempfile.TemporaryDirectory() as name:
        chain = chain_on_all_cores(build(Path(name), SAMPLE_PAGES, page_bytes=1000 * options.page_kb), len(os.sched_getaffinity(0)))
    print(f"chain        {1000 * chain:.2f} ms of CPU a page")
    print(f"{'engine':12s} {'named':>7s} {'stored':>7s} {'a second':>9s} {'a CPU s':>9s} {'chain':>6s} {'peak MB':>9s}   {'F1':5s}  exact")
    for count in (int(size) for size in options.articles.split(",")):
        for engine in options.engines.split(","):
            print(measure(engine, count, options.page_kb, options.python, chain), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
