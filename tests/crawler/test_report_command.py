"""``scrapy report`` after a crawl."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crawler.conftest import Ran

Command = Callable[..., Ran]


@pytest.fixture(scope="module")
def output(northwire: tuple[Path, Ran]) -> Path:
    """A crawl's folder."""
    return northwire[0]


def test_a_crawl_without_the_page_writes_none(northwire: tuple[Path, Ran]) -> None:
    """And names its report.json instead."""
    folder, ran = northwire
    (run,) = folder.glob("runs/*/report.json")
    assert f"report: {run}" in ran.output


def test_the_page_of_a_run_is_written_beside_its_report(scrapy: Command, output: Path) -> None:
    """Its path is all that is printed; --output names another place."""
    (run,) = output.glob("runs/*/report.json")
    ran = scrapy("report", "-s", f"OUTPUT_DIR={output}")
    assert (ran.status, ran.output.strip()) == (0, str(run.with_suffix(".html")))
    elsewhere = output.parent / "elsewhere.html"
    again = scrapy("report", "--run", run.parent.name, "--output", elsewhere, "-s", f"OUTPUT_DIR={output}")
    assert (again.status, again.output.strip()) == (0, str(elsewhere))
    assert run.parent.name in elsewhere.read_text(encoding="utf-8")


def test_hosts_and_their_times_are_in_the_report_of_a_crawl(output: Path) -> None:
    """Every answer of the one host: robots.txt, feeds and pages."""
    (path,) = output.glob("runs/*/report.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    (host,) = report["hosts"].values()
    assert report["measures"]["responses"] == host["answers"]
    assert 0 < host["mean_ms"] <= host["slowest_ms"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--run", "nope"], "expected the report of run 'nope'", id="no such run"),
        pytest.param(["--output", "{tmp}/no/such/folder/page.html"], "cannot be written there: No such file", id="no such folder"),
        pytest.param(["-s", "OUTPUT_DIR={tmp}/nothing"], "expected a corpus, found no articles/ folder", id="no corpus"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(scrapy: Command, output: Path, tmp_path: Path, arguments: list[str], words: str) -> None:
    """Exit status 1, no traceback."""
    ran = scrapy("report", "-s", f"OUTPUT_DIR={output}", *(part.format(tmp=tmp_path) for part in arguments))
    assert ran.status == 1
    assert ran.output.startswith("scrapy report: ")
    assert words in ran.output
    assert "Traceback" not in ran.output
