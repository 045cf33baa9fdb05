"""The site that ``benchmarks.crawl`` crawls, served from a process of its own as a forward proxy.

``python -m benchmarks.crawl_site COUNT PAGE_KB [FOLDER]`` serves it until killed and prints the port.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.__main__ import newsroom_pages
from benchmarks.warc import dress, edition_of

HOST = "http://www.editions.example"
SITEMAP_ENTRIES = 50_000
"""Of one sitemap at most. Source: sitemaps.org, protocol 0.9."""


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: editions of the newsroom's pages, dressed up to a size, or the pages of a folder as they are."""

    count: int
    """Articles."""
    page_kb: int = 0
    folder: Path | None = None

    def bodies(self) -> Callable[[int], bytes]:
        """Return a function from the number of an article to its page. Article n is page n % pages, in edition n // pages."""
        if self.folder:
            files = sorted((*self.folder.glob("*.html"), *self.folder.glob("*.html.gz")))
            if not files:
                raise SystemExit(f"{self.folder}: expected *.html or *.html.gz, found none")
            return lambda number: read_page(files[number % len(files)])
        pages = [replace(page, body=dress(page.body, 1000 * self.page_kb)) for page in newsroom_pages()]

        def edition(number: int) -> bytes:
            page = pages[number % len(pages)]
            return edition_of(page, number // len(pages))[1].replace(page.url.encode(), f"{HOST}/article-{number}".encode())

        return edition


def read_page(file: Path) -> bytes:
    """Return what a file holds, unpacked."""
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def sitemaps_of(count: int) -> dict[str, bytes]:
    """Return {file name: sitemap} that name so many articles: one, or an index of several with as many as the protocol allows."""

    def write(kind: str, entry: str, addresses: Iterable[str]) -> bytes:
        entries = "".join(f"<{entry}><loc>{HOST}/{address}</loc></{entry}>" for address in addresses)
        return f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{kind}>'.encode()

    starts = range(0, count, SITEMAP_ENTRIES)
    parts = [
        write("urlset", "url", (f"article-{number}" for number in range(start, min(start + SITEMAP_ENTRIES, count)))) for start in starts
    ]
    if len(parts) < 2:
        return {"sitemap.xml": b"".join(parts) or write("urlset", "url", ())}
    named = {f"sitemap-{number}.xml": part for number, part in enumerate(parts)}
    return {"sitemap.xml": write("sitemapindex", "sitemap", named), **named}


def serve(site: Site) -> None:
    """Serve a site as a forward proxy until killed; prints its port."""
    body_of, sitemaps = site.bodies(), sitemaps_of(site.count)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            body, kind, status = b"", "text/html" if site.folder else "text/html; charset=utf-8", 200
            if name.startswith("article-"):
                body = body_of(int(name.removeprefix("article-")))
            elif name in sitemaps:
                body, kind = sitemaps[name], "application/xml"
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
def served(site: Site) -> Iterator[str]:
    """Serve a site from another process; yields the proxy's address."""
    command = [sys.executable, "-m", "benchmarks.crawl_site", str(site.count), str(site.page_kb)]
    process = subprocess.Popen([*command, *((str(site.folder),) if site.folder else ())], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        if not (port := process.stdout.readline().strip()):
            raise SystemExit("the site could not be served")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    count, page_kb, *folder = sys.argv[1:]
    serve(Site(int(count), int(page_kb), Path(folder[0]) if folder else None))
