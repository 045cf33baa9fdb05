"""Hosts that ask for patience or are down, in real crawls of several hosts."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.crawler.conftest import Ran, read
from tests.crawler.odd_site import OddSite, catalogue, reset

Crawl = Callable[..., Ran]
PAUSE = 6.0
HEADLINES = tuple(f"{word} story of today" for word in ("First", "Second", "Third", "Fourth", "Fifth", "Sixth"))
HOSTS = tuple(f"{name}.example" for name in ("busy", "dated", "nonsense", "huge", "dead", "ailing", "quick"))


def test_a_pause_holds_up_its_host_and_no_other(site: OddSite, crawl: Crawl, tmp_path: Path) -> None:
    """Retry-After in seconds and as a date is kept, nonsense backs off, a huge one ends the host for this run and binds the next, a dead host
    is given up after failures in a row, and one that comes back is stored whole. All is counted."""
    urls = {host: site.publish(host, *HEADLINES) for host in HOSTS}

    def first_then_sound(host: str, status: int, value: str) -> None:
        url = urls[host][0]
        site.answers[url] = [(status, {"Retry-After": value}, b"busy"), site.answers[url]]  # type: ignore[list-item]

    def dated(handler: BaseHTTPRequestHandler) -> None:
        # Counted from the moment of the answer; the clock of HTTP dates knows whole seconds.
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
        handler.send_response(503)
        handler.send_header("Retry-After", format_datetime(until, usegmt=True))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    first_then_sound("busy.example", 429, f"{PAUSE:g}")
    first_then_sound("nonsense.example", 503, "when we feel like it")
    for url in urls["huge.example"]:
        site.answers[url] = (429, {"Retry-After": "99999999999999"}, b"busy")
    first = urls["dated.example"][0]
    site.answers[first] = [dated, site.answers[first]]  # type: ignore[list-item]
    for url in urls["dead.example"]:
        site.answers[url] = reset
    ailing = [0]

    def ail(handler: BaseHTTPRequestHandler, sound: tuple[int, dict[str, str], bytes]) -> None:
        ailing[0] += 1
        if ailing[0] <= 3:
            reset(handler)
            return
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html; charset=utf-8")
        handler.send_header("Content-Length", str(len(sound[2])))
        handler.end_headers()
        handler.wfile.write(sound[2])

    for url in urls["ailing.example"]:
        sound = site.answers[url]
        site.answers[url] = lambda handler, sound=sound: ail(handler, sound)  # type: ignore[misc]
    settings = {"RETRY_TIMES": 4, "HOST_BACKOFF_SECONDS": 0.2, "HOST_FAILURES_TO_REST": 3, "HOST_REST_SECONDS": 1, "HOST_WAIT_BUDGET_SECONDS": 30, "TDMREP_ENABLED": 0}  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    sources = catalogue(tmp_path, *HOSTS)
    started = time.monotonic()
    crawl("news", tmp_path / "out", *options, sources=sources, http_proxy=site.proxy)
    assert time.monotonic() - started < 60

    stored = read(tmp_path / "out", "articles")
    assert stored["source"].value_counts().to_dict() == dict.fromkeys(("busy", "dated", "nonsense", "ailing", "quick"), 6)
    for host, least in (("busy.example", PAUSE), ("dated.example", 3.0)):
        paths, times = site.asked_of(host), site.times_of(host)
        at = next(number for number, path in enumerate(paths) if "first" in path)
        assert times[at + 1] - times[at] > least - 0.2
    # The quick host was done before the busy one might be asked again.
    asked_of_busy = zip(site.times_of("busy.example"), site.asked_of("busy.example"), strict=True)
    paused_at = next(at for at, path in asked_of_busy if "first" in path)
    assert site.times_of("quick.example")[-1] < paused_at + PAUSE

    rejected = read(tmp_path / "out", "rejected")
    reasons = rejected.groupby("source")["reason"].value_counts().to_dict()
    assert sum(number for (source, _), number in reasons.items() if source == "huge") == 6
    assert {reason for source, reason in reasons if source == "huge"} == {"host_paused"}
    assert len([path for path in site.asked_of("huge.example") if "/2026/" in path]) == 1
    assert sum(number for (source, _), number in reasons.items() if source == "dead") == 6
    assert {reason for source, reason in reasons if source == "dead"} <= {"host_down", "connection"}
    assert reasons["dead", "host_down"] >= 3
    assert not rejected["is_final"].any()
    assert len([path for path in site.asked_of("dead.example") if "/2026/" in path]) == 4
    with closing(sqlite3.connect(tmp_path / "out/state/hosts.sqlite")) as memory:
        ((until,),) = memory.execute("SELECT until FROM rest WHERE slot = 'huge'").fetchall()
    assert 23 * 3600 < until - time.time() <= 24 * 3600

    before = len(site.asked)
    crawl("news", tmp_path / "out", *options, "-a", "source=huge,quick", sources=sources, http_proxy=site.proxy)
    assert {url.split("/")[2] for url in site.asked[before:]} == {"quick.example"}
