"""The proxy on loopback: what it answers, what it refuses, how it ends."""

from __future__ import annotations

import gzip
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from newsroom import Newsroom
from newsroom.server import absolute_target, is_unchanged
from newsroom.world import Resource

FEED = "http://www.northwire.example/feeds/top.xml"
SECTION = "http://www.courrier-valmont.example/actualites"
SITEMAP = "http://www.brackenmoorecho.example/sitemaps/news-october.xml.gz"


@pytest.mark.parametrize(
    "url", [pytest.param(FEED, id="feed"), pytest.param(SECTION, id="section page"), pytest.param(SITEMAP, id="gzipped sitemap")]
)
@pytest.mark.parametrize(("given", "sent_back"), [("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")])
def test_an_endpoint_answers_304_to_what_it_gave(fetch, url: str, given: str, sent_back: str) -> None:
    """ETag and Last-Modified of a first answer, sent back, get a 304 without a body."""
    first = fetch(url)
    again = fetch(url, **{sent_back: first.headers[given]})
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_stale_tag_gets_the_whole_body(fetch) -> None:
    """An unknown ETag is answered 200, whatever the date beside it says."""
    first = fetch(FEED)
    again = fetch(FEED, If_None_Match='"of-yesterday"', If_Modified_Since=first.headers["Last-Modified"])
    assert (again.status, again.body) == (200, first.body)


def test_a_redirect_names_the_final_url(fetch) -> None:
    """The URL that a feed names for a moved article answers 301, also with tracking parameters."""
    answer = fetch("http://thedailyrelay.example/go/41077/?utm_source=rss")
    assert (answer.status, answer.headers["Location"]) == (301, "http://thedailyrelay.example/this-bird-flies-into-hurricanes/")


@pytest.mark.parametrize(
    ("url", "status"),
    [
        pytest.param("http://www.northwire.example/no-such-page", 404, id="no such page"),
        pytest.param("http://www.wagerdesk.example/port-alden", 502, id="host of another world"),
        pytest.param("http://169.254.169.254/latest/meta-data/", 502, id="private address"),
    ],
)
def test_what_is_not_here_is_refused(fetch, url: str, status: int) -> None:
    """A page that does not exist is 404; any host that is not of this world is 502, as nothing is forwarded."""
    assert fetch(url).status == status


@pytest.mark.parametrize("method", ["POST", "CONNECT", "DELETE"])
def test_only_reading_is_served(newsroom: Newsroom, method: str) -> None:
    """Other methods get 405 and the connection is closed: their body is not read."""
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)
    connection.request(method, FEED, headers={"Content-Length": "0"})
    response = connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (405, "close")
    connection.close()


