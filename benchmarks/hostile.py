"""A newsroom whose answers go wrong: a forward proxy on loopback that is every host, and gives a share of its answers a random fault.

It keeps what was asked and when, so that a crawl's conduct can be judged from the other side. Deterministic but for timing.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from urllib.parse import urlsplit

MIB = 1024 * 1024
METADATA = "http://169.254.169.254/latest/meta-data/iam"
# Where nothing may ever arrive, however it is spelled. The trap's feed names them all, redirects lead to the first.
FORBIDDEN = (
    METADATA, "http://127.0.0.1/admin", "http://localhost/admin", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://[::1]/",
    "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:7f00:1::]/", "http://10.0.0.1/", "http://192.168.1.1/",
    "http://100.100.100.200/", "http://metadata.google.internal/", "http://printer.local/", "http://intranet/", "http://trap.example@127.0.0.1/",
    "http://127.0.0.1./", "http://trap.example:25/", "http://trap.example:6379/", "http://\uff11\uff12\uff17.0.0.1/", "http://127。0。0。1/",
)  # fmt: skip
DRIP_SECONDS = 0.5
_BOMB = gzip.compress(bytes(200 * MIB), 9)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    at: float
    """On the monotonic clock."""
    host: str
    url: str
    fault: str


@dataclass(slots=True)
class Record:
    """What a hostile newsroom saw."""

    asked: list[Asked] = field(default_factory=list)
    not_before: dict[str, float] = field(default_factory=dict)
    """Host -> monotonic time until which it asked to be left alone."""
    too_early: list[tuple[str, float]] = field(default_factory=list)
    """(host, seconds) of requests that came before that."""

    def gaps(self) -> dict[str, list[float]]:
        """Return the seconds between the requests of each host, in ascending order.

        Before a robots.txt the crawler cannot know what it asks for: that one is left out.
        """
        of_host: defaultdict[str, list[Asked]] = defaultdict(list)
        for one in self.asked:
            of_host[one.host].append(one)
        return {
            host: sorted(later.at - earlier.at for earlier, later in pairwise(asked) if not later.url.endswith("/robots.txt"))
            for host, asked in of_host.items()
        }


Write = Callable[[bytes], Awaitable[None]]
Fault = Callable[["HostileNewsroom", str, bytes, str, asyncio.StreamWriter], Awaitable[None]]


def head(status: int = 200, **headers: object) -> bytes:
    """Return the head of an answer; names with ``_`` for ``-``."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}Connection: close\r\n\r\n".encode("latin-1")


