"""What a run keeps of hosts, and what all downloads together may take."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import StopDownload
from scrapy.utils.test import get_crawler

from crawler.hosts import Host, Hosts
from crawler.pacing import PacedSlot, PausesAreBusy
from pipelines.conduct import HostMemory, HostWait, Rest, WaitLimits

MIB = 1024 * 1024


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    earlier = HostMemory(tmp_path / "state" / "hosts.sqlite", now=time.time())
    earlier.keep_rest("rests.example", Rest(until=time.time() + 200, why="HTTP 503"))
    earlier.close()
    crawler: Crawler = get_crawler(
        settings_dict={
            "OUTPUT_DIR": str(tmp_path), "DOWNLOAD_IN_FLIGHT_MB": 10, "HOST_FAILURES_TO_REST": 5, "HOST_WAIT_BUDGET_SECONDS": 300,
        }
    )  # fmt: skip
    hosts = Hosts.of(crawler)
    yield hosts
    hosts.memory.close()


def test_bodies_take_so_much_room_and_no_more(hosts: Hosts) -> None:
    """All together: the one that comes on top is given up, and the others go on."""
    first, second, unknown = (Request(f"https://paper.example/{number}") for number in range(3))
    hosts.received = {first: 0, second: 0}
    hosts.bytes_received(bytes(6 * MIB), first)
    hosts.bytes_received(bytes(3 * MIB), second)
    with pytest.raises(StopDownload) as stopped:
        hosts.bytes_received(bytes(2 * MIB), second)
    assert stopped.value.fail
    hosts.bytes_received(bytes(50 * MIB), unknown)
    del hosts.received[second]
    hosts.bytes_received(bytes(3 * MIB), first)


def test_an_answer_of_which_the_start_is_enough_is_cut(hosts: Hosts) -> None:
    """robots.txt: what came so far is the answer."""
    request = Request("https://paper.example/robots.txt", meta={"read_bytes": 1000})
    hosts.received = {request: 0}
    hosts.bytes_received(bytes(1000), request)
    with pytest.raises(StopDownload) as stopped:
        hosts.bytes_received(b"x", request)
    assert not stopped.value.fail


@pytest.mark.parametrize(
    ("delay", "floor", "jitter", "least", "most"),
    [
        pytest.param(1.0, 0.0, 0.25, 1.0, 1.25, id="the delay, and jitter on top"),
        pytest.param(1.0, 10.0, 0.25, 10.0, 12.5, id="a floor above the delay"),
        pytest.param(0.1, 5.0, 0.0, 5.0, 5.0, id="a delay that AutoThrottle has lowered"),
        pytest.param(0.0, 0.0, 0.25, 0.001, 0.002, id="no delay"),
    ],
)
def test_a_slot_is_never_quicker_than_promised(delay: float, floor: float, jitter: float, least: float, most: float) -> None:
    """However often it is asked."""
    slot = PacedSlot(Slot(1, delay, jitter), Host(HostWait(WaitLimits(), jitter=lambda: 0.0), floor=floor))
    delays = [slot.download_delay() for _ in range(200)]
    assert least <= min(delays) <= max(delays) <= most


def test_a_slot_waits_out_its_host_s_pause() -> None:
    """Counted from its last request."""
    host = Host(HostWait(WaitLimits(), jitter=lambda: 0.0))
    slot = PacedSlot(Slot(1, 1.0, 0.0), host)
    slot.lastseen = 100.0
    host.wait.failed(101.0, "HTTP 503", retry_after=30.0)
    assert slot.download_delay() == 31.0


def test_a_host_in_a_long_pause_is_busier_than_any(hosts: Hosts) -> None:
    """Its requests stay in the scheduler, also when an earlier run was asked to wait; a short pause changes nothing."""
    hosts.crawler.engine = SimpleNamespace(downloader=SimpleNamespace(on_their_way=Counter({"busy.example": 2})))  # type: ignore[assignment]

    async def fail() -> None:
        hosts.failed("short.example", "HTTP 500")
        hosts.failed("long.example", "HTTP 429", retry_after=60.0)

    asyncio.run(fail())
    names = ("idle", "busy", "short", "long", "rests")
    stats = PausesAreBusy(hosts.crawler).stats(f"{name}.example" for name in names)
    order = [slot.partition(".")[0] for _, slot in sorted(stats)]
    assert order == ["idle", "short", "busy", "long", "rests"]
    assert [active for active, _ in sorted(stats)][:3] == [0, 0, 2]