def test_head_has_the_length_and_no_body(fetch) -> None:
    """HEAD answers as GET would, without the body."""
    whole, head = fetch(FEED), fetch(FEED, method="HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(whole.body)))


def test_a_path_and_a_host_header_are_enough(newsroom: Newsroom, fetch) -> None:
    """Origin-form requests are answered like those to a proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)
    connection.request("GET", "/feeds/top.xml", headers={"Host": "www.northwire.example"})
    assert connection.getresponse().read() == fetch(FEED).body
    connection.close()


def test_every_host_has_robots_and_a_front_page(newsroom: Newsroom, fetch) -> None:
    """Every host answers /robots.txt as plain text and / as a page."""
    for host in newsroom.world.hosts:
        robots, front = fetch(f"http://{host}/robots.txt"), fetch(f"http://{host}/")
        assert (robots.status, robots.headers.get_content_type()) == (200, "text/plain"), host
        assert (front.status, front.headers.get_content_type()) == (200, "text/html"), host
        assert b"User-agent: *" in robots.body


def test_the_gzipped_sitemap_is_gzip(fetch) -> None:
    """A sitemap named .xml.gz holds compressed XML and is not declared as a content encoding."""
    answer = fetch(SITEMAP)
    assert "Content-Encoding" not in answer.headers
    assert gzip.decompress(answer.body).startswith(b"<?xml")


def test_requests_are_recorded_in_memory_and_as_lines(tmp_path: Path) -> None:
    """Every request leaves its method, URL, status and user agent, in the list and in the file."""
    log_path = tmp_path / "requests.jsonl"
    with Newsroom.serve(log_path=log_path) as newsroom:
        connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)
        connection.request("GET", FEED, headers={"User-Agent": "copydesk-test", "If-None-Match": '"x"'})
        connection.getresponse().read()
        connection.close()
        (request,) = newsroom.requests
    assert (request.method, request.url, request.status, request.user_agent, request.is_conditional) == (
        "GET",
        FEED,
        200,
        "copydesk-test",
        True,
    )
    assert [json.loads(line)["url"] for line in log_path.read_text().splitlines()] == [FEED]


def test_leaving_the_block_ends_open_connections_and_the_thread() -> None:
    """A client that keeps its connection open does not keep the newsroom: its socket ends, the port is free, the thread gone."""
    before = set(threading.enumerate())
    with Newsroom.serve() as newsroom:
        client = socket.create_connection(("127.0.0.1", newsroom.port), timeout=10)
        client.sendall(f"GET {FEED} HTTP/1.1\r\n\r\n".encode())
        assert client.recv(15) == b"HTTP/1.1 200 OK"
    while client.recv(65536):
        pass
    client.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", newsroom.port), timeout=10)


def test_a_taken_port_is_an_error() -> None:
    """A port that is in use raises in the caller, not in the thread."""
    with Newsroom.serve() as newsroom, pytest.raises(OSError, match="in use"), Newsroom.serve(port=newsroom.port):
        pass


@pytest.mark.parametrize(
    "garbage",
    [b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\x00 nonsense\r\n\r\n", b"x" * 100_000],
    ids=["empty", "no target", "binary", "endless line"],
)
def test_garbage_ends_one_connection_and_no_more(newsroom: Newsroom, fetch, garbage: bytes) -> None:
    """A request that cannot be read closes its connection; the next client is served."""
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=10) as client:
        client.sendall(garbage)
        try:
            while client.recv(65536):
                pass
        except ConnectionResetError:
            pass
    assert fetch(FEED).status == 200


def test_a_target_that_is_no_url_is_a_bad_request(newsroom: Newsroom) -> None:
    """A target that cannot be parsed is answered 400 instead of breaking the connection."""
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=10) as client:
        client.sendall(b"GET http://[::1/ HTTP/1.1\r\n\r\n")
        assert client.recv(24) == b"HTTP/1.1 400 Bad Request"


def test_the_command_serves_says_where_and_ends_on_a_signal() -> None:
    """``python -m newsroom`` prints its address, answers, and ends with 0 and no words on SIGTERM."""
    command = [sys.executable, "-W", "error", "-m", "newsroom", "--seconds", "60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline().rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", FEED)
    assert connection.getresponse().read().startswith(b"<?xml")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    connection.close()
    assert (process.returncode, errors) == (0, "")


def test_the_command_ends_by_itself() -> None:
    """After its time the command returns, so that a forgotten one does not stay."""
    done = subprocess.run([sys.executable, "-m", "newsroom", "--seconds", "0.1"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("newsroom: http://127.0.0.1:")


@pytest.mark.parametrize(
    ("target", "host", "url"),
    [
        pytest.param("http://A.example/x?y=1#z", "", "http://a.example/x?y=1", id="host in lower case, no fragment"),
        pytest.param("http://a.example:80", "", "http://a.example/", id="default port and empty path"),
        pytest.param("/x", "a.example:8080", "http://a.example:8080/x", id="path and host header"),
        pytest.param("http://a.example:port/", "", None, id="a port that is none"),
    ],
)
def test_a_target_is_read_as_a_url(target: str, host: str, url: str | None) -> None:
    """Absolute and origin-form targets come out as one spelling of the URL, or as none."""
    assert absolute_target(target, host) == url


@pytest.mark.parametrize(
    ("headers", "is_same"),
    [
        pytest.param({"if-none-match": '"a"'}, True, id="same tag"),
        pytest.param({"if-none-match": 'W/"a", "b"'}, True, id="one of several, weak"),
        pytest.param({"if-none-match": '"b"'}, False, id="other tag"),
        pytest.param({"if-modified-since": "Sun, 01 Nov 2026 00:00:00 GMT"}, True, id="same date"),
        pytest.param({"if-modified-since": "Sat, 31 Oct 2026 00:00:00 GMT"}, False, id="earlier date"),
        pytest.param({"if-modified-since": "yesterday"}, False, id="no date"),
        pytest.param({}, False, id="unconditional"),
    ],
)
def test_conditions_are_judged_by_the_rules_of_http(headers: dict[str, str], is_same: bool) -> None:
    """If-None-Match decides when present, else If-Modified-Since."""
    resource = Resource(etag='"a"', last_modified="Sun, 01 Nov 2026 00:00:00 GMT")
    assert is_unchanged(resource, headers) is is_same
