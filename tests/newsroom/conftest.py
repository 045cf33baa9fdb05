from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from newsroom import Newsroom


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


Fetch = Callable[..., Answer]


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    """A newsroom served from a thread."""
    with Newsroom.serve() as served:
        yield served


@pytest.fixture(scope="module")
def fetch(newsroom: Newsroom) -> Iterator[Fetch]:
    """Ask for a URL through the proxy, all on one kept-open connection; header names are written with underscores."""
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)

    def ask(url: str, method: str = "GET", **headers: str) -> Answer:
        connection.request(method, url, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    yield ask
    connection.close()