async def _reset(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.transport.abort()


async def _truncated(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.write(head(Content_Type=kind, Content_Length=len(body)) + body[: len(body) // 2])


async def _wrong_length(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.write(head(Content_Type=kind, Content_Length=len(body) * 3) + body)


async def _busy(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    seconds = room.random.choice([1, 2, 3, 12])
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    value = room.random.choice([str(seconds), format_datetime(until.replace(microsecond=0) + timedelta(seconds=1), usegmt=True)])
    room.record.not_before[host] = time.monotonic() + seconds - 0.1
    out.write(head(room.random.choice([429, 503]), Retry_After=value, Content_Length=4) + b"busy")


async def _busy_nonsense(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.write(
        head(room.random.choice([429, 500, 503]), Retry_After=room.random.choice(["soon", "-5", "1e9", ""]), Content_Length=4) + b"busy"
    )


async def _drip(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.write(head(Content_Type=kind, Content_Length=len(body)))
    with suppress(ConnectionError):
        for at in range(len(body)):
            out.write(body[at : at + 1])
            await out.drain()
            await asyncio.sleep(DRIP_SECONDS)


async def _bomb(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.write(head(Content_Type=kind, Content_Encoding="gzip", Content_Length=len(_BOMB)) + _BOMB)


async def _to_metadata(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.write(head(302, Location=METADATA, Content_Length=0))


async def _garbage(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    noise = room.random.randbytes(20_000)
    out.write(room.random.choice([head(Content_Type=kind, Content_Length=len(noise)), b""]) + noise)


async def _header_flood(room: HostileNewsroom, host: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(ConnectionError):
        for number in range(100_000):
            out.write(f"X-Flood-{number}: {'x' * 1000}\r\n".encode())
            await out.drain()


FAULTS: dict[str, Fault] = {
    "reset": _reset, "truncated": _truncated, "wrong_length": _wrong_length, "busy": _busy, "busy_nonsense": _busy_nonsense, "drip": _drip,
    "bomb": _bomb, "to_metadata": _to_metadata, "garbage": _garbage, "header_flood": _header_flood,
}  # fmt: skip


class HostileNewsroom:
    """Sites ``paper-0.example`` … that publish one article after the other, and ``trap.example``, of which nothing good comes.

    published says how many articles of each site are out; fault_share is the share of answers that go wrong.
    """

    def __init__(
        self, *, sites: int, articles: int, seed: int = 1, fault_share: float = 0.3, crawl_delays: dict[str, float] | None = None
    ) -> None:
        self.sites = [f"paper-{number}.example" for number in range(sites)]
        self.articles = articles
        self.published = articles
        self.fault_share = fault_share
        self.crawl_delays = crawl_delays or {}
        self.random = random.Random(seed)
        self.record = Record()
        self.port = 0

    @property
    def proxy_url(self) -> str:
        """Value for ``http_proxy``."""
        return f"http://127.0.0.1:{self.port}"

    def good_urls(self, published: int | None = None) -> set[str]:
        """Return the addresses of all articles that are worth storing."""
        count = self.articles if published is None else published
        return {article_url(site, number) for site in self.sites for number in range(count)}

    def catalogue(self) -> str:
        """Return the sources as TOML."""
        entries = [
            f'[[source]]\nname = "{site.partition(".")[0]}"\nkind = "outlet"\nhome = "http://{site}/"\nlanguage = "en"\n'
            f"{'feeds' if number % 2 else 'sitemaps'} = [{json.dumps(f'http://{site}/' + ('feed' if number % 2 else 'sitemap.xml'))}]\n"
            for number, site in enumerate(self.sites)
        ]
        traps = ["index.xml", "entities", "endless", "flood", "bomb.xml.gz", "layers"]
        entries.append(
            '[[source]]\nname = "trap"\nkind = "outlet"\nhome = "http://trap.example/"\ndelay_seconds = 0.2\n'
            f'feeds = ["http://trap.example/feed", {", ".join(json.dumps(f"http://trap.example/{name}") for name in traps[1:4])}]\n'
            f'sitemaps = ["http://trap.example/index.xml", "http://trap.example/bomb.xml.gz", "http://trap.example/layers"]\n'
            'sections = ["http://trap.example/calendar", "http://trap.example/links"]\n'
        )
        return "\n".join(entries)

    async def answer(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            line, _, _ = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            url = line.decode("latin-1").split(" ")[1]
            host = urlsplit(url).netloc
            body, kind = self.page(url)
            fault = self.random.choice(list(FAULTS)) if host in self.sites and self.random.random() < self.fault_share else ""
            self._note(host, url, fault)
            if fault:
                await FAULTS[fault](self, host, body, kind, out)
            elif host == "trap.example":
                await self._trap(urlsplit(url).path, body, kind, out)
            else:
                out.write(head(200 if body else 404, Content_Type=kind, Content_Length=len(body)) + body)
            await out.drain()
        with suppress(ConnectionError):
            out.close()
            await out.wait_closed()

    def _note(self, host: str, url: str, fault: str) -> None:
        now = time.monotonic()
        if now < self.record.not_before.get(host, 0.0):
            self.record.too_early.append((host, self.record.not_before[host] - now))
        self.record.asked.append(Asked(now, host, url, fault))

    async def _trap(self, path: str, body: bytes, kind: str, out: asyncio.StreamWriter) -> None:
        if path.startswith("/2026/") and path.endswith("-loop-story"):
            out.write(head(302, Location=f"http://trap.example/2026/11/{self.random.randrange(10**9)}-loop-story", Content_Length=0))
        elif path.startswith("/2026/"):
            out.write(head(302, Location=self.random.choice(FORBIDDEN[:10]).encode().decode("latin-1"), Content_Length=0))
        elif path == "/flood":
            await _header_flood(self, "trap.example", body, kind, out)
        elif path == "/layers":
            out.write(head(Content_Encoding=", ".join(["gzip"] * 50), Content_Length=len(_BOMB)) + _BOMB)
        elif path == "/endless":
            out.write(head(Content_Type="application/rss+xml"))
            with suppress(ConnectionError):
                while True:
                    out.write(b"<item><title>More and more news</title></item>" * 1000)
                    await out.drain()
        else:
            out.write(head(200 if body else 404, Content_Type=kind, Content_Length=len(body)) + body)

    def page(self, url: str) -> tuple[bytes, str]:
        """Return the sound answer of a URL, empty if there is none."""
        host, path = urlsplit(url).netloc, urlsplit(url).path
        if path == "/robots.txt":
            delay = f"Crawl-delay: {self.crawl_delays[host]}\n" if host in self.crawl_delays else ""
            return f"User-agent: *\n{delay}Disallow: /private/\n".encode(), "text/plain"
        if host == "trap.example":
            return trap_page(path)
        if host not in self.sites:
            return b"", "text/plain"
        urls = [article_url(host, number) for number in range(self.published)]
        if path == "/feed":
            return feed([*urls[-60:], f"http://{host}/private/2026/11/never-asked-story-here"]), "application/rss+xml"
        if path == "/sitemap.xml":
            return sitemap(urls), "application/xml"
        return (article(url), "text/html; charset=utf-8") if url in urls else (b"", "text/html")

    @contextmanager
    def serve(self) -> Iterator[HostileNewsroom]:
        """Serve from a thread until the block ends."""
        started = threading.Event()
        stop: list[Callable[[], object]] = []

        async def main() -> None:
            server = await asyncio.start_server(self.answer, "127.0.0.1", 0, limit=MIB)
            self.port = server.sockets[0].getsockname()[1]
            ended = asyncio.Event()
            loop = asyncio.get_running_loop()
            stop.append(lambda: loop.call_soon_threadsafe(ended.set))
            started.set()
            await ended.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        thread = threading.Thread(target=lambda: asyncio.run(main()), name="hostile newsroom", daemon=True)
        thread.start()
        started.wait()
        try:
            yield self
        finally:
            stop[0]()
            thread.join()


def article_url(site: str, number: int) -> str:
    """Return the address of a site's article."""
    return f"http://{site}/2026/11/council-votes-on-bridge-{number:04d}"


def article(url: str) -> bytes:
    """Return a page with a text that no other page has."""
    about = random.Random(url)
    words = "harbour council bridge ferry school market river budget road library storm festival mill station clinic garden".split()
    paragraphs = "".join(
        f"<p>{' '.join(['On day', str(day), 'of the', about.choice(words), 'hearing the', *about.choices(words, k=25)])} was put off again.</p>"
        for day in range(8)
    )
    title = f"Council votes on the {about.choice(words)} and the {about.choice(words)} {url[-4:]}"
    return f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><article>{paragraphs}</article></html>".encode()


def feed(urls: list[str]) -> bytes:
    """Return an RSS feed of addresses."""
    items = "".join(f"<item><title>A story of the day</title><link>{url.replace('&', '&amp;')}</link></item>" for url in urls)
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def sitemap(urls: list[str], *, kind: str = "url") -> bytes:
    """Return a sitemap, or with kind "sitemap" an index of them."""
    root = "urlset" if kind == "url" else "sitemapindex"
    entries = "".join(f"<{kind}><loc>{url}</loc></{kind}>" for url in urls)
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()


def trap_page(path: str) -> tuple[bytes, str]:
    """Return what trap.example answers: every page leads on, none is an article."""
    xml = "application/xml"
    if path == "/feed":
        loops = [f"http://trap.example/2026/11/{number}-loop-story" for number in range(3)]
        return feed([*FORBIDDEN, *loops, "http://trap.example/2026/11/one-more-story-here", "file:///etc/passwd"]), "application/rss+xml"
    if path == "/entities":
        entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "boom" * 10}">' for n in range(12))
        return (
            f'<?xml version="1.0"?><!DOCTYPE rss [{entities}]><rss version="2.0"><channel><item><title>&a11;</title></item></channel></rss>'.encode(),
            xml,
        )
    if path.endswith("index.xml"):
        return sitemap(
            [f"http://trap.example{path.removesuffix('index.xml')}{number}/index.xml" for number in range(200)], kind="sitemap"
        ), xml
    if path == "/bomb.xml.gz":
        return _BOMB, "application/gzip"
    if path == "/links":
        links = "".join(f'<a href="/2026/11/{number}-loop-story">A headline of five words {number}</a>' for number in range(100_000))
        return f"<html><body>{links}</body></html>".encode(), "text/html"
    if path == "/calendar":
        links = "".join(f'<a href="/calendar/{day}">The day after this one {day}</a>' for day in range(2000))
        return f"<html><body>{links}</body></html>".encode(), "text/html"
    return b"", "text/html"
