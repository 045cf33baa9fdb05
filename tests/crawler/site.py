"""A small site of the test's own, as forward proxy for any host: answers change between crawls, validators are honoured, requests kept."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """One request that the site got."""

    url: str
    is_conditional: bool
    status: int


@dataclass
class Page:
    """One answer."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    has_etag: bool = True


class ChangingSite:
    """Pages by URL; robots.txt allows everything unless it is among them, anything else is 404."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = site.pages.get(self.path) or site.fallback(self.path)
                etag = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"' if page.has_etag and page.status == 200 else None
                status = 304 if etag and self.headers.get("If-None-Match") == etag else page.status
                is_conditional = "If-None-Match" in self.headers or "If-Modified-Since" in self.headers
                site.asked.append(Asked(self.path, is_conditional, status))
                body = b"" if status == 304 else page.body
                self.send_response(status)
                headers = {"Content-Type": page.content_type, "Content-Length": str(len(body)), **page.headers}
                for name, value in (headers | ({"ETag": etag} if etag else {})).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.proxy = f"http://127.0.0.1:{self.server.server_port}"

    @staticmethod
    def fallback(url: str) -> Page:
        if urlsplit(url).path == "/robots.txt":
            return Page(b"User-agent: *\nAllow: /\n", "text/plain")
        return Page(b"", status=404)

    @classmethod
    @contextmanager
    def serve(cls) -> Iterator[ChangingSite]:
        """Serve from a thread until the block ends."""
        site = cls()
        thread = Thread(target=site.server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.server.shutdown()
            site.server.server_close()
            thread.join()

    def urls(self) -> list[str]:
        """What was asked for, without robots.txt, in order; and forget it."""
        found = [asked.url for asked in self.asked if not asked.url.endswith("/robots.txt")]
        self.asked.clear()
        return found


WORDS = """
    council harbour bridge library vote budget street school ferry market winter repair tender mayor resident meeting hearing engineer report
    deadline committee estimate station garden museum clinic tramway tunnel quay lantern bakery orchard census permit railway fountain archive
    granary lighthouse reservoir allotment carnival beacon causeway foundry glasshouse
""".split()


def article(headline: str, *, published: str = "", paragraphs: int = 9) -> Page:
    """A page with an article that no other headline's article resembles; published is ISO 8601."""
    draw = random.Random(headline)
    text = "".join(
        f"<p>{headline} again: the {' '.join(draw.choices(WORDS, k=4))} and the {' '.join(draw.choices(WORDS, k=5))} were put off on day {day}, "
        f"said the {' '.join(draw.choices(WORDS, k=4))}, and nobody of the {' '.join(draw.choices(WORDS, k=3))} objected to that.</p>"
        for day in range(paragraphs)
    )
    meta = f'<meta property="article:published_time" content="{published}">' if published else ""
    return Page(f"<!doctype html><html lang=en><title>{headline}</title>{meta}<h1>{headline}</h1>{text}".encode())


def rss(*items: tuple[str, str]) -> Page:
    """A feed of (url, pubDate); the date may be empty."""
    entries = "".join(
        f"<item><title>Story</title><link>{url}</link>{f'<pubDate>{date}</pubDate>' if date else ''}</item>" for url, date in items
    )
    return Page(f'<rss version="2.0"><channel><title>t</title>{entries}</channel></rss>'.encode(), "application/rss+xml")


def sitemap(*entries: tuple[str, str], index: bool = False) -> Page:
    """A sitemap, or an index of them, of (url, lastmod)."""
    root, tag = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    rows = "".join(f"<{tag}><loc>{url}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</{tag}>" for url, date in entries)
    return Page(f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{root}>'.encode(), "application/xml")


def change_state(output: Path, statement: str) -> None:
    """Change the state file of an output folder: let time pass without waiting for it."""
    with closing(sqlite3.connect(output / "state" / "copydesk.sqlite")) as connection, connection:
        connection.execute(statement)


def read_state(output: Path, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query to the state file."""
    with closing(sqlite3.connect(output / "state" / "copydesk.sqlite")) as connection:
        return connection.execute(query).fetchall()
