"""The newsroom's web server: HTTP/1.1 on loopback, every host behind one port.

It is a forward proxy that forwards nothing: ``GET http://host.example/path`` and ``GET /path`` with a Host header are looked up
in the world and answered from it, so a crawl with ``http_proxy`` set meets many hosts without a name being resolved. A host that
is not of this world answers 502, ``CONNECT`` 405: nothing asked of it ever reaches a network.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit, urlunsplit

from newsroom.world import Resource, World, build_world

IDLE_SECONDS = 30.0
MAX_HEAD_BYTES = 64 * 1024
_SELF = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedRequest:
    """One request and how it was answered."""

    at: float
    """Seconds since the epoch."""
    method: str
    url: str
    status: int
    user_agent: str
    is_conditional: bool
    """It carried If-None-Match or If-Modified-Since."""


class Newsroom:
    """A running newsroom. ``with Newsroom.serve() as newsroom:`` serves it from a thread until the block ends."""

    def __init__(self, world: World, *, log: TextIO | None = None) -> None:
        self.world = world
        self.port = 0
        """0 until it listens."""
        self.requests: list[ServedRequest] = []
        """In the order they were answered; only ever appended to."""
        self._log = log
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def proxy_url(self) -> str:
        """Value for ``http_proxy``."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @contextmanager
    def serve(cls, *, port: int = 0, edition: int = 1, log_path: Path | None = None) -> Iterator[Newsroom]:
        """Serve from a thread; on leaving, every connection is closed and the thread has ended.

        port 0 takes any free one. log_path: a file that gets one JSON line a request. Raises OSError if the port is taken.
        """
        log = log_path.open("a", encoding="utf-8") if log_path else None
        newsroom = cls(build_world(edition), log=log)
        started: list[BaseException | tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        is_started = threading.Event()

        def run() -> None:
            async def main() -> None:
                stop = asyncio.Event()
                async with newsroom.listening(port):
                    started.append((asyncio.get_running_loop(), stop))
                    is_started.set()
                    await stop.wait()

            try:
                asyncio.run(main())
            except BaseException as error:  # handed to the thread that waits for the start
                started.append(error)
                is_started.set()

        thread = threading.Thread(target=run, name="newsroom", daemon=True)
        thread.start()
        is_started.wait()
        outcome = started[0]
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            yield newsroom
        finally:
            if not isinstance(outcome, BaseException):
                loop, stop = outcome
                loop.call_soon_threadsafe(stop.set)
            thread.join()
            if log:
                log.close()

    def listening(self, port: int) -> _Listening:
        """Listen on 127.0.0.1 inside a running event loop, for the length of an ``async with`` block."""
        return _Listening(self, port)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed, idle or not understood."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._answer_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ConnectionError, asyncio.CancelledError):
            # The client went away, sent no request, or the newsroom closes: in each case the connection ends here.
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def close_connections(self) -> None:
        """End the connections that clients keep open."""
        connections = list(self._connections)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is not to be used again."""
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
        request_line, headers = parse_head(head)
        method, target, version = (*request_line.split(" ", 2), "", "")[:3]
        url = absolute_target(target, headers.get("host", ""))
        resource = self.respond(method, url, headers)
        self._record(method, url or target, resource.status, headers)
        keeps_open = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close" and method in ("GET", "HEAD")
        writer.write(render_response(resource, has_body=method != "HEAD", keeps_open=keeps_open))
        await writer.drain()
        return keeps_open

    def respond(self, method: str, url: str | None, headers: Mapping[str, str]) -> Resource:
        """Return the answer of one request: the page, 304, 404, or why the request cannot be served."""
        if method not in ("GET", "HEAD"):
            return _plain(405, "This server answers GET and HEAD over plain http only.")
        if url is None:
            return _plain(400, "The request target is no URL.")
        host = urlsplit(url).hostname or ""
        if host in _SELF:
            return self._index()
        if host not in self.world.hosts:
            return _plain(502, f"{host} is not in this newsroom, and nothing is forwarded.")
        resource = self.world.find(url)
        if resource is None:
            return _plain(404, "Not found")
        if is_unchanged(resource, headers):
            return Resource(status=304, etag=resource.etag, last_modified=resource.last_modified)
        return resource

    def _index(self) -> Resource:
        links = "".join(f"<li>http://{escape(host)}/</li>" for host in sorted(self.world.hosts))
        words = f"An invented newsroom. Use this address as your http proxy, e.g. <code>curl -x {self.proxy_url} http://www.northwire.example/</code>"
        return Resource(body=f"<!DOCTYPE html><title>newsroom</title><p>{words}</p><ul>{links}</ul>".encode())

    def _record(self, method: str, url: str, status: int, headers: Mapping[str, str]) -> None:
        request = ServedRequest(
            at=time.time(),
            method=method,
            url=url,
            status=status,
            user_agent=headers.get("user-agent", ""),
            is_conditional="if-none-match" in headers or "if-modified-since" in headers,
        )
        self.requests.append(request)
        if self._log:
            self._log.write(json.dumps(asdict(request)) + "\n")
            self._log.flush()


class _Listening:
    """``async with``: the socket is open inside, and on leaving no task is left behind."""

    def __init__(self, newsroom: Newsroom, port: int) -> None:
        self._newsroom = newsroom
        self._port = port
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Newsroom:
        self._server = await asyncio.start_server(self._newsroom.accept, "127.0.0.1", self._port, limit=MAX_HEAD_BYTES)
        self._newsroom.port = self._server.sockets[0].getsockname()[1]
        return self._newsroom

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._newsroom.close_connections()
        await self._server.wait_closed()


def parse_head(head: bytes) -> tuple[str, dict[str, str]]:
    """Return the request line and the headers, names in lower case; the last of a repeated header wins."""
    request_line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return request_line, headers


def absolute_target(target: str, host: str) -> str | None:
    """Return the URL asked for, from an absolute target, or a path and the Host header; None if it is no URL.

    Lower-case host, no fragment, no default port.
    """
    if target.startswith("/"):
        target = f"http://{host}{target}"
    try:
        parts = urlsplit(target)
        port = f":{parts.port}" if parts.port not in (None, 80) else ""
        return urlunsplit((parts.scheme, (parts.hostname or "") + port, parts.path or "/", parts.query, ""))
    except ValueError:
        return None


def is_unchanged(resource: Resource, headers: Mapping[str, str]) -> bool:
    """Say whether a conditional request may be answered 304: If-None-Match decides when present, else If-Modified-Since (RFC 9110, 13.2.2)."""
    if resource.status != 200:
        return False
    if (wanted := headers.get("if-none-match")) is not None:
        tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
        return resource.etag is not None and ("*" in tags or resource.etag in tags)
    if (since := headers.get("if-modified-since")) and resource.last_modified:
        try:
            return parsedate_to_datetime(resource.last_modified) <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False
    return False


def render_response(resource: Resource, *, has_body: bool, keeps_open: bool) -> bytes:
    """Return the bytes of an HTTP/1.1 response."""
    lines = [f"HTTP/1.1 {resource.status} {HTTPStatus(resource.status).phrase}"]
    if resource.status != 304:
        lines += [f"Content-Type: {resource.content_type}", f"Content-Length: {len(resource.body)}"]
    for name, value in (("ETag", resource.etag), ("Last-Modified", resource.last_modified), ("Location", resource.location)):
        if value is not None:
            lines.append(f"{name}: {value}")
    lines.append(f"Connection: {'keep-alive' if keeps_open else 'close'}")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + (resource.body if has_body else b"")


def _plain(status: int, words: str) -> Resource:
    return Resource(status=status, content_type="text/plain; charset=utf-8", body=words.encode())
