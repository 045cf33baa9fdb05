"""A real Scrapyd on loopback takes the project as an egg and runs a crawl."""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from newsroom import SOURCES_FILE, Newsroom, load_truth
from tests.crawler.conftest import ROOT, read

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("scrapyd") is None or not shutil.which("curl"), reason="needs the extra [scrapyd], and curl"
)
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Scrapyd:
    """Its JSON API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, service: str, **query: str) -> dict[str, Any]:
        return self._ask(urllib.request.Request(f"{self.url}/{service}.json?{urlencode(query)}"))

    def schedule(self, fields: list[tuple[str, str]]) -> dict[str, Any]:
        return self._ask(urllib.request.Request(f"{self.url}/schedule.json", data=urlencode(fields).encode()))

    def deploy(self, egg: Path) -> str:
        """Send an egg with curl, as docs/operations.md has it, and return what it says."""
        command = [
            "curl",
            "-s",
            "--noproxy",
            "*",
            f"{self.url}/addversion.json",
            "-F",
            "project=copydesk",
            "-F",
            "version=1",
            "-F",
            f"egg=@{egg}",
        ]
        return subprocess.run(command, text=True, capture_output=True, timeout=120, check=True).stdout

    def _ask(self, request: urllib.request.Request) -> dict[str, Any]:
        with DIRECT.open(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@pytest.fixture
def scrapyd(newsroom: Newsroom, tmp_path: Path) -> Iterator[Scrapyd]:
    """A Scrapyd with the configuration that ships, in a folder of its own, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    configuration = configparser.ConfigParser(interpolation=None)
    configuration.read(ROOT / "deploy" / "scrapyd.conf")
    configuration["scrapyd"]["http_port"] = str(port)
    with (tmp_path / "scrapyd.conf").open("w") as file:
        configuration.write(file)
    env = {name: value for name, value in os.environ.items() if name not in ("SCRAPY_SETTINGS_MODULE", "PYTHONPATH")}
    env |= {"http_proxy": newsroom.proxy_url, "no_proxy": ""}
    log = (tmp_path / "scrapyd.log").open("w")
    process = subprocess.Popen([sys.executable, "-P", "-m", "scrapyd"], cwd=tmp_path, env=env, stdout=log, stderr=subprocess.STDOUT)
    service = Scrapyd(port)
    try:
        end = time.monotonic() + 60
        while True:
            try:
                assert service.get("daemonstatus")["status"] == "ok"
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "scrapyd.log").read_text()
                assert time.monotonic() < end, "Scrapyd never answered"
                time.sleep(0.2)
        yield service
    finally:
        process.terminate()
        process.wait(timeout=60)
        log.close()


def test_an_egg_is_deployed_and_a_crawl_of_it_runs(scrapyd: Scrapyd, tmp_path: Path) -> None:
    """From the egg alone: its spiders are listed, its files are found, its worker processes extract, what it stored is read."""
    egg = tmp_path / "copydesk.egg"
    subprocess.run([sys.executable, ROOT / "deploy" / "build_egg.py", egg], check=True, capture_output=True)
    deployed = json.loads(scrapyd.deploy(egg))
    assert deployed["status"] == "ok", deployed
    assert scrapyd.get("listspiders", project="copydesk")["spiders"] == sorted(
        path.stem for path in (ROOT / "crawler" / "spiders").glob("[!_]*.py") if path.stem != "base"
    )

    output = tmp_path / "news"
    settings = {"OUTPUT_DIR": output, "SOURCES": SOURCES_FILE, "DOWNLOAD_DELAY": 0, "EXTRACT_WORKERS": 1, "MONITOR_DISK_FREE_MB": 0}
    fields = [("project", "copydesk"), ("spider", "news"), ("source", "northwire"), ("setting", "MONITORS_ENABLED=True")]
    job = scrapyd.schedule([*fields, *(("setting", f"{name}={value}") for name, value in settings.items())])["jobid"]
    end = time.monotonic() + 150
    while job not in [done["id"] for done in scrapyd.get("listjobs", project="copydesk")["finished"]]:
        assert time.monotonic() < end, "the job never ended"
        time.sleep(0.5)
    (log,) = (tmp_path / "logs" / "copydesk" / "news").glob("*.log")
    assert sorted(read(output, "articles")["url"]) == sorted(article.url for article in load_truth() if article.source == "northwire"), (
        log.read_text()
    )
    (report,) = output.glob("runs/*/report.json")
    assert {outcome["status"] for outcome in json.loads(report.read_text())["monitors"]} == {"passed"}
    (unpacked,) = (tmp_path / ".copydesk").iterdir()
    assert (unpacked / "crawler" / "sources").is_dir()
