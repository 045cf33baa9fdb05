"""A small server for conduct tests: a forward proxy that is every host and answers by URL as a test says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
RULES: Answer = (200, {}, b"User-agent: *\nAllow: /\n")


@dataclass
class OddSite:
    """Answers by URL; robots.txt allows everything, anything else is 404. A value may be a list: one answer after the other, the last stays;
    or a function that gets the handler and answers by itself."""

    answers: dict[str, Answer | list[Answer] | Callable[[BaseHTTPRequestHandler], object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """What was requested, in this order."""
    times: list[float] = field(default_factory=list)
    """When, on the monotonic clock."""
    proxy: str = ""

    @classmethod
    @contextmanager
    def serve(cls) -> Iterator[OddSite]:
        """Serve from a thread until the block ends."""
        site = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.times.append(time.monotonic())
                answer = site.answers.get(self.path, RULES if self.path.endswith("/robots.txt") else (404, {}, b""))
                if isinstance(answer, list):
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            site.proxy = f"http://127.0.0.1:{server.server_port}"
            thread = Thread(target=server.serve_forever)
            thread.start()
            yield site
            server.shutdown()
            thread.join()

    def asked_of(self, host: str) -> list[str]:
        """Return the paths asked of a host."""
        return [url.removeprefix(f"http://{host}") for url in self.asked if url.startswith(f"http://{host}/")]

    def times_of(self, host: str) -> list[float]:
        """Return when a host was asked, in seconds."""
        return [at for url, at in zip(self.asked, self.times, strict=True) if url.startswith(f"http://{host}/")]

    def publish(self, host: str, *headlines: str) -> list[str]:
        """Give a host a feed and a page for each headline; returns the pages' addresses."""
        urls = [f"http://{host}/2026/11/{headline.lower().replace(' ', '-')}" for headline in headlines]
        self.answers[f"http://{host}/feed"] = feed(*urls)
        for url, headline in zip(urls, headlines, strict=True):
            self.answers[url] = (200, {}, page(headline))
        return urls


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True
    handler.connection.close()


def page(headline: str) -> bytes:
    """Return an article."""
    paragraphs = "".join(
        f"<p>On day {day} of the hearing on {headline.lower()}, the council listened to {day + 3} residents and put off its vote.</p>"
        for day in range(9)
    )
    return f"<!doctype html><html lang=en><title>{headline}</title><h1>{headline}</h1>{paragraphs}".encode()


def feed(*urls: str) -> Answer:
    """Return an RSS feed of addresses."""
    items = "".join(f"<item><title>Story</title><link>{url}</link></item>" for url in urls)
    return (
        200,
        {"Content-Type": "application/rss+xml", "ETag": '"1"'},
        f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode(),
    )


def catalogue(folder: Path, *hosts: str) -> Path:
    """Write a catalogue with a source for each host, without a delay of its own; returns its path."""
    entry = '[[source]]\nname = "{name}"\nkind = "outlet"\nhome = "http://{host}/"\nfeeds = ["http://{host}/feed"]\ndelay_seconds = 0\n'
    path = folder / "sources.toml"
    path.write_text("".join(entry.format(name=host.partition(".")[0], host=host) for host in hosts))
    return path
