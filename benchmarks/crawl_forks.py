"""Crawls to be killed: ``python -m benchmarks.crawl_forks`` takes orders on standard input and answers each with one line.

``start {"log": path, "exec": false, "settings": {…}}`` starts ``scrapy crawl news`` in a session of its own and answers its number;
``wait NUMBER`` answers its exit status, or minus the signal that ended it. Forked from a process that has imported everything, since
that takes two CPU seconds; with ``exec`` the crawl starts as a user starts it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

# What a crawl imports; not the reactor, which each crawl installs for itself. Imported by main alone: extraction workers import this module.
MODULES = (
    "scrapy.cmdline",
    "scrapy.crawler",
    "scrapy.core.engine",
    "scrapy.core.scheduler",
    "crawler.commands.crawl",
    "crawler.extensions",
    "crawler.item_pipelines",
    "crawler.middlewares",
    "crawler.spiders.news",
    "pipelines.corpus",
    "pipelines.dedup",
)


def start(order: dict[str, Any]) -> int:
    """Start a crawl and return its number."""
    if number := os.fork():
        return number
    try:
        os.setsid()
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        command = ["scrapy", "crawl", "news", *(part for name, value in order["settings"].items() for part in ("-s", f"{name}={value}"))]
        if order["exec"]:
            os.execv(sys.executable, [sys.executable, "-m", *command])
        sys.modules["scrapy.cmdline"].execute(command)
        os._exit(0)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 0)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(70)


def main() -> None:
    """Take orders until standard input ends."""
    for module in MODULES:
        importlib.import_module(module)
    for line in sys.stdin:
        word, argument = line.split(maxsplit=1)
        if word == "start":
            print(start(json.loads(argument)), flush=True)
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(int(argument), 0)[1]), flush=True)


if __name__ == "__main__":
    main()
