"""``python -m newsroom``: serve the newsroom from a process of its own until it is stopped or its time is over."""

from __future__ import annotations

import argparse
import asyncio
import signal
from contextlib import nullcontext, suppress
from pathlib import Path

from newsroom.server import Newsroom
from newsroom.world import SOURCES_FILE, build_world


async def serve_until_stopped(newsroom: Newsroom, *, port: int, seconds: float) -> None:
    """Listen, say where on standard output, and return after SIGINT, SIGTERM or the given seconds."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with newsroom.listening(port):
        print(f"newsroom: {newsroom.proxy_url}", flush=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m newsroom", description="Serve the invented newsroom as an http proxy on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one; the first line printed names it)")
    parser.add_argument("--edition", type=int, default=1, choices=(1, 2), help="2 has one story updated under its URL (default: 1)")
    parser.add_argument("--log", type=Path, help="file that gets one JSON line a request")
    parser.add_argument("--seconds", type=float, default=3600.0, help="end by itself after this time (default: 3600)")
    parser.add_argument("--sources", action="store_true", help="print the path of the catalogue of its sites, and end")
    arguments = parser.parse_args()
    if arguments.sources:
        print(SOURCES_FILE)
        return
    with arguments.log.open("a", encoding="utf-8") if arguments.log else nullcontext() as log:
        newsroom = Newsroom(build_world(arguments.edition), log=log)
        asyncio.run(serve_until_stopped(newsroom, port=arguments.port, seconds=arguments.seconds))


if __name__ == "__main__":
    main()
